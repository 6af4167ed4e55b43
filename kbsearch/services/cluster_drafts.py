"""A case drafted from a cluster: its phrasings from the students, its answer from the best replies."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from kbsearch.models import Cluster, Membership, Question, Reply
from kbsearch.services.case_drafts import MAX_TITLE, MAX_VARIANT, CaseDraft
from kbsearch.services.placing import existing
from kbsearch.services.wordings import bare_wording, is_known
from kbsearch.text.words import stems

MAX_DRAFT_VARIANTS = 12
MAX_DRAFT_REPLIES = 3
MAJORITY = 0.5
"""A cluster's case belongs to a course, or a lesson, that more than this share of its questions name."""

SEPARATOR = "\n\n---\n\n"


@dataclass(frozen=True, slots=True)
class ClusterDraft:
    """What a cluster offers to the writer of its case.

    ``variants``: (question id, its wording), exemplars first, then the strongest members.  ``replies``:
    (text, question id, score), best first; the score is 1 for an accepted reply plus its mean likeness in
    [0, 1] to the other replies.
    """

    title: str
    variants: list[tuple[int, str]]
    replies: list[tuple[str, int, float]]
    course: str = ""
    lessons: tuple[str, ...] = ()

    @property
    def answer(self) -> str:
        """The best replies as one Markdown text, to be edited into the answer."""
        return SEPARATOR.join(text for text, _, _ in self.replies[:MAX_DRAFT_REPLIES])

    def as_case(self) -> CaseDraft:
        """The case to begin with."""
        texts = tuple(text for _, text in self.variants)
        return CaseDraft(self.title, self.answer, texts, course=self.course, lessons=self.lessons)


def draft_from_cluster(session: Session, cluster_id: int) -> ClusterDraft:
    """Read cluster ``cluster_id`` as its last run saw it, and draft its case.

    Raises:
        NotFound: there is no such cluster.
    """
    cluster = existing(session, cluster_id)
    questions = _members(session, cluster)
    course = _prevailing([question.course_code for question in questions])
    lesson = _prevailing([question.lesson_code for question in questions])
    return ClusterDraft(
        title=cluster.label[:MAX_TITLE],
        variants=_variants(questions),
        replies=_ranked(_mentor_replies(session, [question.id for question in questions])),
        course=course,
        lessons=(lesson,) if lesson else (),
    )


def _members(session: Session, cluster: Cluster) -> list[Question]:
    query = (
        select(Question)
        .join(Membership, Membership.question_id == Question.id)
        .where(Membership.cluster_id == cluster.id, Membership.run_id == cluster.last_run_id)
        .order_by(
            Membership.exemplar_rank.is_(None),
            Membership.exemplar_rank,
            Membership.strength.desc(),
            Question.id,
        )
    )
    return list(session.scalars(query))


def _variants(questions: list[Question]) -> list[tuple[int, str]]:
    """What the questions ask, without greetings and thanks, each wording once."""
    kept: list[tuple[int, str]] = []
    for question in questions:
        text = bare_wording(question.text)
        if len(text) <= MAX_VARIANT and not is_known(text, (known for _, known in kept)):
            kept.append((question.id, text))
        if len(kept) == MAX_DRAFT_VARIANTS:
            break
    return kept


def _prevailing(codes: list[str]) -> str:
    """The code that most of ``codes`` are, or "" when none prevails."""
    if not codes:
        return ""
    code, count = Counter(codes).most_common(1)[0]
    return code if count > MAJORITY * len(codes) else ""


def _mentor_replies(session: Session, question_ids: list[int]) -> list[Reply]:
    query = select(Reply).where(Reply.question_id.in_(question_ids), Reply.by_mentor).order_by(Reply.id)
    return list(session.scalars(query)) if question_ids else []


def _ranked(replies: list[Reply]) -> list[tuple[str, int, float]]:
    distinct = {" ".join(stems(reply.text)): reply for reply in reversed(replies)}
    kept = [reply for key, reply in reversed(distinct.items()) if key]
    bags = [frozenset(stems(reply.text)) for reply in kept]
    scored = [
        (reply.text, reply.question_id, float(reply.accepted) + _likeness(i, bags))
        for i, reply in enumerate(kept)
    ]
    return sorted(scored, key=lambda entry: (-entry[2], -len(entry[0]), entry[1]))


def _likeness(index: int, bags: list[frozenset[str]]) -> float:
    """Mean Jaccard likeness of bag ``index`` to the other bags; 0 when it is alone."""
    own = bags[index]
    others = [len(own & bag) / len(own | bag) for i, bag in enumerate(bags) if i != index]
    return sum(others) / len(others) if others else 0.0
