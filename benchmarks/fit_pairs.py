"""Fits the model of pairs on the sample school and writes `kbsearch/matching/pairs.json`.

    python -m benchmarks.fit_pairs [--only-check] [--check SET_FOLDER ...]

Texts are the school's questions and the titles and phrasings of its cases; two of the same topic are served
by one answer.  Its authors never asked in nearly the same words twice, so contrast copies are added: a
question retyped (a typo, a greeting, other order, a common word less) stays the same; one with another
number, a denial more or less, or its rarest word exchanged does not.  Each text's pairs are those with its
nearest earlier ones.
All figures come from texts whose topic was held out.  `--check` measures on other labelled sets, which are
never fitted on.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.stats import beta
from sklearn.metrics import roc_auc_score

from indexer.embedders.bundled import BundledEmbedder
from kbsearch.evaluation.sets import read_matching_set, read_questions
from kbsearch.importers.sample_school import sample_school_folder
from kbsearch.matching import pairs
from kbsearch.matching.pairs import (
    DENIALS,
    NAMES,
    PairText,
    pair_features,
    pair_text,
)
from kbsearch.matching.unrelated import EncoderBackground
from kbsearch.matching.word_weights import word_weight

TARGET = Path(pairs.__file__).with_name("pairs.json")
NEAREST = 5
FOLDS = 10
STRENGTH = 1e-3
PRECISION = 0.9
NATURAL = 0.95
LEAST_COUNT = 60
SHOWN = 0.7
"""Pairs of cases that an editor looks at.

