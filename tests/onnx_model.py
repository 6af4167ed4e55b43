"""A real ONNX encoder: the small English model, exported as docs/models.md tells."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

from tests.cross_encoder import MINILM

INPUTS = ["input_ids", "attention_mask", "token_type_ids"]


def save_onnx_encoder(folder: Path) -> str:
    """Make the model in ``folder``.  Returns its path."""
    import torch
    from sentence_transformers import SentenceTransformer

    shutil.copytree(str(MINILM), folder, dirs_exist_ok=True)
    (folder / "onnx").mkdir()
    model = SentenceTransformer(str(MINILM), device="cpu")
    tokens = model.tokenizer(["a text", "another longer text"], padding=True, return_tensors="pt")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the tracer, about constants that do not matter here
        torch.onnx.export(
            _Hidden(model[0].model),
            tuple(tokens[name] for name in INPUTS),
            str(folder / "onnx" / "model.onnx"),
            dynamo=False,
            input_names=INPUTS,
            output_names=["last_hidden_state"],
            dynamic_axes={name: {0: "texts", 1: "tokens"} for name in [*INPUTS, "last_hidden_state"]},
        )
    return str(folder)


def _Hidden(network: object) -> object:  # noqa: N802  # stands for a class that needs torch
    import torch

    class Hidden(torch.nn.Module):
        """Gives the vectors of the tokens alone."""

        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, ids: object, mask: object, types: object) -> object:
            found = self.network(input_ids=ids, attention_mask=mask, token_type_ids=types)  # type: ignore[operator]
            return found.last_hidden_state

    return Hidden().eval()
