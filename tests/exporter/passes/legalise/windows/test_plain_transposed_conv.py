"""Writing a transposed convolution as every OpenCV reads it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir
import pytest

from keras2cv.net.engines import ENGINES
from keras2cv_export.passes.legalise.windows.plain_transposed_conv import plain_transposed_conv
from support.opencv_process import in_process
from support.pass_checks import (
    Make,
    assert_close,
    assert_left_alone,
    assert_rewritten,
    made,
    named_apart,
    onnx_numbers,
)
from support.small_graphs import Array, random

KERNEL = random(3, 4, 3, 4)


def deconvolved(attributes: str, to: str, kernel: Array = KERNEL, shape: str = "2,3,5,7") -> Make:
    """Return a maker of a transposed convolution."""
    how = f"<{attributes}>" if attributes else ""
    return made(
        f"(float[{shape}] x) => (float[2,{to}] y) {{ y = ConvTranspose {how} (x, w, b) }}",
        w=kernel,
        b=random(int(to.split(",", maxsplit=1)[0])),
    )


ONE = {"ConvTranspose": 1}
FLAT = {"Reshape": 2, "ConvTranspose": 1}
FORMS: dict[str, tuple[Make, dict[str, int]]] = {
    "dilated": (deconvolved("dilations=[2,3]", "4,9,16"), ONE),
    "dilated with strides and pads": (
        deconvolved("dilations=[2,1], strides=[2,3], pads=[1,0,2,1]", "4,10,21"), ONE,
    ),
    "more cut off in front": (deconvolved("strides=[2,2], pads=[1,2,0,1]", "4,10,13"), ONE),
    "more in front than strides make up for": (
        deconvolved("strides=[1,2], pads=[2,3,0,0]", "4,5,13"), ONE,
    ),
    "output padding": (
        deconvolved("strides=[2,3], output_padding=[1,2]", "4,12,24"), ONE,
    ),
    "output padding beyond what is cut off": (
        deconvolved("strides=[3,3], pads=[1,1,0,0], output_padding=[1,0]", "4,15,21"), ONE,
    ),
    "padded as the input": (
        deconvolved("strides=[2,3], auto_pad=\"SAME_UPPER\"", "4,10,21"), ONE,
    ),
    "padded as the input, below": (
        deconvolved("strides=[2,3], auto_pad=\"SAME_LOWER\"", "4,10,21"), ONE,
    ),
    "a size that is named": (deconvolved("strides=[2,2], output_shape=[11,15]", "4,11,15"), ONE),
    "a series": (deconvolved("strides=[2], pads=[1,0]", "4,10", random(3, 4, 3), "2,3,5"), FLAT),
    "a dilated series": (
        deconvolved("dilations=[3]", "4,11", random(3, 4, 3), "2,3,5"), FLAT,
    ),
    "a series in groups": (
        deconvolved("strides=[3], group=2", "6,15", random(4, 3, 3), "2,4,5"), FLAT,
    ),
    "without saying the kernel's size": (deconvolved("strides=[2,2]", "4,11,16"), ONE),
}  # fmt: skip


@pytest.mark.parametrize(("make", "ops"), FORMS.values(), ids=FORMS)
def test_the_products_stay(make: Make, ops: dict[str, int]) -> None:
    """Zeros in the kernel, or one row more, make no others."""
    found = assert_rewritten(by=plain_transposed_conv, model=make(), ops=ops, engines=())
    (node,) = (n for n in found.after.graph.node if n.op_type == "ConvTranspose")
    names = {a.name: list(a.ints) for a in node.attribute}
    begins, ends = names["pads"][:2], names["pads"][2:]
    assert all(0 <= b <= e for b, e in zip(begins, ends, strict=True))
    assert "dilations" not in names
    assert "auto_pad" not in names


@pytest.mark.parametrize(
    ("rows", "columns"), [((-1, -1), (0, 0)), ((0, -2), (-1, 0)), ((-1, 1), (1, -1))]
)
def test_negative_pads_add_behind(rows: Sequence[int], columns: Sequence[int]) -> None:
    """tf2onnx shares them between front and back; TensorFlow adds the rest behind."""
    (top, bottom), (left, right) = rows, columns
    height, width = 11 - top - bottom, 16 - left - right
    model = deconvolved("strides=[2,2], pads=[0,0,0,0]", "4,11,16")()
    (node,) = model.graph
    node.attributes["pads"] = ir.AttrInt64s("pads", [top, left, bottom, right])
    model.graph.outputs[0].shape = ir.Shape([2, 4, height, width])
    assert plain_transposed_conv(model) == 1
    assert plain_transposed_conv(model) == 0
    # The whole product without a bias, cut in front and filled behind.
    whole = made(
        "(float[2,3,5,7] x) => (float[2,4,11,16] y) { y = ConvTranspose <strides=[2,2]> (x, w) }",
        w=KERNEL,
    )
    wanted = _framed(onnx_numbers(ir.to_proto(whole()))["y"], rows, columns)
    wanted = wanted + random(4)[:, None, None]
    found = onnx_numbers(ir.to_proto(model))
    assert_close(found, {"y": wanted}, 1e-6, "onnxruntime")


def _framed(product: Array, rows: Sequence[int], columns: Sequence[int]) -> Array:
    for axis, (front, end) in ((2, rows), (3, columns)):
        back = end + min(front, 0)
        start, stop = max(front, 0), product.shape[axis] - max(back, 0)
        product = product.take(range(start, stop), axis=axis)
        fill = [(0, 0)] * 4
        fill[axis] = (0, max(-back, 0))
        product = np.pad(product, fill)
    return product


LEFT = {
    "plain": deconvolved("kernel_shape=[3,4], strides=[2,2], pads=[1,1,1,1]", "4,9,14"),
    "more behind": deconvolved("kernel_shape=[3,4], strides=[2,2], pads=[0,1,1,2]", "4,10,13"),
    "a computed kernel": made(
        "(float[2,3,5,7] x, float[3,4,3,4] w) => (float[2,4,9,16] y) "
        "{ y = ConvTranspose <dilations=[2,3]> (x, w) }"
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_plain_convolutions_stay(make: Make) -> None:
    """Two axes, no dilation, and no more cut off in front than behind."""
    assert_left_alone(by=plain_transposed_conv, model=make())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ["dilated", "output padding", "a series", "a series in groups"])
def test_both_engines_read_it(name: str, engine: str) -> None:
    """Where nothing is left for a Slice to cut off."""
    make, _ = FORMS[name]
    model = make()
    expected = onnx_numbers(ir.to_proto(model))
    plain_transposed_conv(model)
    assert_close(in_process(named_apart(ir.to_proto(model)), engine), expected, 3e-6, engine)
