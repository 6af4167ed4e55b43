"""The case editor: writing, preview, phrasings, warnings of near-duplicates, and edits that collide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from kbsearch.errors import Conflict, InvalidInput, NotAllowed, NotFound
from kbsearch.models import Case, CaseState, Role
from kbsearch.services.cases import CaseDraft
from kbsearch.services.wordings import bare_wording, is_known
from kbsearch.text.words import stems
from web.session import current_person, kb, requires
from web.ui import blueprint, words
from web.ui.cases import answer_its_questions, check_may_edit, in_words, steps
from web.ui.diff import compare
from web.ui.forms import go, number_of, say, text_of, wants_block
from web.ui.texts import gettext

if TYPE_CHECKING:
    from kbsearch.services.search import CaseHit

DUPLICATES = 3
DUPLICATE_FROM = 0.4
"""A case that is found for the title with this probability may be a duplicate."""

ALIKE_FROM = 0.6
"""So may one whose title shares this share of its words, whatever the probability."""

MIN_TITLE = 8


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in the editor's fields.  ``version`` 0: the case is new."""

    title: str = ""
    answer: str = ""
    variants: tuple[str, ...] = ()
    course: str = ""
    lessons: tuple[str, ...] = ()
    tags: str = ""
    language: str = ""
    note: str = ""
    version: int = 0
    question_id: int = 0

    @classmethod
    def of_form(cls) -> Self:
        """From the form that was sent."""
        form = request.form
        return cls(
            title=text_of("title"),
            answer=form.get("answer", "").replace("\r\n", "\n"),
            variants=tuple(form.getlist("variant")),
            course=text_of("course"),
            lessons=tuple(form.getlist("lesson")),
            tags=text_of("tags"),
            language=text_of("language"),
            note=text_of("note"),
            version=number_of("version", 0),
            question_id=number_of("question_id", 0),
        )

    @classmethod
    def of_case(cls, case: Case) -> Self:
        """From a stored case."""
        return cls(
            title=case.title,
            answer=case.answer,
            variants=tuple(variant.text for variant in case.variants),
            course=case.course_code,
            lessons=tuple(case.lessons),
            tags=", ".join(case.tags),
            language=case.language,
            version=case.version,
        )

    def draft(self) -> CaseDraft:
        """The case that this describes."""
        return CaseDraft(
            title=self.title,
            answer=self.answer,
            variants=self.variants,
            course=self.course,
            lessons=self.lessons,
            tags=tuple(tag.strip() for tag in self.tags.split(",")),
            language=self.language if self.language in {"ru", "en"} else "",
        )

    def snapshot(self) -> dict[str, object]:
        """In the shape of a revision, to be compared with one."""
        filled = [text for text in self.variants if text.strip()]
        tags = [tag.strip() for tag in self.tags.split(",") if tag.strip()]
        return {
            "title": self.title,
            "answer": self.answer.strip(),
            "variants": filled,
            "course": self.course,
            "lessons": list(self.lessons),
            "tags": tags,
        }


@blueprint.get("/cases/new")
@requires(Role.MENTOR)
def new_case() -> str:
    """An empty editor, or one that begins with a question; while a title is typed, cases like it."""
    if wants_block("duplicates"):
        return _duplicates(0)
    question_id = number_of("question", 0)
    if question_id:
        return _page(None, _from_question(question_id))
    return _page(None, Written(title=text_of("title"), course=text_of("course")))


def _from_question(question_id: int) -> Written:
    question = kb().questions.get(question_id)
    replies = [reply.text for reply in question.replies if reply.by_mentor or reply.accepted]
    return Written(
        answer="\n\n---\n\n".join(replies),
        variants=(bare_wording(question.text),),
        course=question.course_code,
        lessons=(question.lesson_code,) if question.lesson_code else (),
        question_id=question.id,
    )


@blueprint.get("/cases/<int:case_id>/edit")
@requires(Role.MENTOR)
def edit_case(case_id: int) -> str:
    """The editor of a case."""
    case = kb().cases.get(case_id)
    check_may_edit(case)
    if wants_block("duplicates"):
        return _duplicates(case.id)
    return _page(case, Written.of_case(case))


@blueprint.post("/cases/new")
@requires(Role.MENTOR)
def create_case() -> Response | str | tuple[str, int]:
    """Save a new case, or do what another button of the editor says."""
    return _done(None)


@blueprint.post("/cases/<int:case_id>/edit")
@requires(Role.MENTOR)
def save_case(case_id: int) -> Response | str | tuple[str, int]:
    """Save a case, or do what another button of the editor says."""
    case = kb().cases.get(case_id)
    check_may_edit(case)
    return _done(case)


def _done(case: Case | None) -> Response | str | tuple[str, int]:
    written, (step, _, argument) = Written.of_form(), text_of("do", "save").partition(":")
    if step == "add-variant":
        return _page(
            case, replace(written, variants=(*written.variants, "")), focus=str(len(written.variants))
        )
    if step == "remove-variant" and argument.isdecimal():
        left = [text for number, text in enumerate(written.variants) if number != int(argument)]
        return _page(case, replace(written, variants=tuple(left)), focus="add")
    if step == "preview":
        return _page(case, written, preview=True)
    return _save(case, written, argument)


def _save(case: Case | None, written: Written, state: str) -> Response | tuple[str, int]:
    try:
        saved = _stored(case, written)
    except Conflict as error:
        if case is None or "version" not in error.details:
            raise
        return _collision(kb().cases.get(case.id), written), 409
    except InvalidInput as error:
        return _page(case, written, error=words.error(error)), 422
    say(gettext("Saved."))
    if state and state != saved.state:
        return _stepped(saved, state, draft=_draft_name(case, written))
    return go(url_for("ui.case_page", case_id=saved.id, saved=_draft_name(case, written)))


