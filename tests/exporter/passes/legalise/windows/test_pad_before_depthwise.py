"""Padding before a depthwise convolution that would read past its image."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from keras2cv.net.engines import ENGINES
from keras2cv_export.passes.legalise.windows.pad_before_depthwise import pad_before_depthwise
from support.opencv_process import in_process
from support.pass_checks import (
    LIMIT,
    Make,
    assert_left_alone,
    assert_rewritten,
    made,
    named_apart,
    onnx_numbers,
)
from support.small_graphs import random


def depthwise(to: str, x: str = "9,11", kernel: str = "3,3", **attributes: object) -> Make:
    """Return a maker of a depthwise convolution of x (2, 6, ...)."""
    listed = ", ".join(f"{name}={value}" for name, value in {"group": 6, **attributes}.items())
    return made(
        f"(float[2,6,{x}] x) => (float[2,6,{to}] y) {{ y = Conv <{listed}> (x, w, b) }}",
        w=random(6, 1, *map(int, kernel.split(","))),
        b=random(6),
    )


FORMS = {
    "two rows below": depthwise("9,9", pads=[0, 0, 2, 0]),
    "as TensorFlow pads a stride, and one row more": depthwise(
        "5,5", pads=[0, 0, 2, 1], strides=[2, 2]
    ),
    "three rows below, one around the rest": depthwise("11,11", pads=[1, 1, 3, 1]),
    "holes, and one column at the left": depthwise("7,9", pads=[1, 1, 1, 1], dilations=[2, 2]),
    "an image that is lower than its kernel": depthwise(
        "1,11", x="2,11", pads=[1, 1, 2, 1], dilations=[2, 1]
    ),
}


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_the_zeros_are_written_down(make: Make) -> None:
    """Then every engine agrees with onnxruntime."""
    assert_rewritten(by=pad_before_depthwise, model=make(), ops={"Pad": 1, "Conv": 1})


@pytest.mark.classic
@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_without_that_opencv_is_wrong(make: Make) -> None:
    """4.7 to 5.0's classic engine silently give other numbers."""
    model = named_apart(ir.to_proto(make()))
    expected, found = onnx_numbers(model)["y"], in_process(model, "classic")["y"]
    error = float(np.abs(np.nan_to_num(found, nan=np.inf) - expected).max())
    assert error > 1000 * LIMIT * float(np.abs(expected).max())


LEFT = {
    "one row around": depthwise("9,11", pads=[1, 1, 1, 1]),
    "a stride of two, one row below": depthwise("4,6", pads=[0, 0, 1, 2], strides=[2, 2]),
    "a last row that no window reaches": depthwise("4,5", pads=[0, 0, 1, 0], strides=[2, 2]),
    "two rows above": depthwise("11,11", pads=[2, 1, 2, 1]),
    "two columns at the left": depthwise("9,12", pads=[0, 2, 2, 1]),
    "a larger kernel": depthwise("8,7", kernel="5,5", pads=[0, 0, 3, 0]),
    "a stride of two with holes": depthwise(
        "4,5", pads=[1, 1, 1, 2], dilations=[2, 2], strides=[2, 2]
    ),
    "all channels together": made(
        "(float[2,4,9,11] x) => (float[2,3,9,9] y) { y = Conv <pads=[0,0,2,0]> (x, w) }",
        w=random(3, 4, 3, 3),
    ),
    "two results for each channel": made(
        "(float[2,3,9,11] x) => (float[2,6,9,9] y) { y = Conv <group=3, pads=[0,0,2,0]> (x, w) }",
        w=random(6, 1, 3, 3),
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_what_opencv_computes_right_stays(make: Make) -> None:
    """OpenCV's numbers are right there."""
    assert_left_alone(by=pad_before_depthwise, model=make())
    model = named_apart(ir.to_proto(make()))
    for engine in ENGINES:
        found, expected = in_process(model, engine)["y"], onnx_numbers(model)["y"]
        assert np.abs(found - expected).max() <= LIMIT * np.abs(expected).max()
