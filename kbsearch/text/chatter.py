"""Greetings, thanks and "can anybody tell me": stripped for matching, never from what is stored.

Messages of nothing else are small talk, which clustering sets aside.
"""

from __future__ import annotations

import re
from functools import lru_cache

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
_APOLOGIES = r"""
(?:извин(?:и|ите|яюсь)|прост(?:и|ите)|прошу\s+прощения|сорри)\s*,?\s*(?:за\s+беспокойство|что\s+(?:отвлекаю|беспокою))
| (?:(?:i\s+am|i['’]?m)\s+)?(?:(?:so|very)\s+)?sorry\s+(?:to|for)\s+
  (?:bother|disturb|interrupt|troubl)(?:e|ing)?(?:\s+you)?(?:\s+(?:all|again|guys))?
"""
"""Said before a question; whoever takes one back says sorry for something else."""
_REACTIONS = r"""
спс | сп[ао]сиб[оа]\w* | пасиб\w* | thx | ty | ок(?:ей|ак|ус)? | ok(?:ay)? | ага+ | угу+ | м?да+
| не+т | ну | ща | ясно | хм+ | понял[аи]? | понятно | пон(?:ял)?\s+принял[аи]? | пон | принято
| got\s+it | understood | nice | great | cool | wow | yay | [ахеоы]*(?:ха|ах|хе|ех|хо|ох)[ахеоы]*
| [ha]*ha[ha]* | лол | lol | кек | ору | ржу | жиза | ура+ | круто | класс(?:но)? | супер | огонь
| топ | гуд | молодц?[ыа]* | красав\w* | поздравля\w+ | удачи | всем | всё | все | уже | очень
| большое | вам | тебе | тут | я | и | мне | тоже | такая\s+же\s+(?:фигня|история|проблема)
| плюс(?:ую|ик)? | \+\d* | за(?:работало|пустилось) | разобрал(?:ся|ась|ись) | получилось | работает
| решено | решил(?:а|ось)? | сам[аи]? | fixed | solved | works | now | so | very | much | it | me
| too | same | here | you | got | yes | no | спокойной\s+ночи | пока | до\s+завтра
"""
_BEGINS_WORD = r"(?<!\S)(?:[.,;][a-zA-Z]|!=+(?![=)(])|->|::(?![:\w]))"
"""A sign that belongs to a word or is spoken of: «.env», «!=», «,fpf» for «база» in the wrong layout."""
_CHATTER = re.compile(
    rf"(?<!\w)(?:{_PHRASES} | {_APOLOGIES})(?!\w)(?:(?!{_BEGINS_WORD})[\s,.!:;)(])*",
    re.IGNORECASE | re.VERBOSE,
)
_APOLOGY = re.compile(rf"(?<!\w)(?:{_APOLOGIES})(?!\w)[\s,.!:;)(–—-]*", re.IGNORECASE | re.VERBOSE)
_SORRY = re.compile(
    r"\A\W*(?:(?:hi|hello|hey|привет|здравствуйте)\W+)?(?:so\s+)?(?:sorry|excuse\s+me|извините|простите|сорри)\b"
    r"(?=(?:\W+\w+){3})\W+?(?=\.?\w)",
    re.IGNORECASE,
)
_MARGIN = re.compile(rf"(?:(?!{_BEGINS_WORD})[\s,.!;:–—-])*")
_SMALL_TALK = re.compile(
    rf"(?:(?>(?<!\w)(?:{_PHRASES} | {_APOLOGIES} | {_REACTIONS})(?!\w))|[^\w+?]|_)*+",
    re.IGNORECASE | re.VERBOSE,
)
_SPACES = re.compile(r"[ \t]+")
_LAST_SIGN = re.compile(r"\s+(::)[\s,.!;]*")
LONGEST_SMALL_TALK = 100
"""Longer messages are never taken for small talk, whatever they are made of."""


SHORT = 400
"""Characters of a text that is remembered with thousands of others: one question is stripped several times
while it is taken in, compared and indexed."""


def strip_chatter(text: str) -> str:
    """``text`` without greetings, pleas and thanks; the text itself when nothing else would be left."""
    return _stripped_short(text) if len(text) <= SHORT else _stripped(text)


def _stripped(text: str) -> str:
    whole = _SPACES.sub(" ", _CHATTER.sub(" ", text))
    bare = whole.rstrip(" \n\t,.!;:-–—")
    if sign := _LAST_SIGN.fullmatch(whole, len(bare)):
        bare = whole[: sign.end(1)]
    return _SORRY.sub("", _MARGIN.sub("", bare, count=1), count=1) or text.strip()


_stripped_short = lru_cache(maxsize=8_192)(_stripped)


def without_apology(text: str) -> str:
    """``text`` without "sorry to bother you", or "sorry" before three words and more, if anything is left."""
    rest = _SORRY.sub("", _APOLOGY.sub(" ", text).strip(), count=1)
    return rest or text


def is_small_talk(text: str) -> bool:
    """Whether ``text`` asks nothing: thanks, reactions, "+1", laughter, emoji and nothing besides.

    A question mark or any other word makes it a question: one that is set aside wrongly costs more than
    one that is not.
    """
    return len(text) <= LONGEST_SMALL_TALK and _SMALL_TALK.fullmatch(text) is not None