Nobody writes a case twice on purpose, so they are rarer among cases than among questions: of the 515 cases of
`data`, no two of which are one, 31 pairs reach .5 and 3 reach .7.
"""
COPIED = 400
MOST = 3_000
AGAINST = (
    "negation", "numbers", "identifiers", "strange_word", "other_course", "other_lesson", "length",
)  # fmt: skip
"""What may only count against a pair; everything else may only count for it."""


@dataclass(frozen=True)
class Labelled:
    """A text with its topic; ``copy_of``: the place of the text that it is a contrast copy of."""

    text: str
    topic: str
    course: str = ""
    lesson: str = ""
    copy_of: int = -1


@dataclass(frozen=True)
class Pairs:
    """Pairs by row: features, whether one answer serves both, places of both texts, whether contrast."""

    x: np.ndarray
    same: np.ndarray
    later: np.ndarray
    earlier: np.ndarray
    contrast: np.ndarray


def school_texts() -> list[Labelled]:
    """Questions, titles and phrasings of the sample school in random order."""
    school = read_matching_set(sample_school_folder())
    texts = [Labelled(q.text, q.label, q.course, q.lesson) for q in school.questions if q.label != "chitchat"]
    texts += [Labelled(text, c.id, c.course) for c in school.cases for text in (c.title, *c.variants)]
    return [texts[at] for at in np.random.default_rng(1).permutation(len(texts))]


def set_texts(folder: Path) -> list[Labelled]:
    """The labelled questions of another set, at most `MOST` of them, in random order."""
    texts = [Labelled(q.text, q.label, q.course, q.lesson) for q in read_questions(folder)]
    return [texts[at] for at in np.random.default_rng(1).permutation(len(texts))[:MOST]]


def contrast(texts: list[Labelled], rarest: dict[str, float]) -> list[Labelled]:
    """Copies of some of ``texts``: retyped ones of the same topic, and altered ones of none."""
    draw = random.Random(2)  # noqa: S311  # repeatable on purpose
    copies = []
    for place in draw.sample(range(len(texts)), COPIED):
        source = texts[place]
        retyped = draw.choice((_mistyped, _greeted, _shuffled, _shortened))(source.text, draw)
        altered = draw.choice((_renumbered, _denied, _exchanged))(source.text, draw, rarest)
        for text, topic in ((retyped, source.topic), (altered, f"{source.topic} altered {place}")):
            if text and text != source.text:
                copies.append(replace(source, text=text, topic=topic, copy_of=place))
    return copies


def _mistyped(text: str, draw: random.Random) -> str:
    words = text.split()
    long = [at for at, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    for at in draw.sample(long, min(len(long), 1 + len(words) // 6)):
        cut = draw.randrange(1, len(words[at]) - 2)
        word = words[at]
        words[at] = word[:cut] + word[cut + 1] + word[cut] + word[cut + 2 :]
    return " ".join(words)


def _greeted(text: str, draw: random.Random) -> str:
    return (
        draw.choice(("Добрый день! ", "Здравствуйте, подскажите ", "ребят, ")) + text + draw.choice(("", "?"))
    )


def _shuffled(text: str, draw: random.Random) -> str:
    words = text.split()
    half = len(words) // 2
    return " ".join(words[half:] + words[:half]) if 3 < len(words) < 20 else ""


def _shortened(text: str, draw: random.Random) -> str:
    words = text.split()
    small = [at for at, word in enumerate(words) if len(word) <= 3 and word.lower() not in DENIALS]
    return " ".join(word for at, word in enumerate(words) if at not in small[:2]) if small else ""


def _renumbered(text: str, draw: random.Random, rarest: dict[str, float]) -> str:
    number = re.search(r"\d+", text)
    if not number:
        return ""
    return text[: number.start()] + str(int(number.group()[:6]) + draw.randrange(1, 9)) + text[number.end() :]


def _denied(text: str, draw: random.Random, rarest: dict[str, float]) -> str:
    words = text.split()
    without = [word for word in words if word.lower() not in DENIALS]
    if len(without) < len(words):
        return " ".join(without)
    verbs = [at for at, word in enumerate(words) if re.search("(ет|ит|ут|ют|ает|ется|ть)$", word)]
    return " ".join([*words[: verbs[0]], "не", *words[verbs[0] :]]) if verbs else ""


def _exchanged(text: str, draw: random.Random, rarest: dict[str, float]) -> str:
    words = re.findall(r"[^\W\d_]{4,}", text)
    if not words:
        return ""
    word = max(words, key=lambda one: rarest.get(one.lower(), 0.0))
    other = draw.choice(
        [
            one
            for one, weight in rarest.items()
            if abs(weight - rarest.get(word.lower(), 0.6)) < 0.1
            and one.isalpha()
            and (one[0] > "z") == (word.lower()[0] > "z")
        ]
        or [""]
    )
    return text.replace(word, other) if other else ""


class Corpus:
    """Texts made ready, with cosines and word weights among themselves."""

    def __init__(self, texts: list[Labelled]) -> None:
        embedder = BundledEmbedder()
        self.texts = texts
        self.sides: list[PairText] = [pair_text(one.text, one.course, one.lesson) for one in texts]
        vectors = embedder.encode([_bare(one.text) for one in texts], "passage")
        self.likeness = EncoderBackground(embedder).standardised(vectors @ vectors.T)
        own = [side for side, one in zip(self.sides, texts, strict=True) if one.copy_of < 0]
        found = Counter(stem for side in own for stem in side.words)
        self.weights = {stem: word_weight(number, len(own)) for stem, number in found.items()}

    def pairs(self) -> Pairs:
        """Each text with its `NEAREST` earlier ones by likeness and by words; copies with their source."""
        rows: list[tuple[np.ndarray, bool, int, int, bool]] = []
        for place, one in enumerate(self.texts):
            near = [one.copy_of] if one.copy_of >= 0 else self._near(place)
            for other in near:
                x = pair_features(
                    self.sides[place], self.sides[other], float(self.likeness[place, other]), self.weights
                )
                same = one.topic == self.texts[other].topic
                rows.append((x, same, place, other, one.copy_of >= 0))
        columns = list(zip(*rows, strict=True))
        return Pairs(np.stack(columns[0]).astype(float), *(np.array(column) for column in columns[1:]))

    def _near(self, place: int) -> list[int]:
        own = self.texts[place]
        allowed = [
            at
            for at in range(place)
            if (self.texts[at].copy_of < 0 and "" in (own.course, self.texts[at].course))
            or own.course == self.texts[at].course
        ]
        words = set(self.sides[place].words)
        by_words = sorted(
            allowed,
            key=lambda at: -sum(self.weights.get(stem, 1) for stem in words & set(self.sides[at].words)),
        )
        by_likeness = sorted(allowed, key=lambda at: -self.likeness[place, at])
        return list(dict.fromkeys([*by_likeness[:NEAREST], *by_words[:NEAREST]]))


def _bare(text: str) -> str:
    from kbsearch.matching.queries import bare_text

    return bare_text(text)


def fit(x: np.ndarray, same: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights of the raw features and the intercept; no weight has the wrong sign."""
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-9
    table, target = (x - mean) / scale, np.where(same, 1.0, -1.0)

    def loss(b: np.ndarray) -> tuple[float, np.ndarray]:
        margin = target * (table @ b[:-1] + b[-1])
        slope = -target / (1 + np.exp(margin)) / len(same)
        value = np.logaddexp(0, -margin).mean() + STRENGTH * (b[:-1] ** 2).sum()
        return float(value), np.append(table.T @ slope + 2 * STRENGTH * b[:-1], slope.sum())

    bounds = [(None, 0) if name in AGAINST else (0, None) for name in NAMES] + [(None, None)]
    found = minimize(loss, np.zeros(len(NAMES) + 1), jac=True, bounds=bounds, method="L-BFGS-B").x
    weights = found[:-1] / scale
    return weights, float(found[-1] - weights @ mean)


