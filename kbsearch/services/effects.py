"""Effects of published cases on the questions they answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.insights.comparison import Judged, School, judge
from kbsearch.insights.effect import EffectVerdict
from kbsearch.models import Case, CaseEffect, Cluster, Coverage, Membership, Question, Run, Variant, utc_now
from kbsearch.services.cluster_rows import FEWEST_USES
from kbsearch.services.current_run import current_run
from kbsearch.services.kept_results import HOUR, KeptResult, state_of_questions
from kbsearch.services.weekly_counts import WEEK, WeeklyCounts, cohort_places, weekly_clusters

REMEMBERED = 104
"""Weeks that effects are judged on."""
FRESH = timedelta(days=2)
"""Effects older than this are computed anew for whoever asks, because no worker keeps them up."""
REFRESHED = timedelta(hours=20)


@dataclass(frozen=True, slots=True)
class JudgedCase:
    """A case with what its publication did."""

    case: Case
    effect: CaseEffect


@dataclass(frozen=True, slots=True, eq=False)
class _Material:
    """What effects are judged on; ``clusters``: rows of ``counts`` by case."""

    run: Run
    counts: WeeklyCounts
    cases: list[Case]
    clusters: Mapping[int, list[int]]
    school: School


class EffectService:
    """Verbs on effects."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._materials: KeptResult[_Material | None] = KeptResult()
        self._judged: KeptResult[list[CaseEffect]] = KeptResult()
        self._found_none_at: datetime | None = None

    def refresh(self, now: datetime | None = None) -> list[CaseEffect]:
        """Judge all cases that students can or could find, and keep what was found."""
        moment = now or utc_now()
        with self._database.reading() as session:
            found = _effects(_material(session, moment), moment)
        with self._database.writing() as session:
            session.execute(delete(CaseEffect))
            session.add_all(found)
        self._found_none_at = None if found else moment
        return found

    def refresh_due(self, now: datetime | None = None) -> bool:
        """`refresh` when what is kept is nearly a day old, hourly while nothing is; tells whether it was."""
        moment = now or utc_now()
        with self._database.reading() as session:
            kept = session.scalar(select(func.max(CaseEffect.computed_at)))
            published = session.scalar(select(Case.id).where(Case.first_published_at.is_not(None)).limit(1))
            run = current_run(session)
        if run is None or published is None or (kept is not None and moment - kept < REFRESHED):
            return False
        if self._found_none_at is not None and moment - self._found_none_at < HOUR:
            return False
        self.refresh(moment)
        return True

    def of(self, case_id: int, now: datetime | None = None) -> CaseEffect | None:
        """The effect of one case; None when it was never published, or no cluster is known for it."""
        moment = now or utc_now()
        with self._database.reading() as session:
            kept = session.get(CaseEffect, case_id)
            if kept is not None and abs(moment - kept.computed_at) < FRESH:
                return kept
            material = self._material(session, moment)
        return next(iter(_effects(material, moment, only=case_id)), None)

    def all(self, now: datetime | None = None) -> list[JudgedCase]:
        """The effects of all cases, those that reduced most questions first."""
        moment = now or utc_now()
        with self._database.reading() as session:
            kept = list(session.scalars(select(CaseEffect)))
            if not kept or moment - max(one.computed_at for one in kept) > FRESH:
                kept = self._told(session, moment)
            ids = [one.case_id for one in kept]
            cases = {case.id: case for case in session.scalars(select(Case).where(Case.id.in_(ids)))}
        rows = [JudgedCase(cases[one.case_id], one) for one in kept if one.case_id in cases]
        return sorted(rows, key=lambda row: (_place(row.effect), row.effect.ratio or 1.0, row.case.id))

    def _told(self, session: Session, now: datetime) -> list[CaseEffect]:
        """What the worker has not kept, judged at most once for what there is now."""
        key = state_of_questions(session, now)
        return self._judged.of(key, lambda: _effects(self._material(session, now), now))

    def _material(self, session: Session, now: datetime) -> _Material | None:
        return self._materials.of(state_of_questions(session, now), lambda: _material(session, now))

    def named(self, cluster_ids: Sequence[int]) -> list[Cluster]:
        """The clusters of these ids that there still are, in that order."""
        with self._database.reading() as session:
            found = session.scalars(select(Cluster).where(Cluster.id.in_(cluster_ids))).all()
        return _ordered(found, cluster_ids)


def _ordered(found: Iterable[Cluster], ids: Sequence[int]) -> list[Cluster]:
    place = {cluster_id: number for number, cluster_id in enumerate(ids)}
    return sorted(found, key=lambda cluster: place[cluster.id])


def _place(effect: CaseEffect) -> int:
    order = (EffectVerdict.REDUCED, EffectVerdict.NOT_VISIBLE, EffectVerdict.TOO_LITTLE)
    return order.index(EffectVerdict(effect.verdict))


