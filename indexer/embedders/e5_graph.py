"""The network of multilingual-e5-small for ONNX Runtime, made of `Weights` when it is loaded.

ONNX Runtime multiplies in eight bits, in less than half of the time that the package's own library takes.
Weights have seven of them: with eight, sums of products overflow on processors without VNNI (ONNX Runtime,
"Quantize ONNX models", on reduce_range).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from indexer.embedders.e5_weights import Weights
from kbsearch.ports import Floats, Ints

LEVELS = 63
"""Largest weight in seven bits."""
LOUD_CHANNELS = 2
"""Columns into each first dense layer, and ..."""
LOUD_UNITS = 1
"""... into each second one, in which some tokens have a number a dozen times as large as all others
("massive activations", Sun et al. 2024); the weights tell which columns these are."""
EPSILON = 1e-12
CONTRIBUTED = "com.microsoft"
NONE: Ints = np.zeros(0, np.int64)


def session(weights: Weights) -> Any:
    """An ONNX Runtime session: vectors of tokens in, shape (1, n, width), those of the last layer out."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = _Graph(weights).model().SerializeToString()
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


class _Graph:
    """The nodes of the network, one after the other."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def model(self) -> Any:
        """The whole as an ONNX model."""
        from onnx import TensorProto, helper

        given = ["x", *self._norm("emb.ln")]
        self._add("LayerNormalization", given, "layer0", domain="", epsilon=EPSILON, axis=-1)
        for layer in range(self._weights.sizes.layers):
            self._layer(f"l{layer}.", f"layer{layer}", f"layer{layer + 1}")
        shape: list[int | str | None] = [1, "n", self._weights.sizes.width]
        ends = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name in ("x", f"layer{self._weights.sizes.layers}")
        ]
        graph = helper.make_graph(self._nodes, "e5", ends[:1], ends[1:], self._constants)
        versions = [helper.make_opsetid("", 17), helper.make_opsetid(CONTRIBUTED, 1)]
        return helper.make_model(graph, opset_imports=versions, ir_version=9)

    def _layer(self, name: str, x: str, out: str) -> None:
        """A BERT layer (Devlin et al. 2019): attention, then two dense layers, each added and normalised."""
        width, inner = self._weights.sizes.width, self._weights.sizes.inner
        three = [self._product(name + one, x, f"{name}{one}.w", width) for one in "qkv"]
        biases = np.concatenate([self._weights.numbers(f"{name}{one}.b") for one in "qkv"])
        given = [*three, self._constant(f"{name}qkv.b", biases)]
        self._add("MultiHeadAttention", given, f"{name}c", num_heads=self._weights.sizes.heads)
        said = self._product(f"{name}ao", f"{name}c", f"{name}ao.w", width)
        self._added(x, said, f"{name}aln", f"{name}ao.b", f"{name}a")
        loud = _largest(self._weights.numbers(f"{name}aln.w"), LOUD_CHANNELS)
        wide = self._product(f"{name}fi", f"{name}a", f"{name}fi.w", inner, loud)
        self._add("BiasGelu", [wide, self._floats(f"{name}fi.b")], f"{name}g")
        loud = _largest(np.abs(self._weights.matrix(f"{name}fo.w", width)).max(axis=0), LOUD_UNITS)
        narrow = self._product(f"{name}fo", f"{name}g", f"{name}fo.w", width, loud)
        self._added(f"{name}a", narrow, f"{name}oln", f"{name}fo.b", out)

    def _product(self, out: str, x: str, name: str, rows: int, loud: Ints = NONE) -> str:
        """``x`` times the transposed matrix ``name``, in eight bits; ``loud`` columns of ``x`` in floats.

        All of ``x`` shares one scale, so a column a dozen times as large as the others would leave these few
        levels (Dettmers et al., "LLM.int8()", 2022).
        """
        columns = self._weights.matrix(name, rows).T
        if not len(loud):
            return self._levelled(out, x, name, columns)
        quiet = np.ones(len(columns), np.float32)
        quiet[loud] = 0
        self._add("Mul", [x, self._constant(f"{name}.quiet", quiet)], f"{out}.quiet", domain="")
        self._levelled(f"{out}.levelled", f"{out}.quiet", name, columns * quiet[:, None])
        self._add("Gather", [x, self._constant(f"{name}.places", loud)], f"{out}.loud", domain="", axis=-1)
        given = [f"{out}.loud", self._constant(f"{name}.loud", columns[loud])]
        self._add("MatMul", given, f"{out}.exact", domain="")
        self._add("Add", [f"{out}.levelled", f"{out}.exact"], out, domain="")
        return out

    def _levelled(self, out: str, x: str, name: str, columns: Floats) -> str:
        """``x`` times ``columns`` in eight bits; each of these has a scale of its own."""
        scale = np.maximum(np.abs(columns).max(axis=0), EPSILON) / LEVELS
        levels = np.rint(columns / scale).astype(np.int8)
        given = [
            x,
            self._constant(f"{name}.levels", levels),
            self._constant(f"{name}.scale", scale.astype(np.float32)),
            self._constant(f"{name}.zero", np.zeros(len(scale), np.int8)),
        ]
        self._add("DynamicQuantizeMatMul", given, out)
        return out

    def _added(self, x: str, y: str, norm: str, bias: str, out: str) -> None:
        """``x``, ``y`` and the bias, normalised; SkipLayerNormalization would take twice as long."""
        self._add("Add", [x, y], f"{out}.sum", domain="")
        self._add("Add", [f"{out}.sum", self._floats(bias)], f"{out}.all", domain="")
        given = [f"{out}.all", *self._norm(norm)]
        self._add("LayerNormalization", given, out, domain="", epsilon=EPSILON, axis=-1)

    def _norm(self, name: str) -> list[str]:
        return [self._floats(f"{name}.w"), self._floats(f"{name}.b")]

    def _floats(self, name: str) -> str:
        return self._constant(name, self._weights.numbers(name))

    def _constant(self, name: str, values: Floats | Any) -> str:
        from onnx import numpy_helper

        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _add(
        self, kind: str, given: list[str], out: str, *, domain: str = CONTRIBUTED, **settings: Any
    ) -> None:
        from onnx import helper

        self._nodes.append(helper.make_node(kind, given, [out], domain=domain, **settings))


def _largest(numbers: Floats, count: int) -> Ints:
    """Where the ``count`` largest of ``numbers`` stand, whatever their sign."""
    return np.argsort(-np.abs(numbers), kind="stable")[:count]