def held_out(corpus: Corpus, chosen: Pairs) -> np.ndarray:
    """Probability of each pair by a model that saw neither of its topics."""
    topics = sorted({one.topic.split(" altered ")[0] for one in corpus.texts})
    folds = dict(zip(topics, np.random.default_rng(0).permutation(len(topics)) % FOLDS, strict=True))
    fold = np.array([folds[one.topic.split(" altered ")[0]] for one in corpus.texts])
    chance = np.zeros(len(chosen.same))
    for number in range(FOLDS):
        test = fold[chosen.later] == number
        train = ~test & (fold[chosen.earlier] != number)
        weights, intercept = fit(chosen.x[train], chosen.same[train])
        chance[test] = 1 / (1 + np.exp(-(chosen.x[test] @ weights + intercept)))
    return chance


def best_of_each(chosen: Pairs, chance: np.ndarray) -> np.ndarray:
    """The most likely pair of each text, most likely first: what would be linked."""
    best: dict[int, int] = {}
    for row, place in enumerate(chosen.later):
        if place not in best or chance[row] > chance[best[place]]:
            best[place] = row
    rows = np.array(list(best.values()))
    order: np.ndarray = rows[np.argsort(-chance[rows], kind="stable")]
    return order


def lower_bound(right: int, count: int) -> float:
    """Clopper-Pearson lower bound, 95 % two-sided."""
    return float(beta.ppf(0.025, right, count - right + 1)) if right else 0.0


def threshold_of(chosen: Pairs, chance: np.ndarray) -> float:
    """The lowest probability from which on precision holds at every step.

    Of all links its lower bound must reach `PRECISION`; of those between texts as they were written, too few
    for such a bound, the observed one must reach `NATURAL`.  It is never below `PRECISION` itself.
    """
    order = best_of_each(chosen, chance)
    threshold = 1.0
    for step in np.arange(0.99, PRECISION - 0.001, -0.01):
        linked = order[chance[order] >= step]
        right, natural = chosen.same[linked], chosen.same[linked][~chosen.contrast[linked]]
        if len(linked) < LEAST_COUNT:
            continue
        if lower_bound(int(right.sum()), len(right)) < PRECISION or natural.sum() < NATURAL * len(natural):
            break
        threshold = float(step)
    return threshold


