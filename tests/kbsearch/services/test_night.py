"""The night's work: asked for once a night, only when something changed, and never when it is off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kbsearch.app import Kbsearch
from kbsearch.config import Settings
from kbsearch.importers.records import IncomingQuestion
from kbsearch.models import Case, JobKind, utc_now
from kbsearch.services.cases import CaseDraft
from kbsearch.services.night import NIGHT, NightWork


@pytest.fixture
def used(app: Kbsearch) -> Kbsearch:
    """A school where a question was answered yesterday."""
    case = app.cases.create(CaseDraft("Как отменить коммит", "Так."), state="published")
    question_id = app.questions.receive(IncomingQuestion("отменить коммит")).question_id
    app.questions.answer(question_id, case.id)
    with app.database.writing() as session:
        session.get_one(Case, case.id).created_at = utc_now() - timedelta(days=3)
    return app


def night_of(app: Kbsearch, now: datetime, **given: object) -> NightWork:
    settings = Settings(home=app.settings.home, timezone="UTC", **given)  # type: ignore[arg-type]
    return NightWork(app.database, settings, app.jobs, now=lambda: now)


def test_it_is_asked_for_once_a_night_and_again_after_changes(used: Kbsearch) -> None:
    morning = (utc_now() + timedelta(days=1)).replace(hour=4, minute=0)
    job = night_of(used, morning).enqueue_due()
    assert job is not None
    assert (job.kind, job.parameters) == (JobKind.LEARN, {"occasion": NIGHT})
    next_morning = morning + timedelta(days=1)
    assert night_of(used, next_morning).enqueue_due() is None
    case = used.cases.list().items[0]
    used.cases.add_wording(case.id, "совсем другие слова об этом")
    assert night_of(used, next_morning).enqueue_due() is not None


def test_it_can_be_off_or_only_measure(used: Kbsearch) -> None:
    morning = (utc_now() + timedelta(days=1)).replace(hour=4, minute=0)
    assert night_of(used, morning, night_hour=-1).enqueue_due() is None
    job = night_of(used, morning, learn_nightly=False).enqueue_due()
    assert job is not None
    assert job.kind == JobKind.MEASURE


def test_a_fresh_school_waits_for_its_first_night(app: Kbsearch) -> None:
    assert night_of(app, datetime(2030, 1, 1, 5, tzinfo=UTC)).enqueue_due() is None
    app.cases.create(CaseDraft("Как отменить коммит", "Так."), state="published")
    assert night_of(app, utc_now() + timedelta(days=2)).enqueue_due() is None


def test_the_job_measures_and_says_when_there_is_too_little(used: Kbsearch) -> None:
    result = used.quality_work.learn(occasion=NIGHT)
    assert result["measurement"] == used.quality.latest()[0].id
    assert result["outcome"]["kept"] == "too little"


def test_a_night_with_nothing_to_measure_is_no_failure(app: Kbsearch) -> None:
    assert app.quality_work.measure(occasion=NIGHT) == {"measurement": None}
