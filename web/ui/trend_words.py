"""How trends of clusters and effects of cases read in the language of the page."""

from __future__ import annotations

from flask_babel import format_decimal

from kbsearch.insights.effect import EffectVerdict
from kbsearch.insights.trend import TrendState
from kbsearch.models import CaseEffect, ClusterTrend
from web.ui.insight_tables import LEAST_P
from web.ui.texts import gettext, ngettext

TONES = {
    TrendState.NEW: "accent",
    TrendState.GROWING: "warn",
    TrendState.FALLING: "good",
}
VERDICT_TONES = {EffectVerdict.REDUCED: "good", EffectVerdict.NOT_VISIBLE: "warn"}


def state(name: str) -> str:
    """The word for a trend."""
    return {
        TrendState.NEW: gettext("new"),
        TrendState.GROWING: gettext("growing"),
        TrendState.EXPECTED: gettext("expected"),
        TrendState.FALLING: gettext("falling"),
        TrendState.ASLEEP: gettext("asleep"),
        TrendState.STEADY: gettext("steady"),
        TrendState.FEW: gettext("too few to tell"),
    }[TrendState(name)]


def tone(name: str) -> str:
    """The colour of a trend's badge."""
    return TONES.get(TrendState(name), "")


def sentence(trend: ClusterTrend) -> str:
    """The trend in words, with the figures it is told by."""
    found = TrendState(trend.state)
    if found == TrendState.NEW:
        return ngettext(
            "new: %(num)d student in 4 weeks, none before",
            "new: %(num)d students in 4 weeks, none before",
            trend.observed,
        )
    if found == TrendState.ASLEEP:
        return ngettext("asleep: silent for %(num)d week", "asleep: silent for %(num)d weeks", trend.weeks)
    if found in {TrendState.GROWING, TrendState.FALLING}:
        return _change(trend)
    if found == TrendState.EXPECTED:
        return _expected(trend)
    return state(trend.state)


def _change(trend: ClusterTrend) -> str:
    figures = {"state": state(trend.state), "usual": f"{trend.expected:.0f}", "now": trend.observed}
    if trend.weeks == 1:
        return gettext("%(state)s: %(usual)s → %(now)s a week", **figures)
    return gettext("%(state)s: %(usual)s → %(now)s in two weeks", **figures)


def _expected(trend: ClusterTrend) -> str:
    if trend.course_week is None:
        return gettext("expected in this week of the course")
    return gettext("expected: comes in week %(week)s of the course", week=trend.course_week)


def chance(p: float) -> str:
    """A p-value as people write it."""
    if p < LEAST_P:
        return f"p < {format_decimal(LEAST_P)}"
    return f"p = {format_decimal(p, format='0.###')}"


def meaning(trend: ClusterTrend) -> str:
    """What the p of a trend is the chance of."""
    found = TrendState(trend.state)
    if found == TrendState.ASLEEP:
        return gettext("chance of so long a silence at its rate")
    if found == TrendState.NEW:
        return gettext("chance that all its questions are this young")
    return gettext("chance of as much without a trend, among all clusters")


def verdict(name: str) -> str:
    """The word for what became of a case's questions."""
    return {
        EffectVerdict.REDUCED: gettext("reduced"),
        EffectVerdict.NOT_VISIBLE: gettext("no visible effect"),
        EffectVerdict.TOO_LITTLE: gettext("too little data"),
    }[EffectVerdict(name)]


def verdict_tone(name: str) -> str:
    """The colour of a verdict's badge."""
    return VERDICT_TONES.get(EffectVerdict(name), "")


def change(effect: CaseEffect) -> str:
    """The change of the rate in per cent with its interval; "" when nothing is known."""
    if effect.ratio is None or effect.low is None or effect.high is None:
        return ""
    return gettext(
        "%(change)s (95 %% interval from %(low)s to %(high)s)",
        change=_per_cent(effect.ratio),
        low=_per_cent(effect.low),
        high=_per_cent(effect.high),
    )


def _per_cent(ratio: float) -> str:
    value = round(100 * (ratio - 1))
    return f"{'−' if value < 0 else '+' if value else ''}{format_decimal(abs(value))} %"


def side(name: str) -> str:
    """Where a week stands: before publication, right before it, or after."""
    return {"before": gettext("before"), "gap": gettext("left out"), "after": gettext("after")}[name]
