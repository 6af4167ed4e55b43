"""Effects of published cases on the questions they answer: judged by the worker, slice by slice, and kept."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session, defer

from kbsearch.config import Settings
from kbsearch.database import Database
from kbsearch.insights.comparison import Judged, School, judge
from kbsearch.insights.effect import EffectVerdict
from kbsearch.models import Case, CaseEffect, Cluster, Coverage, Membership, Question, Run, Variant, utc_now
from kbsearch.services.cluster_counts import FEWEST_USES
from kbsearch.services.current_run import current_run
from kbsearch.services.night import last_night
from kbsearch.services.row_chunks import chunks
from kbsearch.services.weekly_counts import WEEK, WeeklyCounts, cohort_places, weekly_clusters

REMEMBERED = 104
"""Weeks that effects are judged on."""
REFRESHED = timedelta(hours=20)
"""Where there is no night, effects older than this are judged again."""
SLICE_SECONDS = 0.5
"""After this time a slice ends; what is judged on must be read within one, which takes longer once."""
NO_CLUSTER = ""
"""The verdict on a case that no cluster is known for."""


@dataclass(frozen=True, slots=True)
class JudgedCase:
    """A case with what its publication did, without the series and clusters that this rests on."""

    case_id: int
    title: str
    effect: CaseEffect


@dataclass(frozen=True, slots=True, eq=False)
class _Material:
    """What effects are judged on; ``clusters``: rows of ``counts`` by case."""

    run: Run
    counts: WeeklyCounts
    cases: Mapping[int, Case]
    clusters: Mapping[int, list[int]]
    school: School


class EffectService:
    """Verbs on effects.  Only `refresh` and `refresh_due` compute; whoever reads gets what they kept."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._known: tuple[Hashable, _Material] | None = None

    def refresh(self, now: datetime | None = None) -> None:
        """Judge all cases that wait for it."""
        moment = now or utc_now()
        while self.refresh_due(moment):
            pass

    def refresh_due(self, now: datetime | None = None, seconds: float = SLICE_SECONDS) -> bool:
        """Judge cases that wait for it for about ``seconds``, at least one; tells whether one waited.

        A case waits once it is published, when a run was accepted since, and every night; those that were
        never judged come first.
        """
        moment, end = now or utc_now(), time.monotonic() + seconds
        with self._database.reading() as session:
            run = current_run(session)
            due = _due(session, run.id, self._kept_until(moment)) if run else []
            if run is None or not due:
                self._known = None
                return False
            material = self._material(session, run, moment)
        found: list[CaseEffect] = []
        for case_id in due:
            found.append(_judged(material, material.cases[case_id], moment))
            if time.monotonic() >= end:
                break
        _keep(self._database, found)
        return True

    def _kept_until(self, now: datetime) -> datetime:
        """Effects from before this moment are judged again."""
        return last_night(self._settings, now) if self._settings.night_hour >= 0 else now - REFRESHED

    def _material(self, session: Session, run: Run, now: datetime) -> _Material:
        """What effects are judged on, read once for all slices of a round."""
        key = (run.id, session.scalar(select(func.max(Case.updated_at))), now.date())
        if self._known is None or self._known[0] != key:
            self._known = (key, _material(session, run, now))
        return self._known[1]

    def of(self, case_id: int) -> CaseEffect | None:
        """The effect of one case; None when it is not judged, or no cluster is known for it."""
        with self._database.reading() as session:
            kept = session.get(CaseEffect, case_id)
        return kept if kept is not None and kept.verdict != NO_CLUSTER else None

    def waits(self, case_id: int) -> bool:
        """Whether the case was published and has not been judged yet."""
        with self._database.reading() as session:
            return session.scalar(_unjudged().where(Case.id == case_id)) is not None

    def waiting(self) -> int:
        """How many published cases have not been judged yet."""
        with self._database.reading() as session:
            return session.scalar(select(func.count()).select_from(_unjudged().subquery())) or 0

    def judged(self, *, told: bool = False) -> int:
        """How many cases are judged; ``told``: with data enough to tell something."""
        query = select(func.count()).where(*_wanted(told))
        with self._database.reading() as session:
            return session.scalar(query) or 0

    def all(self, limit: int | None = None, *, told: bool = False) -> list[JudgedCase]:
        """The effects of the cases that are judged, at most ``limit``: what reduced most questions first.

        ``told``: without those of which there is too little data.
        """
        unread = (defer(CaseEffect.series), defer(CaseEffect.clusters), defer(CaseEffect.controls))
        query = select(CaseEffect, Case.title).join(Case, Case.id == CaseEffect.case_id).options(*unread)
        query = query.where(*_wanted(told)).order_by(*_order()).limit(limit)
        with self._database.reading() as session:
            return [JudgedCase(effect.case_id, title, effect) for effect, title in session.execute(query)]

    def named(self, cluster_ids: Sequence[int]) -> list[Cluster]:
        """The clusters of these ids that there still are, in that order."""
        with self._database.reading() as session:
            found = session.scalars(select(Cluster).where(Cluster.id.in_(cluster_ids))).all()
        return _ordered(found, cluster_ids)


