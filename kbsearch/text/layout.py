"""Text typed in the wrong keyboard layout ("rfr cjplfnm dtnre"), told by its pairs of letters and turned."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

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
_PIECE = re.compile(r"\S+")
_TAIL = re.compile(r"[.,:;!?)\]\"]*$")
_VOWEL_KEYS = frozenset("fetbzj`s'FETBZJ")
MARGIN = 0.3
"""How much more of a text's pairs of letters must be common when it is turned than as it was typed."""
READABLE = 0.6
"""From this share of common pairs on a text reads as its language."""


def repair_layout(text: str) -> str:
    """``text`` with words typed in the wrong layout turned into the right one; itself when there are none.

    A text is turned when it is all of one script and its pairs of letters are common in the other language
    and not in its own; then words that read well as they were typed (``git``) stay.
    """
    latin, cyrillic = bool(_LATIN.search(text)), bool(_CYRILLIC.search(text))
    if latin == cyrillic:
        return text
    here, there = (_ENGLISH_PAIRS, _RUSSIAN_PAIRS) if latin else (_RUSSIAN_PAIRS, _ENGLISH_PAIRS)
    turn = _to_russian if latin else _to_latin
    pieces = _PIECE.findall(text)
    needed = max(READABLE, _fit(pieces, here) + MARGIN)
    if needed > 1 or _fit([turn(piece) for piece in pieces], there) < needed:
        return text
    return _PIECE.sub(lambda m: _better(m.group(), turn, here, there), text)


def _better(piece: str, turn: Callable[[str], str], here: frozenset[str], there: frozenset[str]) -> str:
    turned = turn(piece)
    return turned if _fit([turned], there) >= _fit([piece], here) else piece


def _fit(pieces: list[str], common: frozenset[str]) -> float:
    """Share of the pairs of letters within ``pieces`` that are ``common``, in [0, 1]."""
    pairs = [a + b for p in pieces for a, b in pairwise(p.lower()) if a.isalpha() and b.isalpha()]
    return sum(pair in common for pair in pairs) / len(pairs) if pairs else 0.0


def _to_russian(piece: str) -> str:
    """``piece`` turned; marks at its end stay, but for "." after a vowel: "ltkf." is "делаю"."""
    tail = _TAIL.search(piece)
    end = tail.start() if tail else len(piece)
    if piece[end:].startswith(".") and end and piece[end - 1] in _VOWEL_KEYS:
        end += 1
    return piece[:end].translate(_TO_RUSSIAN) + piece[end:]


def _to_latin(piece: str) -> str:
    return piece.translate(_TO_LATIN)
