"""Parting 3x3 convolutions of stride 2 by phases of pixels."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.optimise.part_strided_conv import part_strided_conv
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array, random


def body(text: str, image: str = "2,64,9,11", **constants: Array) -> Make:
    """Return a maker of a graph that convolves x with w (72, 64, 3, 3)."""
    numbers = {"w": random(72, 64, 3, 3) * 0.05, "b": random(72)} | constants
    words = text.replace("(", " ").replace(")", " ").replace(",", " ").split()
    used = {k: v for k, v in numbers.items() if k in words}
    return made(f"(float[{image}] x) => (float[n,c,h,l] y) {{ {text} }}", **used)


FORMS: dict[str, Make] = {
    "odd sizes": body("y = Conv <strides=[2,2]> (x, w, b)"),
    "even sizes": body("y = Conv <strides=[2,2]> (x, w)", "2,64,8,12"),
    "no padding, stated": body(
        'y = Conv <strides=[2,2], pads=[0,0,0,0], auto_pad="NOTSET"> (x, w)'
    ),
}


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_four_of_stride_one_are_summed(make: Make) -> None:
    """Of 1, 2, 2 and 4 taps."""
    ops = {"Slice": 4, "Conv": 4, "Add": 3}
    assert_rewritten(by=part_strided_conv, model=make(), ops=ops)


LEFT: dict[str, Make] = {
    "padding": body("y = Conv <strides=[2,2], pads=[1,1,1,1]> (x, w)"),
    "automatic padding": body('y = Conv <strides=[2,2], auto_pad="SAME_UPPER"> (x, w)'),
    "stride 1": body("y = Conv (x, w)"),
    "one stride": body("y = Conv <strides=[2,1]> (x, w)"),
    "holes": body("y = Conv <strides=[2,2], dilations=[2,2]> (x, w)"),
    "groups": body("y = Conv <strides=[2,2], group=2> (x, w)", w=random(72, 32, 3, 3) * 0.05),
    "another kernel": body("y = Conv <strides=[2,2]> (x, w)", w=random(72, 64, 5, 3) * 0.05),
    "few channels": body("y = Conv <strides=[2,2]> (x, w)", "2,56,9,11", w=random(72, 56, 3, 3)),
    "computed weights": body("v = Neg (w)  y = Conv <strides=[2,2]> (x, v)"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Where the engine's own kernel is as good, or pixels would have to be copied."""
    assert_left_alone(by=part_strided_conv, model=make())