def _ordered(found: Iterable[Cluster], ids: Sequence[int]) -> list[Cluster]:
    place = {cluster_id: number for number, cluster_id in enumerate(ids)}
    return sorted(found, key=lambda cluster: place[cluster.id])


def _wanted(told: bool) -> tuple[ColumnElement[bool], ...]:
    left_out = (NO_CLUSTER, EffectVerdict.TOO_LITTLE) if told else (NO_CLUSTER,)
    return (CaseEffect.verdict.not_in(left_out),)


def _order() -> tuple[Any, ...]:
    """By verdict, then by the share of the questions that is left; where nothing is known of it, all are."""
    told = (EffectVerdict.REDUCED, EffectVerdict.NOT_VISIBLE, EffectVerdict.TOO_LITTLE)
    place = case({str(one): place for place, one in enumerate(told)}, value=CaseEffect.verdict)
    return place, func.coalesce(func.nullif(CaseEffect.ratio, 0.0), 1.0), CaseEffect.case_id


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


def _unjudged() -> Select[Any]:
    """Ids of published cases that nothing is kept of."""
    known = select(CaseEffect.case_id).where(CaseEffect.case_id == Case.id).exists()
    return select(Case.id).where(Case.first_published_at.is_not(None), ~known)


def _due(session: Session, run_id: int, since: datetime) -> list[int]:
    """Cases that wait to be judged, those that never were first."""
    outdated = or_(
        CaseEffect.case_id.is_(None),
        CaseEffect.run_id.is_distinct_from(run_id),
        CaseEffect.computed_at < since,
        CaseEffect.published_at != Case.first_published_at,
    )
    query = select(Case.id).outerjoin(CaseEffect, CaseEffect.case_id == Case.id)
    query = query.where(Case.first_published_at.is_not(None), outdated)
    return list(session.scalars(query.order_by(CaseEffect.case_id.is_not(None), Case.id)))


def _keep(database: Database, found: Sequence[CaseEffect]) -> None:
    """Store effects in place of older ones; cases that went meanwhile need none."""
    with database.writing() as session:
        ids = [one.case_id for one in found]
        there = {
            one for some in chunks(ids) for one in session.scalars(select(Case.id).where(Case.id.in_(some)))
        }
        for one in found:
            if one.case_id in there:
                session.merge(one)


def _material(session: Session, run: Run, now: datetime) -> _Material:
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
    for one in cases:
        for row in clusters.get(one.id, ()):
            touched[row].append(counts.whole_weeks_since(_published(one)))
    school = School(counts.students, counts.courses, cohort_places(session, counts), touched)
    return _Material(run, counts, {case.id: case for case in cases}, clusters, school)


def _published(case: Case) -> datetime:
    assert case.first_published_at is not None  # noqa: S101  # the query asked for it
    return case.first_published_at


def _judged(material: _Material, case: Case, now: datetime) -> CaseEffect:
    if case.id in material.clusters:
        return _effect(material, case, now)
    return CaseEffect(
        case_id=case.id,
        run_id=material.run.id,
        verdict=NO_CLUSTER,
        before=0,
        after=0,
        weeks_before=0,
        weeks_after=0,
        published_at=_published(case),
        computed_at=now,
    )


def _effect(material: _Material, case: Case, now: datetime) -> CaseEffect:
    rows = material.clusters[case.id]
    counts = material.counts
    judged = judge(material.school, rows, counts.whole_weeks_since(_published(case)))
    effect = judged.effect
    return CaseEffect(
        case_id=case.id,
        run_id=material.run.id,
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
