"""Fits the model of faults on `data/platform_faults` and writes `kbsearch/matching/platform_speech.json`.

python -m benchmarks.fit_platform_speech
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from indexer.embedders.bundled import BundledEmbedder
from kbsearch.matching import platform_speech
from kbsearch.matching.platform_speech import SpeechModel, examples, learn

TARGET = Path(platform_speech.__file__).with_name("platform_speech.json")


def as_dict(model: SpeechModel) -> dict[str, Any]:
    """What `shipped_model` reads; ``words``: [idf, weight] by stem."""
    return {
        "provenance": f"{len(examples())} sentences of data/platform_faults",
        "model_id": model.model_id,
        "intercept": round(model.intercept, 5),
        "vector": [round(float(weight), 4) for weight in model.vector],
        "words": {
            stem: [round(float(model.rarity[place]), 4), round(float(model.words[place]), 4)]
            for stem, place in sorted(model.places.items())
        },
    }


if __name__ == "__main__":
    TARGET.write_text(json.dumps(as_dict(learn(BundledEmbedder())), ensure_ascii=False) + "\n", "utf-8")