def _draft_name(case: Case | None, written: Written) -> str:
    """The name under which the browser keeps what is typed until a page tells that it is saved."""
    if case is not None:
        return f"case-{case.id}"
    return f"case-new-{written.question_id}" if written.question_id else "case-new"


def _stored(case: Case | None, written: Written) -> Case:
    person = current_person()
    person_id = person.id if person else None
    draft, sources = _with_ticked(written.draft())
    _check_new_places(case, written)
    if case is not None:
        version, note = written.version, written.note
        return kb().cases.save(
            case.id, draft, version=version, person_id=person_id, note=note, sources=sources
        )
    origin: list[int | None] = [kb().questions.get(written.question_id).id] if written.question_id else []
    return kb().cases.create(draft, person_id=person_id, variant_question_ids=origin)


def _check_new_places(case: Case | None, written: Written) -> None:
    """Refuse a course or lesson that the outline lacks, unless the case, or its question, came with it.

    Raises:
        InvalidInput: there is one.
    """
    begun = Written()
    if case is not None:
        begun = Written.of_case(case)
    elif written.question_id:
        begun = _from_question(written.question_id)
    courses = {written.course} - {begun.course}
    lessons = sorted(set(written.lessons) - set(begun.lessons))
    kb().questions.check_places([(code, "") for code in courses] + [("", code) for code in lessons])


def _with_ticked(draft: CaseDraft) -> tuple[CaseDraft, dict[str, int | None]]:
    """``draft`` with the questions of its cluster that were ticked, and where those came from."""
    ids = [int(value) for value in request.form.getlist("ticked") if value.isdecimal()]
    questions = kb().questions.by_ids(ids[:50])
    ticked = tuple(question.text for question in questions)
    sources: dict[str, int | None] = {question.text: question.id for question in questions}
    return replace(draft, variants=(*draft.variants, *ticked)), sources


def _stepped(case: Case, state: str, draft: str) -> Response:
    """Take the step that the pressed button asked for, after saving."""
    person = current_person()
    if state not in steps(case):
        raise NotAllowed("Publishing and archiving is for methodologists.", remedy="Send it to review.")
    try:
        answer_its_questions(kb().cases.move(case.id, state, person_id=person.id if person else None))
    except InvalidInput as error:
        say(words.error(error), "bad")
    return go(url_for("ui.case_page", case_id=case.id, saved=draft))


def _page(
    case: Case | None, written: Written, *, error: str = "", preview: bool = False, focus: str = ""
) -> str:
    """The editor.  ``focus``: the number of the phrasing that was just added, or "add" for the button."""
    return render_template(
        "cases/edit.html",
        case=case,
        written=written,
        draft=_draft_name(case, written),
        error=error,
        preview=preview,
        focus=focus,
        offered=_offered(case, written),
        hits=_alike_at_once(case, written),
        next_steps=[state for state in _forward(case) if state in (CaseState.IN_REVIEW, CaseState.PUBLISHED)],
        tab="edit",
    )


def _alike_at_once(case: Case | None, written: Written) -> list[Case]:
    """Cases like a draft that was made from a cluster: nobody types its title, so nothing else would ask."""
    if case is None or case.cluster_id is None or case.state != CaseState.DRAFT:
        return []
    return _alike(written.title, case.id) if len(written.title) >= MIN_TITLE else []


def _forward(case: Case | None) -> Sequence[CaseState]:
    return steps(case if case is not None else Case(state=CaseState.DRAFT))


def _offered(case: Case | None, written: Written) -> list[tuple[int, str]]:
    """Questions of the case's cluster that are not among its phrasings yet."""
    if case is None or case.cluster_id is None:
        return []
    try:
        draft = kb().cases.draft_from_cluster(case.cluster_id)
    except NotFound:
        return []
    return [each for each in draft.variants if not is_known(each[1], written.variants)]


def _collision(case: Case, written: Written) -> str:
    """Both versions side by side; saving again puts this one over the other."""
    theirs = Written.of_case(case)
    names = kb().cases.names([case.revisions[-1].person_id])
    return render_template(
        "cases/collision.html",
        case=case,
        written=replace(written, version=case.version),
        draft=_draft_name(case, written),
        changes=compare(in_words(theirs.snapshot()), in_words(written.snapshot())),
        author=next(iter(names.values()), ""),
    )


@blueprint.post("/cases/preview")
@requires(Role.MENTOR)
def preview_case() -> str:
    """The answer as its readers will see it."""
    return render_template("cases/_preview.html", answer=request.form.get("answer", ""))


def _duplicates(but: int) -> str:
    """Cases that may answer the same as the title that is being written."""
    title = text_of("title")
    hits = _alike(title, but) if len(title) >= MIN_TITLE else []
    return render_template("cases/_duplicates.html", hits=hits)


def _alike(title: str, but: int) -> list[Case]:
    """Those that the model of pairs takes for one with it, then those that a search for it finds."""
    like = [one.case for one in kb().case_pairs.like(title[:300], course=text_of("course"), but=but)]
    found = kb().search.search(title[:300], limit=DUPLICATES + 1).cases
    near = [hit.case for hit in found if hit.case.id != but and _is_near(title, hit)]
    unique = {case.id: case for case in (*like, *near)}
    return list(unique.values())[:DUPLICATES]


def _is_near(title: str, hit: CaseHit) -> bool:
    own, other = set(stems(title)), set(stems(hit.case.title))
    alike = len(own & other) / max(1, len(own | other))
    return hit.probability >= DUPLICATE_FROM or alike >= ALIKE_FROM
