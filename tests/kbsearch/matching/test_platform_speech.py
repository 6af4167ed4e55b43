"""The model of faults that ships with kbsearch is the one that its sentences give."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np

from indexer.embedders.bundled import BundledEmbedder
from indexer.embedders.hashing import HashingEmbedder
from kbsearch.matching.platform_speech import PlatformSpeech, examples, learn, shipped_model
from kbsearch.matching.queries import bare_text

TEXTS = [bare_text(sentence) for sentence, _ in examples()] + ["", "сайт лежит, 502", "when is the deadline"]


def test_the_shipped_model_is_what_the_sentences_give() -> None:
    embedder = BundledEmbedder()
    vectors = embedder.encode(TEXTS, "passage")
    learned = learn(embedder)
    assert shipped_model().model_id == embedder.model_id
    np.testing.assert_allclose(
        shipped_model().probabilities(TEXTS, vectors), learned.probabilities(TEXTS, vectors), atol=0.01
    )


def test_probabilities_are_those_of_scikit_learn() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    from kbsearch.matching.platform_speech import STRENGTH, WORDS
    from kbsearch.text.words import stems

    embedder = HashingEmbedder()
    bare = TEXTS[: len(examples())]
    terms = TfidfVectorizer(analyzer=stems, sublinear_tf=True).fit(bare)
    vectors = embedder.encode(TEXTS, "passage")
    table = np.hstack([vectors, WORDS * terms.transform(TEXTS).toarray()])
    model = LogisticRegression(C=STRENGTH, max_iter=2_000)
    expected = model.fit(table[: len(bare)], [speaks for _, speaks in examples()]).predict_proba(table)[:, 1]
    np.testing.assert_allclose(learn(embedder).probabilities(TEXTS, vectors), expected, atol=1e-4)


def test_another_encoder_is_learned_for() -> None:
    embedder = HashingEmbedder()
    told = ["не грузится видео, белый экран", "как отменить последний коммит"]
    broken, fine = PlatformSpeech(embedder).probabilities(told, embedder.encode(told, "passage"))
    assert broken > 0.5 > fine


def test_asking_with_the_bundled_encoder_imports_no_scikit_learn() -> None:
    asking = (
        "import json, sys; from indexer.embedders.bundled import BundledEmbedder as B;"
        "from kbsearch.matching.platform_speech import PlatformSpeech as P;"
        "e = B(); P(e).probabilities(['сайт лежит'], e.encode(['сайт лежит'], 'passage'));"
        "print(json.dumps([m for m in ('sklearn', 'scipy.stats') if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", asking], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
