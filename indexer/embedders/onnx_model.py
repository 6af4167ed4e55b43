"""Encoders as ONNX files, run by ONNX Runtime: the vectors of sentence-transformers without torch.

A folder as the hub has it: ``onnx/model.onnx``, ``tokenizer.json`` and, where they differ from the defaults,
``1_Pooling/config.json``, ``sentence_bert_config.json`` and ``config_sentence_transformers.json``.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from indexer.embedders.hashing import unit_rows
from indexer.embedders.prefixes import prefix
from indexer.embedders.texts import with_content
from kbsearch.errors import EncoderUnavailable
from kbsearch.ports import Floats, Role

BATCH = 32
MAX_CHARS = 20_000
MAX_TOKENS = 512
"""Where the model names no limit of its own."""
PLACES = ("onnx/model.onnx", "model.onnx")
POOLINGS = ("mean", "cls")
MODULES = {"Transformer", "Pooling", "Normalize"}
"""What may stand in modules.json: other modules (a dense layer) are not part of the ONNX file."""


@dataclass(frozen=True, slots=True)
class _Model:
    name: str
    session: Any
    tokenizer: Any
    pooling: str
    prompts: Mapping[str, str]
    inputs: frozenset[str]


class OnnxEmbedder:
    """A sentence encoder as an ONNX file.  Threads may share one.

    Args:
        name: a folder, an ``.onnx`` file in it (another precision), or the name of a model that is in the
            local cache of the hub.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._loading = threading.Lock()
        self._loaded: _Model | None = None
        self._dimension = 0

    @property
    def model_id(self) -> str:
        """The name or path, as it was given."""
        return f"onnx/{self._name}"

    @property
    def dimension(self) -> int:
        """Length of each vector; loads the model."""
        if not self._dimension:
            self._dimension = self._encoded(["length"], "query").shape[1]
        return self._dimension

    def encode(self, texts: Sequence[str], role: Role) -> Floats:
        """Unit vectors of ``texts``, with the prefix that the model was trained with for ``role``.

        Raises:
            EncoderUnavailable: ONNX Runtime or the model is not there, or it cannot be loaded or failed.
        """
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        places, kept = with_content(texts, MAX_CHARS)
        if places:
            vectors[places] = self._encoded(kept, role)
        return unit_rows(vectors)

    def _encoded(self, texts: Sequence[str], role: Role) -> Floats:
        model = self._model()
        start = prefix(model.name, model.prompts, role)
        try:
            tokens = model.tokenizer.encode_batch([start + text for text in texts])
            batches = [(places, _pooled(model, [tokens[i] for i in places])) for places in _batches(tokens)]
        except Exception as error:
            raise self._unavailable(error) from error
        vectors = np.empty((len(texts), batches[0][1].shape[1]), np.float32)
        for places, found in batches:
            vectors[places] = found
        return vectors

    def _model(self) -> _Model:
        with self._loading:
            if self._loaded is None:
                try:
                    self._loaded = _load(self._name)
                except Exception as error:
                    raise self._unavailable(error) from error
            return self._loaded

    def _unavailable(self, error: Exception) -> EncoderUnavailable:
        return EncoderUnavailable(
            "The encoder '{name}' failed: {reason}.",
            remedy="It needs `pip install 'kbsearch[onnx]'` and a folder with onnx/model.onnx and "
            "tokenizer.json: see docs/models.md; then run `kbsearch index rebuild`.",
            name=f"onnx:{self._name}",
            reason=(str(error).strip() or type(error).__name__).splitlines()[0][:300].rstrip("."),
        )


def _batches(tokens: Sequence[Any]) -> Iterator[list[int]]:
    """Places of ``tokens`` in batches of about equal length, so that little is padded."""
    by_length = sorted(range(len(tokens)), key=lambda place: len(tokens[place].ids))
    for start in range(0, len(by_length), BATCH):
        yield by_length[start : start + BATCH]


def _pooled(model: _Model, tokens: Sequence[Any]) -> Floats:
    """One vector for each of ``tokens``, not yet of unit length."""
    longest = max(len(one.ids) for one in tokens)
    ids = np.zeros((len(tokens), longest), np.int64)
    mask = np.zeros((len(tokens), longest), np.int64)
    for row, one in enumerate(tokens):
        ids[row, : len(one.ids)] = one.ids
        mask[row, : len(one.ids)] = 1
    given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    hidden: Floats = model.session.run(None, {name: given[name] for name in model.inputs})[0]
    if hidden.ndim == 2:  # noqa: PLR2004  # it pools on its own
        return hidden
    if model.pooling == "cls":
        return hidden[:, 0]
    weight = mask[:, :, None].astype(np.float32)
    mean: Floats = (hidden * weight).sum(axis=1) / weight.sum(axis=1)
    return mean


def _load(name: str) -> _Model:
    import onnxruntime
    from tokenizers import Tokenizer

    folder, file = _found(name)
    _check_modules(folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    longest = _json(folder / "sentence_bert_config.json").get("max_seq_length") or MAX_TOKENS
    tokenizer.enable_truncation(int(longest))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # Its threads would keep a core busy while they wait: on two cores everything else waits for them.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    prompts = _json(folder / "config_sentence_transformers.json").get("prompts") or {}
    inputs = frozenset(one.name for one in session.get_inputs())
    called = folder.name if name.endswith(".onnx") else name
    return _Model(called, session, tokenizer, _pooling(folder), prompts, inputs)


def _found(name: str) -> tuple[Path, Path]:
    """The folder of the model, and its ONNX file."""
    path = Path(name)
    if path.suffix == ".onnx":
        return (path.parent.parent if path.parent.name == "onnx" else path.parent), path
    if not path.is_dir():
        if name.startswith(("/", "./", "../")):
            raise FileNotFoundError("there is no such folder")
        from huggingface_hub import snapshot_download

        path = Path(snapshot_download(name, local_files_only=True))
    for place in PLACES:
        if (path / place).is_file():
            return path, path / place
    raise FileNotFoundError(f"no {PLACES[0]} in {path}")


def _check_modules(folder: Path) -> None:
    path = folder / "modules.json"
    modules = json.loads(path.read_text("utf-8")) if path.is_file() else []
    kinds = {str(module["type"]).rsplit(".", 1)[-1] for module in modules}
    if others := kinds - MODULES:
        raise ValueError(f"it has a part that is not in the ONNX file: {', '.join(sorted(others))}")


def _pooling(folder: Path) -> str:
    """``mean`` or ``cls``: how the vectors of a text's tokens become one."""
    config = _json(folder / "1_Pooling" / "config.json")
    start = "pooling_mode_"
    modes = [key.removeprefix(start) for key, on in config.items() if key.startswith(start) and on]
    named = str(config.get("pooling_mode") or "+".join(modes) or "mean")
    mode = named.removesuffix("_tokens").removesuffix("_token")
    if mode not in POOLINGS:
        raise ValueError(f"its pooling '{named}' is not one of {', '.join(POOLINGS)}")
    return mode


def _json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return found
