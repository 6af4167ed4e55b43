"""Re-ranking for services: the candidates' texts come from the database, which has them anyway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from kbsearch.matching.matcher import Matcher, MatchResult
from kbsearch.matching.reranking import FEWEST, Reranked, TimedReranker, passage, reranked
from kbsearch.models import Case


def depth(reranker: TimedReranker | None) -> int:
    """How many candidates it reads."""
    return reranker.budget.depth if reranker else 0


def reread(
    reranker: TimedReranker | None, matcher: Matcher, result: MatchResult, cases: Mapping[int, Case]
) -> tuple[MatchResult, Reranked]:
    """``result`` without the cases that are not in ``cases``, re-ranked as far as the budget allows."""
    result = _of(result, [place for place, match in enumerate(result.matches) if match.case_id in cases])
    wanted = [cases[match.case_id] for match in result.matches[: depth(reranker)]]
    if reranker is None or len(wanted) < FEWEST:
        return result, "off"
    texts = [passage(case.title, [one.text for one in case.variants], case.answer) for case in wanted]
    scores = reranker.scores(result.query.bare, texts)
    abstain = matcher.model.way(result.degraded).calibration.abstain
    return reranked(result, scores, abstain), extent(len(scores), len(wanted))


def extent(read: int, wanted: int) -> Reranked:
    """What is said of ``read`` candidates of ``wanted``."""
    if not read:
        return "missed"
    return "whole" if read == wanted else "part"


def _of(result: MatchResult, places: Sequence[int]) -> MatchResult:
    kept = tuple(result.matches[place] for place in places)
    return replace(result, matches=kept, table=result.table[list(places)])
