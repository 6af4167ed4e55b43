"""Greetings, thanks and "can anybody tell me": stripped for matching, never from what is stored."""

from __future__ import annotations

import re

_PHRASES = r"""
здравствуй(?:те)? | здрасте | добр(?:ый|ое|ого|ой)\s+(?:день|вечер|утро|дня|вечера|утра|ночи|времени\s+суток)
| привет(?:ствую|ик|ики)? | хай | салют | всем\s+(?:привет|ку|здравствуйте) | коллеги
| ребят(?:а|ки|ушки|ы)? | народ | друзья
| подскаж(?:и|ите)(?:\s+мне)?(?:\s*,?\s*(?:пожалуйста|плиз|пж|плз))?
| пожалуйста | пожалуста | плиз | плз | пж | пжл | пжлст
| скаж(?:и|ите)\s*,?\s*пожалуйста
| (?:большое\s+|огромное\s+)?спасибо(?:\s+(?:большое|огромное|заранее))?
| заранее\s+(?:большое\s+)?спасибо | благодарю | с\s+уважением | помогите | выручайте
| (?:а\s+)?(?:кто-?нибудь|кто-?то|кто)\s+(?:знает|подскажет|сталкивался|может\s+подсказать)
| (?:у\s+меня\s+)?(?:такой\s+|есть\s+)?вопрос | не\s+подскаж(?:ете|ешь)
| hello | (?:hi|hey)(?:\s+(?:there|all|everyone|guys))? | good\s+(?:morning|day|evening|afternoon)
| dear\s+(?:all|team|support) | please | pls | plz
| thanks(?:\s+in\s+advance|\s+a\s+lot)? | thank\s+you(?:\s+(?:very|so)\s+much|\s+in\s+advance)?
| (?:can|could)\s+(?:you|anyone|anybody|someone)\s+(?:please\s+)?(?:tell|help)(?:\s+me)?
| does\s+(?:anyone|anybody)\s+know
"""
_CHATTER = re.compile(rf"(?<!\w)(?:{_PHRASES})(?!\w)[\s,.!:;)(]*", re.IGNORECASE | re.VERBOSE)
_SPACES = re.compile(r"[ \t]+")


def strip_chatter(text: str) -> str:
    """``text`` without greetings, pleas and thanks; the text itself when nothing else would be left."""
    bare = _SPACES.sub(" ", _CHATTER.sub(" ", text)).strip(" \n\t,.!;:-–—")
    return bare or text.strip()
