"""Text typed in the wrong keyboard layout ("rfr cjplfnm dtnre"), told word by word and turned."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from kbsearch.text.vocabulary import Vocabulary, common_vocabulary

_LATIN_KEYS = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_RUSSIAN_KEYS = "йцукенгшщзхъфывапролджэячсмитьбюё"
_TO_RUSSIAN = str.maketrans(
    'QWERTYUIOP{}ASDFGHJKL:"ZXCVBNM<>~' + _LATIN_KEYS, _RUSSIAN_KEYS.upper() + _RUSSIAN_KEYS
)
_TO_LATIN = str.maketrans(_RUSSIAN_KEYS + _RUSSIAN_KEYS.upper(), _LATIN_KEYS + _LATIN_KEYS.upper())

_PAIR = re.compile(r"\w\w")
_RUSSIAN_PAIRS = frozenset(
    _PAIR.findall(
        """
ст но ен то на ов ни ра во ко по не ро ть ос ал ан ре го от ер пр ли ка та ор ат ет ом ль ло ны ва ин ле
ол де ог те за ем ве ес ри ди ме ск ой он ит да ак до об ла ел бы ив ам ки ии че аз ил мо сл зн им ед бо
ся ую шь ши чт эт уд му ту су ку ну ру лу ду пу бу гу ас ад ах ац ая яв ят яз ям як ез ек ев еч ещ жн жа
же жи ча чи чн ша ше щи щё ие ия ий ик из ис иш их оз ож ош ощ оп ок ох уж ут уч ус уп ук юч ют бл бр вс
вн вы гд гр гл дл др зд кл кр кт нт мы мн пл пи па пе сп св см ср сь тр тв ты хо ца цы ъе ый ым ых ыл йл
йт лю ля лж рн рт рк рм ры ай ей уй фа фи фо фу фр аб аг эк эл бе ба уш
"""
    )
)
_ENGLISH_PAIRS = frozenset(
    _PAIR.findall(
        """
