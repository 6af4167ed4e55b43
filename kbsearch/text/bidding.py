"""Whether a message asks somebody to do something: «продлите, пожалуйста», "please extend", "could you"."""

from __future__ import annotations

import re
from functools import lru_cache

from kbsearch.text.morphology import analyzer
from kbsearch.text.words import stem

_BY_WHICH_PEOPLE_CHAT = """
здравствуйте извините извини простите прости держитесь держись крепитесь терпите терпи обращайтесь обращайся
поздравьте смотрите смотри давайте давай представьте представь поверьте поверь верьте верь болейте отдыхайте
отдохните берегите радуйтесь живите живи заходите заходи признавайтесь подпишитесь угощайтесь будьте будь
спите спи передайте передай ждите жди подождите подожди слушайте слушай ловите лови обнимите знайте знай
поймите пойми празднуйте пейте надейтесь
"""
_SOCIAL = frozenset(stem(word) for word in _BY_WHICH_PEOPLE_CHAT.split())
"""Imperatives by which people greet, comfort and chat."""
_FORM = re.compile(r"(?<![\w-])[а-яё]*[а-яё](?:й|и|ь)(?:те)?(?:сь|ся)?(?![\w-])", re.IGNORECASE)
_NO_ORDER = re.compile(r"\b(?:не|ни|вы|если|когда|что|как)\W*\Z", re.IGNORECASE)
"""Before it stands what is not to be done, or what somebody does."""
_LOOKED_BACK = 12
_AS_LIKELY = 0.5
"""«Продлите» is as often what you do as what you are to do."""
_PATTERNS = re.compile(
    r"\bпрошу\s+(?!прощ)(?:\w+\s+)?\w+т[ьи](?:ся)?\b"
    r"|\b(?:please|pls|plz)\s+(?!ignore|do\s+not|don'?t|no\b|forgive|excuse|disregard|accept)[a-z]+\s+\w+"
    r"|(?:^|[.,!]\s*|^(?:hi|hello|hey)\W+)(?:send|resend|give|show|help|add|remove|move|extend|open|reopen|check"
    r"|reset|cancel|change|transfer|delete|refund|update|fix|explain|share|grant|enable|remind|unlock|unblock"
    r"|review|invite|assign|switch|restore|renew|postpone|reschedule|confirm)\s+(?:me|my|us|our)\b"
    r"|\b(?:can|could|would|will)\s+(?:you|someone|somebody|anyone|anybody)\s+\w+",
    re.IGNORECASE,
)


def bids(text: str) -> bool:
    """Whether ``text`` asks somebody to do something, politely or not; greetings and comfort do not."""
    return _PATTERNS.search(text) is not None or any(
        _is_order(found.group().lower()) and not _NO_ORDER.search(text[: found.start()][-_LOOKED_BACK:])
        for found in _FORM.finditer(text)
    )


@lru_cache(maxsize=20_000)
def _is_order(form: str) -> bool:
    """Whether a Russian form is an imperative and hardly ever anything else, and no `_SOCIAL` one."""
    if stem(form) in _SOCIAL:
        return False
    chance = sum(one.score for one in analyzer().parse(form) if one.tag.mood == "impr")
    plural = form.removesuffix("сь").endswith("те")
    return bool(chance > _AS_LIKELY or (plural and chance == _AS_LIKELY))
