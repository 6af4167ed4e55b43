"""The night's work: asked for once a night, only when something changed, and never when it is off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kbsearch.app import Kbsearch
from kbsearch.config import Settings
from kbsearch.importers.records import IncomingQuestion
from kbsearch.models import Case, Job, JobKind, Question, Run, utc_now
from kbsearch.services.cases import CaseDraft
from kbsearch.services.cluster_schedule import ClusterSchedule
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


def test_feedback_that_is_taken_back_is_a_change(used: Kbsearch) -> None:
    morning = (utc_now() + timedelta(days=1)).replace(hour=4, minute=0)
    view = used.suggestions.suggest("отменить коммит")
    given = used.suggestions.feedback(view.id, "nothing_fits")
    assert night_of(used, morning).enqueue_due() is not None
    next_morning = morning + timedelta(days=1)
    assert night_of(used, next_morning).enqueue_due() is None
    used.suggestions.withdraw(given.id)
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


def clusters_of(app: Kbsearch, now: datetime, **given: object) -> ClusterSchedule:
    settings = Settings(home=app.settings.home, timezone="UTC", **given)  # type: ignore[arg-type]
    return ClusterSchedule(app.database, settings, app.jobs, now=lambda: now)


def cluster_run(app: Kbsearch, newest: int, started: datetime, course: str = "") -> None:
    with app.database.writing() as session:
        parameters = {"newest_question": newest}
        session.add(
            Run(
                algorithm="leiden",
                parameters=parameters,
                course=course,
                started_at=started,
                finished_at=started,
            )
        )


def test_clusters_are_looked_for_at_night_when_there_are_new_questions(app: Kbsearch) -> None:
    morning = (utc_now() + timedelta(days=1)).replace(hour=4, minute=0)
    assert clusters_of(app, morning).enqueue_due() is None
    first = app.questions.receive(IncomingQuestion("отменить коммит")).question_id
    assert clusters_of(app, utc_now()).enqueue_due() is None, "no night has passed yet"
    cluster_run(app, first, utc_now())
    assert clusters_of(app, morning).enqueue_due() is None, "the run knows all questions"
    app.questions.receive(IncomingQuestion("создать ветку"))
    assert clusters_of(app, morning, cluster_nightly="off").enqueue_due() is None
    assert clusters_of(app, morning, night_hour=-1).enqueue_due() is None
    job = clusters_of(app, morning).enqueue_due()
    assert job is not None
    assert (job.kind, job.parameters) == (JobKind.CLUSTER, {"accept": False})
    assert clusters_of(app, morning + timedelta(days=1)).enqueue_due() is None, "it waits still"


def test_a_failed_night_is_tried_again_the_next_one(app: Kbsearch) -> None:
    evening = utc_now().replace(hour=22, minute=0) + timedelta(days=1)
    app.questions.receive(IncomingQuestion("отменить коммит"))
    job = clusters_of(app, evening, cluster_nightly="accept").enqueue_due()
    assert job is not None
    assert job.parameters == {"accept": True}
    app.jobs.cancel(job.id)
    with app.database.writing() as session:
        session.get_one(Job, job.id).created_at = evening
    assert clusters_of(app, evening).enqueue_due() is None
    assert clusters_of(app, evening + timedelta(days=1)).enqueue_due() is not None


def test_questions_of_the_day_wait_for_the_night(app: Kbsearch) -> None:
    noon = utc_now().replace(hour=12, minute=0) + timedelta(days=1)
    question = app.questions.receive(IncomingQuestion("отменить коммит")).question_id
    with app.database.writing() as session:
        session.get_one(Question, question).received_at = noon - timedelta(hours=1)
    assert clusters_of(app, noon).enqueue_due() is None
    assert clusters_of(app, noon + timedelta(days=1)).enqueue_due() is not None


def test_a_school_that_clusters_by_course_is_left_alone(app: Kbsearch) -> None:
    app.questions.receive(IncomingQuestion("отменить коммит"))
    cluster_run(app, 0, utc_now(), course="git")
    assert clusters_of(app, utc_now() + timedelta(days=2)).enqueue_due() is None
