"""Letting a first convolution read pairs of rows as channels."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.optimise.pair_rows import pair_rows
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array, random


def body(text: str, image: str = "2,3,10,13", **constants: Array) -> Make:
    """Return a maker of a graph that convolves x with w (5, 3, 3, 3) or k (5, 3, 7, 5)."""
    numbers = {"w": random(5, 3, 3, 3), "k": random(5, 3, 7, 5) * 0.4, "b": random(5)} | constants
    words = text.replace("(", " ").replace(")", " ").replace(",", " ").split()
    used = {k: v for k, v in numbers.items() if k in words}
    return made(f"(float[{image}] x) => (float[n,c,h,l] y) {{ {text} }}", **used)


FORMS: dict[str, Make] = {
    "no padding": body("y = Conv <strides=[2,2]> (x, w)"),
    "padding below": body("y = Conv <strides=[2,2], pads=[0,0,1,1]> (x, w, b)"),
    "padding around": body("y = Conv <strides=[2,2], pads=[1,1,1,1]> (x, w)"),
    "seven rows": body("y = Conv <strides=[2,2], pads=[3,2,3,2]> (x, k, b)"),
    "seven rows, even padding": body("y = Conv <strides=[2,1], pads=[2,2,3,2]> (x, k)"),
    "padding stated twice": body(
        'y = Conv <strides=[2,2], pads=[1,1,1,1], auto_pad="NOTSET"> (x, w)'
    ),
    "one channel": body("y = Conv <strides=[2,2]> (x, w)", "1,1,8,9", w=random(4, 1, 3, 3)),
}


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_rows_become_channels(make: Make) -> None:
    """The same numbers, of half the rows."""
    assert_rewritten(by=pair_rows, model=make())


LEFT: dict[str, Make] = {
    "automatic padding": body('y = Conv <strides=[2,2], auto_pad="SAME_UPPER"> (x, w)'),
    "stride 1": body("y = Conv <strides=[1,2]> (x, w)"),
    "an odd height": body("y = Conv <strides=[2,2]> (x, w)", "2,3,9,13"),
    "many channels": body("y = Conv <strides=[2,2]> (x, w)", "1,5,8,9", w=random(4, 5, 3, 3)),
    "two rows": body("y = Conv <strides=[2,2]> (x, w)", w=random(4, 3, 2, 2)),
    "holes": body("y = Conv <strides=[2,2], dilations=[2,2]> (x, w)"),
    "computed weights": body("v = Neg (w)  y = Conv <strides=[2,2]> (x, v)"),
    "a depthwise one": body("y = Conv <strides=[2,2], group=3> (x, w)", w=random(3, 1, 3, 3)),
    "a line": made(
        "(float[2,3,10] x) => (float[2,5,4] y) { y = Conv <strides=[2]> (x, w) }",
        w=random(5, 3, 3),
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Where pairs of rows are no channels that are free."""
    assert_left_alone(by=pair_rows, model=make())
