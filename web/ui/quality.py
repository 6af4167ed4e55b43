"""The quality page: figures, what was got wrong and how to mend it, models, and the golden set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import render_template, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from kbsearch.errors import KbsearchError
from kbsearch.models import GoldenPair, JobKind, JobState, QualityMeasurement, Role
from web.session import current_person, kb, requires
from web.ui import blueprint, words
from web.ui.forms import address, back, go, number_of, say, text_of
from web.ui.questions import Pages
from web.ui.texts import gettext

if TYPE_CHECKING:
    from kbsearch.services.promise import LivePrecision, Scope

MEASUREMENTS = 30
ROWS = 50
WORST = 10
ALL_WRONG = 200
"""Questions that were got wrong: shown at first, and shown at most."""
BUSY = (JobState.WAITING, JobState.RUNNING)
KINDS = (JobKind.MEASURE, JobKind.LEARN)


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """A course or a language in the table: golden figures, whether they fell, live precision.

    ``has_own_threshold``: it has judged questions enough; then ``answer_from`` is it (None: no answers).
    """

    course: str
    language: str
    figures: dict[str, Any] | None
    lowered: bool
    live: LivePrecision | None
    has_own_threshold: bool
    answer_from: float | None


@blueprint.get("/quality")
@requires(Role.MENTOR)
def quality_page() -> str:
    """How well questions find their cases, and what to mend."""
    measurements = kb().quality.latest(limit=MEASUREMENTS)
    latest = kb().quality.get(measurements[0].id) if measurements else None
    limit = ALL_WRONG if request.args.get("wrong") == "all" else WORST
    wrong, wrong_total = kb().quality.wrong(latest, limit=limit) if latest else ([], 0)
    standing = kb().promise.standing()
    return render_template(
        "quality/page.html",
        measurements=measurements,
        latest=latest,
        figures=latest.figures["all"] if latest else None,
        live=standing[0],
        lowered=[one for one in standing if one.is_lowered],
        promise=kb().settings.answer_precision,
        limits=kb().active_matcher.limits(kb().settings.answer_precision, degraded=False),
        use=kb().quality.live_use(),
        scopes=_scopes(latest, standing),
        wrong=wrong,
        wrong_total=wrong_total,
        all_wrong=ALL_WRONG,
        versions=kb().versions.list(),
        active=kb().versions.active(),
        shipped=kb().versions.shipped,
        running=_running(),
    )


def _scopes(latest: QualityMeasurement | None, standing: Sequence[LivePrecision]) -> list[ScopeRow]:
    alone = {(one.scope.course, one.scope.language): one for one in standing[1:]}
    figures = latest.figures if latest else {}
    change = latest.change if latest else {}
    names = {_scope_of(name): name for name in figures if ":" in name}
    keys = sorted({*alone, *names}, key=lambda key: (not key[0], key))
    limits = {
        key: kb().active_matcher.limits(
            kb().settings.answer_precision, degraded=False, course=key[0], language=key[1]
        )
        for key in keys
    }
    return [
        ScopeRow(
            course=key[0],
            language=key[1],
            figures=figures.get(names.get(key, "")),
            lowered=bool(change.get(names.get(key, ""), {}).get("lowered")),
            live=alone.get(key),
            has_own_threshold=limits[key].scope != "all",
            answer_from=limits[key].answer_from,
        )
        for key in keys
    ]


def _scope_of(name: str) -> tuple[str, str]:
    kind, _, code = name.partition(":")
    return (code, "") if kind == "course" else ("", code)


def _running() -> int | None:
    """The job that measures or learns now, if there is one."""
    jobs = (job for job in kb().jobs.latest(limit=20) if job.kind in KINDS and job.state in BUSY)
    return next((job.id for job in jobs), None)


@blueprint.post("/quality/job")
@requires(Role.METHODOLOGIST)
def quality_job() -> Response:
    """Ask the worker to measure or to learn, unless it is at it already."""
    try:
        kind = JobKind(text_of("kind"))
    except ValueError:
        raise BadRequest from None
    if kind not in KINDS:
        raise BadRequest
    job_id = _running() or kb().jobs.enqueue(kind, {"occasion": "person"}, person_id=_person_id()).id
    return go(url_for("ui.job_page", job_id=job_id))


@blueprint.post("/quality/restore")
@requires(Role.METHODOLOGIST)
def restore_promise() -> Response:
    """Give the coverage of answers back in one scope, or undo that."""
    scope, here = _asked_scope(), url_for("ui.restore_promise")
    if text_of("do") == "undo":
        kb().promise.lower_again(scope, person_id=_person_id())
        say(gettext("Fewer answers are given there, as before."))
    else:
        kb().promise.restore(scope, person_id=_person_id())
        undo = (here, {"course": scope.course, "language": scope.language, "do": "undo"})
        say(gettext("Answers are given again as before; feedback is counted anew."), undo=undo)
    return go(url_for("ui.quality_page"))


def _asked_scope() -> Scope:
    from kbsearch.services.promise import Scope

    return Scope(text_of("course"), text_of("language"))


@blueprint.post("/quality/model")
@requires(Role.METHODOLOGIST)
def activate_model() -> Response:
    """Match with another version of the model."""
    before, name = kb().versions.active(), text_of("version")
    kb().versions.activate(name)
    undo = (url_for("ui.activate_model"), {"version": before})
    say(gettext("Matching uses the version %(name)s now.", name=name), undo=undo)
    return go(url_for("ui.quality_page"))


@blueprint.post("/quality/golden/<int:pair_id>")
@requires(Role.METHODOLOGIST)
def mend_golden(pair_id: int) -> Response:
    """Mend what was got wrong: keep the words with the case, link another case, drop the pair, or undo."""
    pairs = kb().golden.by_ids([pair_id])
    step, pair = text_of("do"), pairs.get(pair_id)
    here = url_for("ui.mend_golden", pair_id=pair_id)
    if step == "restore":
        kb().golden.restore(pair_id, _person_id())
        say(gettext("The pair is back in the golden set."))
    elif pair is not None and step == "variant":
        _keep_words(pair)
    elif pair is not None and step == "link":
        _link(pair, number_of("case_id"))
    elif step == "remove":
        kb().golden.remove(pair_id, _person_id())
        say(gettext("Removed from the golden set."), undo=(here, {"do": "restore"}))
    return back(url_for("ui.quality_page"))


def _keep_words(pair: GoldenPair) -> None:
    if kb().cases.add_wording(pair.case_id, pair.text, pair.question_id, _person_id()):
        undo = (url_for("ui.forget_wording", case_id=pair.case_id), {"text": pair.text})
        say(gettext("The case will be found by these words too."), undo=undo)
    else:
        say(gettext("The case has these words already, or nearly the same."), "warn")


def _link(pair: GoldenPair, case_id: int) -> None:
    """Another case answers: the pair gives way to one with that case."""
    kb().golden.remove(pair.id, _person_id())
    if pair.question_id is not None:
        kb().golden.add(case_id, question_id=pair.question_id, person_id=_person_id())
        kb().questions.answer(pair.question_id, case_id)
    else:
        kb().golden.add(case_id, text=pair.text, person_id=_person_id())
    undo = (url_for("ui.mend_golden", pair_id=pair.id), {"do": "restore"})
    say(gettext("Linked: that case answers it from now on."), undo=undo)


@blueprint.post("/cases/<int:case_id>/forget-wording")
@requires(Role.MENTOR)
def forget_wording(case_id: int) -> Response:
    """Take a phrasing off a case: undoes that it was kept."""
    kb().cases.remove_wording(case_id, text_of("text"), _person_id())
    say(gettext("The phrasing is gone from the case."))
    return back(url_for("ui.case_page", case_id=case_id))


@blueprint.get("/quality/golden")
@requires(Role.MENTOR)
def golden_page() -> str:
    """The golden set, newest first."""
    return _golden_page()


def _golden_page(error: str = "", text: str = "", case: str = "") -> str:
    offset, course = number_of("offset", 0), text_of("course")
    page = kb().golden.page(course=course, limit=ROWS, offset=offset)
    pages = Pages(
        address(offset=max(0, offset - ROWS) or "") if offset else "",
        address(offset=offset + ROWS) if offset + ROWS < page.total else "",
    )
    return render_template(
        "quality/golden.html",
        page=page,
        pages=pages,
        course=course,
        error=error,
        text=text,
        wanted=case,
        address=address,
    )


@blueprint.post("/quality/golden")
@requires(Role.METHODOLOGIST)
def add_golden() -> Response | tuple[str, int]:
    """Add a pair of a text and a case, named by its number or short name."""
    text, name = text_of("text"), text_of("case")
    try:
        case = kb().cases.get(int(name)) if name.isdecimal() else kb().cases.by_slug(name)
        pair = kb().golden.add(case.id, text=text, person_id=_person_id())
    except KbsearchError as problem:
        return _golden_page(words.error(problem), text, name), 422
    undo = (url_for("ui.mend_golden", pair_id=pair.id), {"do": "remove"})
    say(gettext("Added to the golden set."), undo=undo)
    return go(url_for("ui.golden_page"))


def _person_id() -> int | None:
    person = current_person()
    return person.id if person else None
