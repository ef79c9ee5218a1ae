"""Each form that a rule of importer_support knows, and similar forms that all run."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, Final

import numpy as np

from .probe import (
    Probe,
    few,
    gru,
    index,
    ints,
    k,
    lstm,
    positive,
    probe,
    several,
    stored,
    without_an_output,
    x,
)

_BOTH_WAYS: Final = """(float[5,2,3] x) => (float[5,2,8] y) {
    a, b = GRU <hidden_size=4, direction="bidirectional", linear_before_reset=1> (x, w, r, c, , h)
    t = Transpose <perm=[0,2,1,3]> (a)
    y = Reshape (t, s)
}"""
_SQUARE: Final[dict[str, Any]] = {"kernel_shape": [3, 3]}
_LINE: Final[dict[str, Any]] = {"kernel_shape": [3]}
_CUBE: Final[dict[str, Any]] = {"kernel_shape": [3, 3, 3]}


def forms() -> Iterator[Probe]:
    """Yield one probe of each form or more, about the rule that knows it."""
    yield from _arithmetic()
    yield from _moving()
    yield from _weighted()
    yield from _reducing()
    yield from _resizing()
    yield from _recurrent()


def neighbours() -> Iterator[Probe]:
    """Yield forms that are similar to those, and run on every importer."""
    yield probe("", "Add", x(2, 3, 5, 7), k(3, 1, 1))
    yield probe("", "Mul", x(2, 3, 5, 7), k(3, 1, 1))
    yield probe("", "Mul", x(2, 3, 5, 7), np.float32(1.7))
    yield probe("", "Sub", x(2, 3, 5), x(2, 3, 5))
    yield probe("", "Add", x(2, 3, 5, 7), k(5, 7))
    yield probe("", "Mul", x(2, 3, 5, 7), x(2, 3, 1, 1))
    yield probe("", "Greater", few(2, 3, 5), few(2, 3, 5), cast=True)
    yield probe("", "Max", x(2, 3, 5), x(2, 3, 5))
    yield probe("", "Concat", x(2, 3, 5, 7), k(2, 4, 5, 7), axis=1)
    yield probe("", "Gather", x(2, 5, 7), np.array(3, np.int64), axis=2)
    yield probe("", "Slice", x(2, 3, 9, 7), ints(0), ints(9), ints(2), ints(2))
    yield probe("", "Split", x(2, 3, 6, 7), opset=11, outputs=2, axis=2, split=[1, 5])
    yield probe("", "Expand", x(1, 3, 5, 7), ints(2, 3, 5, 7))
    yield probe("", "Pad", x(2, 3, 5, 7), opset=10, mode="reflect", pads=[0, 0, 1, 2, 0, 0, 2, 1])
    yield probe("", "Conv", x(2, 4, 11), k(6, 4, 3), **_LINE, pads=[1, 1])
    yield probe("", "Conv", x(2, 4, 7, 8, 9), k(6, 2, 3, 3, 3), **_CUBE, group=2)
    yield probe(
        "", "ConvTranspose", x(2, 4, 5, 7), k(4, 3, 3, 3), **_SQUARE, group=2, strides=[2, 2]
    )
    yield probe("", "AveragePool", x(2, 3, 9, 11), **_SQUARE, pads=[1, 1, 1, 1])
    yield probe("", "Gemm", x(2, 5), k(7, 5), transB=1)
    yield probe("", "MatMul", x(2, 3, 5), k(5, 7))
    yield probe("", "Softmax", x(2, 3, 5, 7), axis=-1)
    yield probe("", "ArgMax", x(2, 3, 5, 7), axis=1, keepdims=0, cast=True)
    yield probe("", "PRelu", x(2, 3, 5, 7), k(3, 1, 1))
    linear: dict[str, Any] = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
    yield probe("", "Resize", x(2, 3, 5, 7), None, None, ints(2, 3, 8, 11), **linear)
    yield probe("", "CumSum", x(2, 3, 7), np.array(2, np.int64), opset=14)
    yield lstm("", outputs=1, direction="reverse")
    yield lstm("", outputs=3, first=(k(1, 2, 4), k(1, 2, 4)))
    for functions in product(("Sigmoid", "Tanh"), repeat=3):
        yield lstm("", outputs=3, activations=functions)
        yield lstm("", outputs=1, activations=functions, direction="reverse")
    yield several("", _BOTH_WAYS, w=k(2, 12, 3), r=k(2, 12, 4), c=k(2, 24), h=k(2, 2, 4),
                  s=ints(5, 2, 8))  # fmt: skip


def _recurrent() -> Iterator[Probe]:
    own: dict[str, Any] = {"activations": ["Sigmoid", "Relu", "Relu"]}
    yield lstm("unusual recurrence", outputs=1, **own)
    yield gru("unusual recurrence", activations=["Sigmoid", "Relu"])
    yield gru("unusual recurrence", activations=["Tanh", "Sigmoid"])
    yield lstm("computed state", outputs=1, first=(x(1, 2, 4), x(1, 2, 4)))
    yield lstm("last of reversed", outputs=3, direction="reverse")
    yield without_an_output("unnamed state", lstm("", outputs=3), 1)
    yield gru("reset before", linear_before_reset=0)
    yield gru("no first state", state=False)
    yield gru("state of gates", computed=True)
    yield gru("lone output", outputs=1)
    yield gru("gates backwards", direction="reverse")
    yield gru("last of gates", read=2)


def _arithmetic() -> Iterator[Probe]:
    for op in ("Add", "Mul", "Max"):
        yield probe("vector operand", op, x(5, 7), x(7))
    for op in ("Add", "Mul", "Div"):
        yield probe("spread operand", op, positive(2, 3, 1, 7), positive(1, 3, 5, 1))
    for op in ("Mul", "Div"):
        yield probe("spread operand", op, positive(2, 3, 5, 7), np.abs(k(2, 3, 1, 1)))
    yield probe("spread operand", "Add", x(2, 3, 5, 7), k(2, 1, 5, 1))
    for op in ("Max", "Min"):
        yield probe("spread extreme", op, x(2, 3, 5, 7), np.float32(0.2))
    for op in ("Equal", "Greater", "Less"):
        yield probe("compared operand", op, few(2, 3, 5, 7), np.float32(1), cast=True)
    for op in ("Max", "Min", "Sum"):
        yield probe("chained operand", op, x(1, 5, 1), x(2, 5, 7))
    yield probe("computed power", "Pow", positive(2, 5), positive(2, 5))
    yield probe("computed power", "Pow", positive(2, 5), np.abs(k(5)))
    choice = np.random.default_rng(5).integers(0, 2, (2, 5)).astype(bool)
    yield probe("truth constant", "Where", choice, x(2, 5), x(2, 5))


def _moving() -> Iterator[Probe]:
    yield probe("number by Reshape", "Reshape", x(1, 1), ints())
    yield probe("number by Squeeze", "Squeeze", x(1), opset=11, axes=[0])
    yield probe("axes of Squeeze", "Squeeze", x(2, 1, 5), ints(1))
    yield probe("parts of Split", "Split", x(2, 6), ints(1, 5), outputs=2, axis=1)
    yield probe("backwards", "Slice", x(2, 7), ints(-1), ints(-99), ints(1), ints(-1))
    yield probe("leading constant", "Concat", x(1, 3, 5), k(1, 2, 5), axis=1)
    yield probe("later axes", "Expand", x(2, 3, 1, 7), ints(2, 3, 5, 7))
    yield probe("inner copies", "Tile", x(2, 3, 5), ints(1, 2, 1))
    yield probe("not one index", "Gather", x(2, 7), ints(3, 1), axis=1)
    yield probe("not one index", "Gather", k(9, 4), index(9, 2, 3), axis=0)
    yield probe("from the end", "Gather", x(2, 5, 7), np.array(1, np.int64), axis=-1)
    yield probe("from the end", "Gather", x(2, 5, 7), np.array(-1, np.int64), axis=1)
    yield probe("from the end", "Squeeze", x(2, 1, 7), opset=11, axes=[-2])
    yield probe("from the end", "Unsqueeze", x(2, 7), opset=11, axes=[-1])
    yield probe("shared indices", "Gather", x(2, 5, 3), ints(2, 1, 0), axis=2, twice=True)
    yield probe("list of indices", "Gather", x(2, 7), index(7, 3), axis=1)
    yield probe("constant indices", "GatherND", x(2, 5), ints(0, 1, 1, 2).reshape(2, 2))
    yield probe("odd padding", "Pad", x(2, 7), opset=10, mode="reflect", pads=[0, 1, 0, 2])
    yield probe("odd padding", "Pad", x(2, 3, 5, 7), opset=10, mode="edge", pads=[0, 1] + [0] * 6)
    yield probe("six axes", "Pad", x(2, 3, 2, 4, 3, 5), opset=10, pads=[0] * 5 + [1] + [0] * 6)
    yield probe("moved vector", "Tile", x(7), ints(3))
    yield probe("moved vector", "ScatterND", x(2, 5), ints(0, 1, 1, 2).reshape(2, 2), x(2))
    yield probe("inner sum", "CumSum", x(2, 5, 7), np.array(1, np.int64), opset=14)
    yield probe("inner sum", "CumSum", x(2, 3, 5, 7), np.array(1, np.int64), opset=14)
    yield probe("all sorted", "TopK", x(2, 7), ints(7), outputs=2, axis=1, cast=True)


def _weighted() -> Iterator[Probe]:
    image, volume = x(2, 4, 9, 11), x(1, 4, 7, 8, 9)
    kernel, cube = k(6, 4, 3, 3), k(4, 4, 3, 3, 3)
    yield probe("no kernel shape", "Conv", image, kernel)
    yield probe("no kernel shape", "ConvTranspose", x(2, 6, 5, 7), kernel)
    yield stored("half constant", kernel.astype("f2"))
    yield stored("half constant", k(7, 5).astype("f2"))
    yield probe("computed kernel", "ConvTranspose", x(2, 6, 5, 7), x(6, 4, 3, 3), **_SQUARE)
    yield probe("uneven line", "Conv", x(2, 4, 11), k(6, 4, 3), **_LINE, pads=[0, 1])
    for op in ("MaxPool", "AveragePool"):
        line: dict[str, Any] = {**_LINE, "auto_pad": "SAME_UPPER", "strides": [2]}
        yield probe("automatic line", op, x(2, 3, 11), **line)
    same: dict[str, Any] = {**_CUBE, "auto_pad": "SAME_UPPER", "strides": [2, 2, 2]}
    yield probe("automatic volume", "Conv", volume, cube, **same)
    yield probe("automatic volume", "MaxPool", volume, **same)
    yield probe(
        "counted border", "AveragePool", image, **_SQUARE, pads=[1] * 4, count_include_pad=1
    )
    yield probe("summed volume", "Conv", volume, cube, added=x(1, 4, 5, 6, 7), **_CUBE)
    for op in ("GlobalAveragePool", "GlobalMaxPool"):
        yield probe("pooled volume", op, volume)
    yield probe("line transposed", "ConvTranspose", x(2, 4, 11), k(4, 6, 3), **_LINE)
    yield probe("volume transposed", "ConvTranspose", volume, cube, **_CUBE)
    yield probe("uneven crop", "ConvTranspose", x(2, 6, 5, 7), kernel, **_SQUARE, pads=[0, 0, 1, 1])
    yield probe(
        "dilated transposed", "ConvTranspose", x(2, 6, 5, 7), kernel, **_SQUARE, dilations=[2, 2]
    )
    yield probe("untransposed", "Gemm", x(2, 5), k(5, 7), k(7))
    yield probe("untransposed", "Gemm", x(2, 5), x(7, 5), transB=1)
    yield probe("odd bias", "Gemm", x(2, 5), k(7, 5), k(2, 7), transB=1)
    yield probe("odd bias", "Gemm", x(2, 5), k(7, 5), k(7), transB=1, alpha=0.5, beta=0.3)
    yield probe("constant batches", "MatMul", x(2, 3, 5), k(2, 5, 7))
    yield probe("constant batches", "MatMul", k(3, 5), x(5, 7))
    yield probe("unequal batches", "MatMul", x(2, 1, 4, 5), x(1, 3, 5, 7))
    yield probe("unequal batches", "MatMul", x(2, 3, 5), x(5, 7))
    yield probe("spread constant", "MatMul", x(2, 3, 4, 5), k(3, 5, 7))
    yield probe("any equation", "Einsum", x(2, 3, 4, 5), x(2, 6, 4, 5), equation="abcd,aecd->aceb")
    yield probe("vector product", "MatMul", x(2, 5), x(5))
    yield probe("vector product", "MatMul", x(5), k(5, 7))


def _reducing() -> Iterator[Probe]:
    some: dict[str, Any] = {"opset": 11, "keepdims": 1}
    yield probe("bounds as inputs", "Clip", x(2, 5), np.float32(-0.4), np.float32(0.7))
    yield probe("softmax of a vector", "Softmax", x(7), axis=-1)
    yield probe("softmax without axis", "Softmax", x(2, 3, 5))
    yield probe("full slope", "PRelu", x(2, 3, 5, 7), k(3, 5, 7))
    yield probe("reduced vector", "ReduceMean", x(7), axes=[0], **some)
    yield probe("axes of reduction", "ReduceSum", x(2, 5), ints(1))
    yield probe("many axes", "ReduceMean", x(2, 3, 5, 7), axes=[1, 2, 3], **some)
    yield probe("shared reduction", "ReduceMean", x(2, 3, 5, 7), axes=[0], **some)
    yield probe("nothing reduced", "ReduceL2", x(1, 3, 5), axes=[0], **some)
    yield probe("nothing reduced", "ReduceL2", x(1, 3, 5), opset=11, axes=[0], keepdims=0)
    yield probe("to truth", "Cast", few(2, 5), to=9, cast=True)
    yield probe("to whole numbers", "Cast", x(2, 5), to=6, cast=True)


def _resizing() -> Iterator[Probe]:
    image, larger = x(2, 3, 5, 7), ints(2, 3, 8, 11)
    corner, centre, old = map(_corners, ("asymmetric", "half_pixel", "tf_half_pixel_for_nn"))
    nearest: dict[str, Any] = {"mode": "nearest"}
    yield probe("no image", "Resize", x(2, 3, 7), None, None, ints(2, 3, 11), **corner, **nearest)
    yield probe("cubic", "Resize", image, None, None, larger, mode="cubic", **centre)
    yield probe(
        "antialiased",
        "Resize",
        image,
        None,
        None,
        ints(2, 3, 3, 4),
        opset=18,
        mode="linear",
        antialias=1,
    )
    factors = np.array([1, 1, 1.7, 1.7], np.float32)
    yield probe("partial scales", "Resize", image, None, factors, mode="linear", **corner)
    yield probe("old corners", "Resize", image, None, None, larger, mode="linear", **old)
    yield probe(
        "odd nearest", "Resize", image, None, None, larger, nearest_mode="ceil", **nearest, **corner
    )
    rounded: dict[str, Any] = {"nearest_mode": "round_prefer_floor"}
    yield probe(
        "uneven nearest", "Resize", image, None, None, larger, **rounded, **nearest, **centre
    )


def _corners(mode: str) -> dict[str, Any]:
    return {"coordinate_transformation_mode": mode}
