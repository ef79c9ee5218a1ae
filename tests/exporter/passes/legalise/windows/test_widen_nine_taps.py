"""Giving convolutions of nine taps in a row a tenth."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.windows.widen_nine_taps import widen_nine_taps
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import random


def body(node: str, kernel: tuple[int, ...], image: str = "2,6,12,13") -> Make:
    """Return a maker of a graph that convolves x (2, 6, 12, 13) with w."""
    return made(
        f"(float[{image}] x) => (float[n,c,h,l] y) {{ y = {node} }}", w=random(*kernel), b=random(4)
    )


FORMS: dict[str, Make] = {
    "a row": body("Conv (x, w, b)", (4, 6, 1, 9)),
    "a column, padded": body("Conv <pads=[4,0,4,0]> (x, w, b)", (4, 6, 9, 1)),
    "strides": body(
        "Conv <strides=[1,2], pads=[0,3,0,4], kernel_shape=[1,9]> (x, w, b)", (4, 6, 1, 9)
    ),
    "groups": body("Conv <group=2> (x, w, b)", (4, 3, 1, 9)),
}


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_a_tenth_tap_is_zero(make: Make) -> None:
    """Both engines compute the same numbers with it."""
    assert_rewritten(by=widen_nine_taps, model=make(), ops={"Conv": 1})


def test_a_line_is_computed_right_by_the_new_engine() -> None:
    """The other one pads lines equally, and gets a row in another pass."""
    line = made(
        "(float[2,6,21] x) => (float[2,4,11] y) { y = Conv <strides=[2], pads=[4,4]> (x, w, b) }",
        w=random(4, 6, 9),
        b=random(4),
    )
    assert_rewritten(by=widen_nine_taps, model=line(), ops={"Conv": 1}, engines=("new",))


LEFT: dict[str, Make] = {
    "three rows of three": body("Conv (x, w, b)", (4, 6, 3, 3)),
    "another number of taps": body("Conv (x, w, b)", (4, 6, 1, 7)),
    "one group for each channel": made(
        "(float[2,6,12,13] x) => (float[2,6,12,5] y) { y = Conv <group=6> (x, w) }",
        w=random(6, 1, 1, 9),
    ),
    "holes": made(
        "(float[2,6,4,19] x) => (float[2,4,4,3] y) { y = Conv <dilations=[1,2]> (x, w) }",
        w=random(4, 6, 1, 9),
    ),
    "automatic padding": body('Conv <auto_pad="SAME_UPPER"> (x, w, b)', (4, 6, 1, 9)),
    "computed weights": made(
        "(float[2,6,4,19] x, float[4,6,1,9] w) => (float[2,4,4,11] y) { y = Conv (x, w) }"
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Kernels that OpenCV computes right, or with unknown weights."""
    assert_left_alone(by=widen_nine_taps, model=make())
