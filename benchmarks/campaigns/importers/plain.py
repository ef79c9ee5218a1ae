"""Each op in its plainest form, which an importer runs if it knows the op."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .probe import Probe, above, few, gru, index, inside, ints, k, positive, probe, stored, truth, x

IMAGE = (2, 3, 5, 7)
_UNARY = (
    "Abs", "Atan", "Asinh", "Ceil", "Celu", "Cos", "Cosh", "Dropout", "Elu", "Erf", "Exp", "Floor",
    "HardSigmoid", "Identity", "LeakyRelu", "Neg", "Relu", "Round", "Selu", "Shrink", "Sigmoid",
    "Sign", "Sin", "Sinh", "Softplus", "Softsign", "Tan", "Tanh", "ThresholdedRelu", "Softmax",
    "LogSoftmax",
)  # fmt: skip
_NEWER_UNARY = {"HardSwish": 14, "Mish": 18, "Gelu": 20}
_OF_SOME = {
    "Acos": inside, "Asin": inside, "Atanh": inside, "Acosh": above, "Log": positive,
    "Sqrt": positive, "Reciprocal": positive,
}  # fmt: skip
_BINARY = ("Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean")
_LOGIC = ("And", "Or", "Xor")
_COMPARISONS = ("Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual")
_REDUCTIONS = (
    "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2",
    "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare",
)  # fmt: skip


def plain() -> Iterator[Probe]:
    """Yield a probe of every op that a conversion of Keras may leave, and of many more."""
    yield from _elementwise()
    yield from _moving()
    yield from _weighted()
    yield from _rare()


def _elementwise() -> Iterator[Probe]:
    for op in _UNARY:
        extra: dict[str, Any] = {"axis": 1} if "Softmax" in op else {}
        yield probe(op, op, x(*IMAGE), **extra)
    for op, opset in _NEWER_UNARY.items():
        yield probe(op, op, x(*IMAGE), opset=opset)
    for op, draw in _OF_SOME.items():
        yield probe(op, op, draw(*IMAGE))
    for op in _BINARY:
        yield probe(op, op, positive(*IMAGE), positive(*IMAGE))
    for op in _LOGIC:
        yield probe(op, op, truth(*IMAGE), truth(*IMAGE), cast=True)
    for op in _COMPARISONS:
        yield probe(op, op, few(*IMAGE), few(*IMAGE), cast=True)
    yield probe("Mod", "Mod", positive(*IMAGE), positive(*IMAGE), fmod=1)
    yield probe("Pow", "Pow", positive(*IMAGE), np.float32(2.3))
    yield probe("Where", "Where", truth(*IMAGE), x(*IMAGE), x(*IMAGE))
    for op in ("Not", "IsNaN", "IsInf"):
        yield probe(op, op, truth(*IMAGE) if op == "Not" else x(*IMAGE), cast=True)
    yield probe("Clip", "Clip", x(*IMAGE), opset=10, min=-0.4, max=0.7)
    yield probe("PRelu", "PRelu", x(*IMAGE), k(3, 1, 1))
    yield probe("Cast", "Cast", index(5, *IMAGE), to=1)
    yield probe("CastLike", "CastLike", x(*IMAGE), k(1), opset=15)


def _moving() -> Iterator[Probe]:
    yield probe("Transpose", "Transpose", x(*IMAGE), perm=[0, 2, 3, 1])
    yield probe("Reshape", "Reshape", x(*IMAGE), ints(2, -1))
    yield probe("Flatten", "Flatten", x(*IMAGE), axis=1)
    yield probe("Squeeze", "Squeeze", x(2, 1, 5, 7), opset=11, axes=[1])
    yield probe("Unsqueeze", "Unsqueeze", x(2, 5, 7), opset=11, axes=[1])
    yield probe("Slice", "Slice", x(*IMAGE), ints(1), ints(3), ints(2), ints(1))
    yield probe("Split", "Split", x(2, 3, 6, 7), outputs=2, axis=2)
    yield probe("Concat", "Concat", x(*IMAGE), x(*IMAGE), axis=1)
    yield probe("Expand", "Expand", x(2, 1, 5, 7), ints(*IMAGE))
    yield probe("Tile", "Tile", x(1, 3, 5, 7), ints(2, 1, 1, 1))
    yield probe("Pad", "Pad", x(*IMAGE), opset=10, pads=[0, 0, 1, 2, 0, 0, 2, 1])
    yield probe("Gather", "Gather", x(*IMAGE), np.array(1, np.int64), axis=2)
    yield probe("GatherElements", "GatherElements", x(2, 5), index(5, 2, 3), axis=1)
    yield probe("GatherND", "GatherND", x(2, 5, 7), index(2, 4, 2))
    yield probe("ScatterElements", "ScatterElements", x(2, 5), ints(2, 0)[:, None], x(2, 1), axis=1)
    yield probe("ScatterND", "ScatterND", x(2, 5, 7), ints(0, 1, 1, 3).reshape(2, 2), x(2, 7))
    yield probe("DepthToSpace", "DepthToSpace", x(2, 12, 3, 5), blocksize=2)
    yield probe("SpaceToDepth", "SpaceToDepth", x(2, 3, 4, 6), blocksize=2)
    yield probe("TopK", "TopK", x(2, 7), ints(3), outputs=2, axis=1, cast=True)
    yield probe("Trilu", "Trilu", x(2, 5, 7), opset=14)
    yield probe("Compress", "Compress", x(5, 3), np.array([1, 0, 1, 1, 0], bool), axis=0)
    yield probe("ReverseSequence", "ReverseSequence", x(5, 2, 3), ints(5, 3))


def _weighted() -> Iterator[Probe]:
    spread = np.abs(k(4))
    wide: dict[str, Any] = {"kernel_shape": [3, 3]}
    yield probe("Conv", "Conv", x(2, 4, 9, 11), k(6, 4, 3, 3), k(6), **wide)
    yield probe("ConvTranspose", "ConvTranspose", x(2, 4, 5, 7), k(4, 6, 3, 3), k(6), **wide)
    yield probe("MatMul", "MatMul", x(2, 3, 5), x(2, 5, 7))
    yield probe("Gemm", "Gemm", x(2, 5), k(7, 5), k(7), transB=1)
    for shape in ((7, 5), (6, 4, 3, 3)):
        scale = np.abs(k(shape[0])) / 100
        yield stored("DequantizeLinear", (100 * k(*shape)).clip(-127, 127).astype("i1"), scale)
    yield probe("Einsum", "Einsum", x(2, 3, 5), x(2, 5, 7), equation="bij,bjk->bik")
    yield probe(
        "BatchNormalization", "BatchNormalization", x(2, 4, 5, 7), spread, k(4), k(4), spread
    )
    yield probe("InstanceNormalization", "InstanceNormalization", x(2, 4, 5, 7), spread, k(4))
    yield probe("LayerNormalization", "LayerNormalization", x(2, 5, 7), k(7), k(7), opset=17)
    yield probe(
        "GroupNormalization",
        "GroupNormalization",
        x(2, 4, 5, 7),
        k(4),
        k(4),
        opset=21,
        num_groups=2,
    )
    yield probe("LRN", "LRN", x(2, 4, 5, 7), size=3)
    for op in ("MaxPool", "AveragePool"):
        yield probe(op, op, x(2, 3, 9, 11), strides=[2, 2], **wide)
    for op in ("GlobalMaxPool", "GlobalAveragePool"):
        yield probe(op, op, x(*IMAGE))
    for op in _REDUCTIONS:
        yield probe(op, op, positive(2, 5), opset=11, axes=[1], keepdims=1)
    for op in ("ArgMax", "ArgMin"):
        yield probe(op, op, x(*IMAGE), axis=1, keepdims=1, cast=True)
    nearest: dict[str, Any] = {"mode": "nearest", "nearest_mode": "floor"}
    corner: dict[str, Any] = {"coordinate_transformation_mode": "asymmetric"}
    yield probe("Resize", "Resize", x(*IMAGE), None, None, ints(2, 3, 10, 21), **nearest, **corner)
    for op, gates in (("LSTM", 4), ("RNN", 1)):
        weights = (k(1, 4 * gates, 3), k(1, 4 * gates, 4), k(1, 8 * gates))
        yield probe(op, op, x(5, 2, 3), *weights, hidden_size=4)
    yield gru("GRU", outputs=2)


def _rare() -> Iterator[Probe]:
    yield probe("CumSum", "CumSum", x(2, 7), np.array(1, np.int64), opset=14)
    yield probe("Hardmax", "Hardmax", x(2, 7), axis=1)
    yield probe("LpNormalization", "LpNormalization", x(2, 7), axis=1)
    yield probe(
        "OneHot",
        "OneHot",
        index(4, 2, 5),
        np.array(4, np.int64),
        np.array([0, 1], np.float32),
        axis=-1,
    )
    yield probe("EyeLike", "EyeLike", x(4, 5))
    yield probe("Det", "Det", x(3, 4, 4))
    yield probe("DFT", "DFT", x(1, 8, 1), opset=17)
    yield probe("GridSample", "GridSample", x(*IMAGE), inside(2, 4, 6, 2), opset=16)
    yield probe("Shape", "Shape", x(*IMAGE), cast=True)
    yield probe("Size", "Size", x(*IMAGE), cast=True)
    flat = np.arange(4, dtype=np.int64).reshape(1, 1, 2, 2)
    yield probe("MaxUnpool", "MaxUnpool", x(1, 1, 2, 2), flat, kernel_shape=[2, 2], strides=[2, 2])
    box = np.array([[1, 1, 5, 5]], np.float32)
    yield probe(
        "RoiAlign",
        "RoiAlign",
        x(1, 3, 9, 9),
        box,
        ints(0),
        opset=10,
        output_height=2,
        output_width=2,
    )