th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co me de hi
ri ro ic ne ea ra ce li ch ll be ma si om ur ca el ta la ns di fo ho pe ec pr no ct us ac ot il tr ly nc
et ut ss so rs un lo wa ge ie wh ee wi em ad ol rt po we na ul ni ts mo ow pa im mi ai sh ir su id os iv
ia am fi ci vi pl ig tu ev ld ry mp fe bl ab gh ty op wo sa ay ex ke fr oo av ag if ap gr od bo sp rd do
uc bu ei ov by rm ep tt oc fa ef cu rn sc gi da yo cr cl du ga qu ue ff ba ey ls va um pp ua up lu go ht
ru ug ds lt pi rc rr eg au ck ew mu br bi pt ak pu ui rg ib tl ny ki rk ys ob mm fu ph og ms ye ud mb ip
ub oi rl gu dr hr cc tw ft wn nu af hu nn eo vo rv nf xp gn sm fl iz ok nl my gl aw ju oa eq sy sl ps jo
lf nv je nk kn gs dy hy ze ks xt bs ik dd pd js py db
"""
    )
)
_CYRILLIC = re.compile(r"[А-Яа-яЁё]")
_LATIN = re.compile(r"[A-Za-z]")
_LETTERS = re.compile(r"[^\W\d_]+")
_PIECE = re.compile(r"\S+")
_NAME = re.compile(r"[_/\\=@]")
_EDGES = re.compile(r"(?P<head>[\"'(«]*)(?P<core>.*?)(?P<tail>[.,:;!?)\]\"'»}>]*)", re.DOTALL)
_MARK_INSIDE = re.compile(r"^[,;\]]\w|[^\W\d_][,;\[\]`{}][^\W\d_]|^[^`]*`[^`]*$")
"""Marks where nobody puts them: they are letters of the other layout."""
_COLON_INSIDE = re.compile(r"(?<=[a-z])[:.](?=[A-Z])|(?<=[a-z]):(?=[a-z])")
_VOWEL_KEYS = frozenset("fetbzj`s'FETBZJ")

GUESS = 2.0
"""What an unknown word is worth whose pairs of letters are all common, as `Vocabulary.weight` counts."""
SAME_STEM = 3.0
"""What a word is worth of which another form is known."""
ENOUGH = 2.0
"""How much likelier the words of a text must be when turned than as they were typed."""
SURE = 4
"""Known words of this length and longer were hardly meant to be others."""
LETTER_AT_END = 1.5
LONG = 5
"""From this length on a word is turned on its own evidence, whatever the others are."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """A piece as it was typed and as it comes out of the other layout, and how likely either is."""

    typed: str
    turned: str
    as_typed: float
    as_turned: float


def repair_layout(text: str, vocabulary: Vocabulary | None = None) -> str:
    """``text`` with words typed in the wrong layout turned into the right one; itself when there are none.

    Words and their turned forms are weighed by how common they are, unknown ones by their pairs of letters.
    When all words together are likelier turned, all are turned but those that are known and likelier as
    typed; otherwise only long words that nobody knows, but for their turned form.
    """
    known = vocabulary or common_vocabulary()
    worths = map(known.remembering(_as_typed), pieces := _PIECE.findall(text))
    typed = {piece: worth for piece, worth in zip(pieces, worths, strict=True) if worth is not None}
    sure = sum(len(one) for one, worth in typed.items() if worth >= SAME_STEM and len(one) >= SURE)
    if sure > sum(map(len, typed)) / 2:
        doubtful = {one: worth for one, worth in typed.items() if worth < GUESS / 2 and len(one) >= LONG}
        readings = list(map(known.remembering(_reading), doubtful))
        turned = {one.typed: one.turned for one in readings if _certain(one)}
    else:
        readings = list(map(known.remembering(_reading), typed))
        whole = sum(one.as_turned - one.as_typed for one in readings) >= ENOUGH
        turned = {one.typed: one.turned for one in readings if (_likely(one) if whole else _certain(one))}
    return _PIECE.sub(lambda piece: turned.get(piece.group(), piece.group()), text) if turned else text


def _likely(one: _Reading) -> bool:
    return one.as_turned >= one.as_typed or one.as_typed <= GUESS


def _certain(one: _Reading) -> bool:
    return one.as_typed < GUESS / 2 and one.as_turned >= SAME_STEM and len(one.typed) >= LONG


def _has_one_script(piece: str) -> bool:
    """Whether ``piece`` has letters of one of the scripts, and does not name a file or the like."""
    latin = bool(_LATIN.search(piece))
    return latin != bool(_CYRILLIC.search(piece)) and not (latin and _NAME.search(piece))


def _as_typed(piece: str, known: Vocabulary) -> float | None:
    """How likely ``piece`` is as it stands; None when it is not of one script."""
    if not _has_one_script(piece):
        return None
    if _CYRILLIC.search(piece):
        return _worth(piece, known, _RUSSIAN_PAIRS)
    return 0.0 if _MARK_INSIDE.search(piece) else _worth(piece, known, _ENGLISH_PAIRS)


def _reading(piece: str, known: Vocabulary) -> _Reading:
    as_typed = known.remembering(_as_typed)(piece) or 0.0
    if _CYRILLIC.search(piece):
        turned = piece.translate(_TO_LATIN)
        as_turned = 0.0 if _MARK_INSIDE.search(turned) else _worth(turned, known, _ENGLISH_PAIRS)
        return _Reading(piece, turned, as_typed, as_turned)
    options = {option: _worth(option, known, _RUSSIAN_PAIRS) for option in _to_russian(piece)}
    turned = max(options, key=lambda option: options[option] + _letters_at_end(option))
    return _Reading(piece, turned, as_typed, options[turned])


def _letters_at_end(turned: str) -> float:
    """A mark at the end of a wrongly typed word is likelier a letter: "." is ю, "," is б."""
    return LETTER_AT_END if turned[-1].isalpha() else 0.0


def _worth(piece: str, known: Vocabulary, pairs: frozenset[str]) -> float:
    """How likely the words of ``piece`` are, the least likely of them telling."""
    return min((_word_worth(word.lower(), known, pairs) for word in _LETTERS.findall(piece)), default=0.0)


def _word_worth(word: str, known: Vocabulary, pairs: frozenset[str]) -> float:
    plain = word.replace("ё", "е")
    if weight := known.weight(plain):
        return weight
    return SAME_STEM if known.knows(plain) else GUESS * _fit(word, pairs)


@lru_cache(maxsize=20_000)
def _fit(word: str, common: frozenset[str]) -> float:
    """Share of the pairs of letters of ``word`` that are ``common``, in [0, 1]."""
    found = [a + b in common for a, b in pairwise(word)]
    return sum(found) / len(found) if found else 0.0


def _to_russian(piece: str) -> list[str]:
    """``piece`` turned, the marks at its edges staying marks or turned as well; the likeliest way first."""
    edges = _EDGES.fullmatch(piece)
    first, last = (edges.end("head"), edges.start("tail")) if edges else (0, len(piece))
    after_vowel = piece[last:].startswith(".") and last and piece[last - 1] in _VOWEL_KEYS
    ends = dict.fromkeys([last + 1 if after_vowel else last, *range(last, len(piece) + 1)])
    starts = dict.fromkeys([first, *range(first + 1)])
    return [
        piece[:start] + _turned(piece[start:end]) + piece[end:]
        for start in starts
        for end in ends
        if start < end
    ] or [piece]


def _turned(letters: str) -> str:
    pieces, at = [], 0
    for mark in _COLON_INSIDE.finditer(letters):
        pieces += [letters[at : mark.start()].translate(_TO_RUSSIAN), mark.group()]
        at = mark.end()
    return "".join([*pieces, letters[at:].translate(_TO_RUSSIAN)])
