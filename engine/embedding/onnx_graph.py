"""The ONNX graph of a BERT encoder with mean pooling, built from its safetensors weights.

Inputs: ``ids`` (batch, tokens) int64, ``mask`` (batch, tokens) int32, ``pool`` (batch, spans, tokens) float32 whose rows
hold the weight of each token in each span's mean. Outputs: ``pooled`` (batch, spans, width) and ``tokens`` (batch,
tokens, width), both float32 and not normalised. The architecture is that of Devlin et al. 2019 (arXiv:1810.04805) with
post-layer normalisation and the exact (erf) GELU; the fused operators are ONNX Runtime's own (domain com.microsoft).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HEADS = 12
EPSILON = 1e-12
_FUSED = "com.microsoft"


def build_graph(weights: Mapping[str, np.ndarray], *, int8: bool) -> onnx.ModelProto:
    """Build the model.

    Args:
        weights: tensors by their Hugging Face names (``encoder.layer.0...``).
        int8: store the MatMul weights as int8 with one scale per output column and quantise activations on the fly.

    Returns:
        A model that ONNX Runtime loads as it is.
    """
    graph = _Builder(weights, int8)
    layers = 1 + max(int(name.split(".")[2]) for name in weights if name.startswith("encoder.layer."))
    x = graph.embed()
    for layer in range(layers):
        x = graph.encode(x, f"encoder.layer.{layer}")
    graph.node("Identity", [x], "tokens")
    graph.node("MatMul", ["pool", x], "pooled")
    return graph.model()


class _Builder:
    def __init__(self, weights: Mapping[str, np.ndarray], int8: bool) -> None:
        self.weights, self.int8 = weights, int8
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[TensorProto] = []
        self.width = weights["embeddings.LayerNorm.weight"].shape[0]

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, op: str, inputs: list[str], output: str, *, fused: bool = False, **attributes: object) -> str:
        domain = _FUSED if fused else ""
        self.nodes.append(helper.make_node(op, inputs, [output], domain=domain, **attributes))
        return output

    def weight(self, name: str) -> str:
        return self.constant(name, self.weights[name])

    def linear(self, x: str, name: str, matrix: np.ndarray) -> str:
        """``x @ matrix`` without its bias, which the next fused operator adds."""
        if not self.int8:
            return self.node("MatMul", [x, self.constant(f"{name}.w", matrix)], f"{name}.out")
        scale = np.maximum(np.abs(matrix).max(axis=0), 1e-8).astype(np.float32) / 127
        quantised = np.clip(np.rint(matrix / scale), -127, 127).astype(np.int8)
        inputs = [
            x,
            self.constant(f"{name}.w", quantised),
            self.constant(f"{name}.scale", scale),
            self.constant(f"{name}.zero", np.zeros(matrix.shape[1], np.int8)),
        ]
        return self.node("DynamicQuantizeMatMul", inputs, f"{name}.out", fused=True)

    def embed(self) -> str:
        e = "embeddings"
        positions = (
            self.weights[f"{e}.position_embeddings.weight"] + self.weights[f"{e}.token_type_embeddings.weight"][0]
        )
        self.constant("positions", positions)
        self.constant("zero", np.array([0]))
        self.node("Gather", [self.weight(f"{e}.word_embeddings.weight"), "ids"], "words")
        self.node("Shape", ["ids"], "length", start=1, end=2)
        self.node("Slice", ["positions", "zero", "length"], "places")
        self.node("Add", ["words", "places"], "summed")
        norm = [self.weight(f"{e}.LayerNorm.weight"), self.weight(f"{e}.LayerNorm.bias")]
        return self.node("LayerNormalization", ["summed", *norm], "x", epsilon=EPSILON)

    def encode(self, x: str, layer: str) -> str:
        w, a = self.weights, f"{layer}.attention"
        parts = [f"{a}.self.{part}" for part in ("query", "key", "value")]
        joint = np.concatenate([w[f"{p}.weight"].T for p in parts], axis=1)
        bias = self.constant(f"{a}.bias", np.concatenate([w[f"{p}.bias"] for p in parts]))
        qkv = self.linear(x, f"{a}.qkv", joint)
        names = [f"{a}.{part}" for part in "qkv"]
        self.nodes.append(helper.make_node("Split", [qkv], names, axis=2, num_outputs=3))
        attended = self.node("MultiHeadAttention", [*names, bias, "mask"], f"{a}.out", fused=True, num_heads=HEADS)
        x = self.add_and_norm(attended, x, f"{a}.output")
        hidden = self.linear(x, f"{layer}.up", w[f"{layer}.intermediate.dense.weight"].T)
        up_bias = self.weight(f"{layer}.intermediate.dense.bias")
        hidden = self.node("BiasGelu", [hidden, up_bias], f"{layer}.gelu", fused=True)
        return self.add_and_norm(hidden, x, f"{layer}.output")

    def add_and_norm(self, inner: str, skip: str, name: str) -> str:
        out = self.linear(inner, f"{name}.dense", self.weights[f"{name}.dense.weight"].T)
        norm = [self.weight(f"{name}.LayerNorm.weight"), self.weight(f"{name}.LayerNorm.bias")]
        inputs = [out, skip, *norm, self.weight(f"{name}.dense.bias")]
        return self.node("SkipLayerNormalization", inputs, f"{name}.norm", fused=True, epsilon=EPSILON)

    def model(self) -> onnx.ModelProto:
        def tensor(name: str, kind: int, *shape: str | int) -> onnx.ValueInfoProto:
            return helper.make_tensor_value_info(name, kind, shape)

        inputs = [
            tensor("ids", TensorProto.INT64, "batch", "tokens"),
            tensor("mask", TensorProto.INT32, "batch", "tokens"),
            tensor("pool", TensorProto.FLOAT, "batch", "spans", "tokens"),
        ]
        outputs = [
            tensor("pooled", TensorProto.FLOAT, "batch", "spans", self.width),
            tensor("tokens", TensorProto.FLOAT, "batch", "tokens", self.width),
        ]
        graph = helper.make_graph(self.nodes, "encoder", inputs, outputs, self.constants)
        opsets = [helper.make_opsetid("", 18), helper.make_opsetid(_FUSED, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=9)