def figures(corpus: Corpus, chosen: Pairs, chance: np.ndarray, threshold: float) -> dict[str, Any]:
    """Precision and recall of links at ``threshold``.

    ``repeated``: texts among whose pairs is one of the same topic.
    """
    order = best_of_each(chosen, chance)
    linked = order[chance[order] >= threshold]
    repeated = len(set(chosen.later[chosen.same].tolist()))
    right = int(chosen.same[linked].sum())
    return {
        "links": len(linked),
        "right": right,
        "precision": round(right / max(1, len(linked)), 3),
        "lower": round(lower_bound(right, len(linked)), 3),
        "repeated": repeated,
        "recall": round(right / max(1, repeated), 3),
        "auc": round(float(roc_auc_score(chosen.same, chance)), 3),
    }


def part(chosen: Pairs, mask: np.ndarray) -> Pairs:
    """The pairs of ``mask``."""
    return Pairs(
        chosen.x[mask], chosen.same[mask], chosen.later[mask], chosen.earlier[mask], chosen.contrast[mask]
    )


def calibration(chosen: Pairs, chance: np.ndarray) -> list[list[float]]:
    """Rows [mean probability, share right, count] by fifths of probability, of the best pair of each text."""
    order = best_of_each(chosen, chance)
    chances, right = chance[order], chosen.same[order]
    fifth = np.minimum((5 * chances).astype(int), 4)
    parts = [fifth == number for number in range(5) if (fifth == number).any()]
    return [
        [round(float(chances[of].mean()), 3), round(float(right[of].mean()), 3), int(of.sum())]
        for of in parts
    ]


def fitted() -> dict[str, Any]:
    """What is stored."""
    own = school_texts()
    plain = Corpus(own)
    forms = {word: plain.weights.get(stem, 0.5) for side in plain.sides for stem, word in side.words.items()}
    corpus = Corpus([*own, *contrast(own, forms)])
    chosen = corpus.pairs()
    chance = held_out(corpus, chosen)
    threshold = threshold_of(chosen, chance)
    weights, intercept = fit(chosen.x, chosen.same)
    natural, copies = ~chosen.contrast, chosen.contrast
    return {
        "version": "sample-school-1",
        "provenance": "python -m benchmarks.fit_pairs: logistic regression with signs fixed, on pairs of "
        f"data/sample_school ({len(own)} texts, {int(copies.sum())} contrast copies); threshold and figures "
        f"from {FOLDS}-fold cross-validation by topic",
        "weights": {name: round(float(value), 5) for name, value in zip(NAMES, weights, strict=True)},
        "intercept": round(intercept, 5),
        "threshold": round(threshold, 3),
        "shown": SHOWN,
        "held_out": {
            "all": figures(corpus, chosen, chance, threshold),
            "natural": figures(corpus, part(chosen, natural), chance[natural], threshold),
            "copies": figures(corpus, part(chosen, copies), chance[copies], threshold),
            "calibration": calibration(chosen, chance),
        },
    }


def check(folder: Path) -> None:
    """Print the figures on a set that was not fitted on."""
    model = pairs.pair_model_from(json.loads(TARGET.read_text("utf-8")))
    corpus = Corpus(set_texts(folder))
    chosen = corpus.pairs()
    chance = model.probabilities(chosen.x)
    print(folder.name, len(corpus.texts), "texts:", figures(corpus, chosen, chance, model.threshold))
    print("  calibration", calibration(chosen, chance))


def main() -> None:
    """Fit, write and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", type=Path, nargs="*", default=[])
    parser.add_argument("--only-check", action="store_true")
    given = parser.parse_args()
    if not given.only_check:
        stored = fitted()
        TARGET.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", "utf-8")
        print(json.dumps(stored, indent=1, ensure_ascii=False))
    for folder in given.check:
        check(folder)


if __name__ == "__main__":
    main()
