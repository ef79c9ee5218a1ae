"""Keeping residuals out of large 1x1 convolutions."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.optimise.subtract_residual import subtract_residual
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array, random


def body(text: str, image: str = "1,260,16,17", out: int = 264, **constants: Array) -> Make:
    """Return a maker of a graph that convolves x (1, 260, 16, 17) with w (264, 260, 1, 1)."""
    numbers = {"w": random(264, 260, 1, 1) * 0.06, "b": random(264)} | constants
    words = text.replace("(", " ").replace(")", " ").replace(",", " ").split()
    used = {k: v for k, v in numbers.items() if k in words}
    sides = ",".join(image.split(",")[2:])
    return made(f"(float[{image}] x, float[1,{out},{sides}] r) => (float[n,c,h,l] y) {{ {text} }}",
                **used)  # fmt: skip


FORMS: dict[str, Make] = {
    "on the left": body("v = Conv (x, w, b)  y = Add (v, r)"),
    "on the right, without a bias": body("v = Conv <strides=[1,1]> (x, w)  y = Add (r, v)"),
    "channels that fill no block": body(
        "v = Conv (x, w)  y = Add (r, v)", out=261, w=random(261, 260, 1, 1) * 0.06
    ),
}


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_the_sum_becomes_a_difference(make: Make) -> None:
    """From weights of the other sign."""
    assert_rewritten(by=subtract_residual, model=make(), ops={"Conv": 1, "Sub": 1})


LEFT: dict[str, Make] = {
    "an even number of blocks": body(
        "v = Conv (x, w)  y = Add (v, r)", out=272, w=random(272, 260, 1, 1)
    ),
    "few pixels": body("v = Conv (x, w)  y = Add (v, r)", "1,260,15,17"),
    "few weights": body(
        "v = Conv (x, w)  y = Add (v, r)", "1,16,16,17", w=random(264, 16, 1, 1)
    ),
    "a larger kernel": body(
        "v = Conv <pads=[0,1,0,1]> (x, w)  y = Add (v, r)", w=random(264, 260, 1, 3)
    ),
    "another reader": body("v = Conv (x, w)  s = Add (v, r)  y = Mul (s, v)"),
    "no convolution": body("v = Conv (x, w)  a = Relu (v)  y = Add (a, r)"),
    "a residual that broadcasts": body("v = Conv (x, w)  y = Add (v, c)", c=random(1, 264, 1, 1)),
    "computed weights": body("n = Neg (w)  v = Conv (x, n)  y = Add (v, r)"),
}  # fmt: skip


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Where the engine adds at no cost, or computes otherwise."""
    assert_left_alone(by=subtract_residual, model=make())