def saved_questions(effect: CaseEffect) -> float:
    """Questions (students asking) that did not come since publication; 0 unless the verdict is "reduced"."""
    if effect.verdict != EffectVerdict.REDUCED or effect.expected is None:
        return 0.0
    return max(0.0, effect.expected - effect.after)


def clusters_of_cases(session: Session, run_id: int) -> dict[int, set[int]]:
    """Ids of the run's clusters whose questions each case answers, by case.

    The cluster that it was written for; those most of whose answered questions (two at least) it answered;
    those whose questions it matches, as `Coverage` tells; and those that most of its variants (two at
    least) come from.
    """
    present = set(
        session.scalars(select(Membership.cluster_id).where(Membership.run_id == run_id).distinct())
    )
    found: defaultdict[int, set[int]] = defaultdict(set)
    written = select(Case.id, Case.cluster_id).where(Case.cluster_id.is_not(None))
    matched = select(Coverage.case_id, Coverage.cluster_id).where(
        Coverage.case_id.is_not(None), 2 * Coverage.same_case > Coverage.sampled
    )
    pairs = [*session.execute(written), *session.execute(matched)]
    pairs += _most(_counted(session, run_id, Question.case_id, Question), by=1)
    pairs += _most(_counted(session, run_id, Variant.case_id, Variant), by=0)
    for case_id, cluster_id in pairs:
        if cluster_id in present:
            found[case_id].add(cluster_id)
    return dict(found)


def _counted(session: Session, run_id: int, case_id: Any, table: Any) -> list[tuple[int, int, int]]:
    """(case, cluster, questions) for questions of the run that ``table`` ties to cases."""
    question_id = Question.id if table is Question else Variant.question_id
    query = (
        select(case_id, Membership.cluster_id, func.count())
        .select_from(table)
        .join(Membership, Membership.question_id == question_id)
        .where(Membership.run_id == run_id, case_id.is_not(None))
        .group_by(case_id, Membership.cluster_id)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def _most(rows: list[tuple[int, int, int]], by: int) -> list[tuple[int, int]]:
    """Pairs that hold at least two, and half, of all that their case (``by`` 0) or cluster (1) has."""
    totals: defaultdict[int, int] = defaultdict(int)
    for row in rows:
        totals[row[by]] += row[2]
    return [row[:2] for row in rows if row[2] >= FEWEST_USES and 2 * row[2] >= totals[row[by]]]


def _effects(material: _Material | None, now: datetime, only: int | None = None) -> list[CaseEffect]:
    if material is None:
        return []
    return [
        _effect(material, case, now)
        for case in material.cases
        if case.id in material.clusters and only in {None, case.id}
    ]


def _material(session: Session, now: datetime) -> _Material | None:
    run = current_run(session)
    if run is None:
        return None
    counts = weekly_clusters(session, run.id, now, REMEMBERED)
    rows = counts.rows()
    published = select(Case).where(Case.first_published_at.is_not(None)).order_by(Case.id)
    cases = list(session.scalars(published))
    answered = clusters_of_cases(session, run.id)
    clusters = {
        case.id: found
        for case in cases
        if (found := sorted(rows[each] for each in answered.get(case.id, ()) if each in rows))
    }
    touched: defaultdict[int, list[int]] = defaultdict(list)
    for case in cases:
        for row in clusters.get(case.id, ()):
            touched[row].append(counts.whole_weeks_since(_published(case)))
    school = School(counts.students, counts.courses, cohort_places(session, counts), touched)
    return _Material(run, counts, cases, clusters, school)


def _published(case: Case) -> datetime:
    assert case.first_published_at is not None  # noqa: S101  # the query asked for it
    return case.first_published_at


def _effect(material: _Material, case: Case, now: datetime) -> CaseEffect:
    rows = material.clusters[case.id]
    counts = material.counts
    judged = judge(material.school, rows, counts.whole_weeks_since(_published(case)))
    effect = judged.effect
    return CaseEffect(
        case_id=case.id,
        verdict=effect.verdict,
        before=effect.before,
        after=effect.after,
        expected=effect.expected,
        ratio=effect.ratio,
        low=effect.low,
        high=effect.high,
        p=effect.p,
        weeks_before=judged.end - judged.begin,
        weeks_after=judged.until - judged.published,
        published_at=_published(case),
        clusters=[counts.keys[row] for row in rows],
        controls=[counts.keys[row] for row in judged.controls],
        series=_series(counts, rows, judged),
        computed_at=now,
    )


def _series(counts: WeeklyCounts, rows: list[int], judged: Judged) -> list[dict[str, Any]]:
    asked = counts.students[rows].sum(axis=0)
    found = []
    for week in range(judged.begin, judged.until):
        side = "before" if week < judged.end else "gap" if week < judged.published else "after"
        end = counts.now - (counts.weeks - 1 - week) * WEEK
        expected = round(float(judged.expected[week]), 2)
        found.append(
            {"week": end.date().isoformat(), "asked": int(asked[week]), "expected": expected, "side": side}
        )
    return found
