"""Normalising before a ReLU with a depthwise convolution."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.optimise.activate_by_depthwise_conv import activate_by_depthwise_conv
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array, random


def body(text: str, image: str = "2,5,4,7", **constants: Array) -> Make:
    """Return a maker of a graph on x (2, 5, 4, 7), with statistics g, b, m and v."""
    numbers = {"g": random(5), "b": random(5), "m": random(5), "v": np.abs(random(5)) + 0.3}
    words = text.replace("(", " ").replace(")", " ").replace(",", " ").split()
    used = {k: v for k, v in (numbers | constants).items() if k in words}
    return made(f"(float[{image}] x) => (float[n,c,h,l] y) {{ {text} }}", **used)


FORMS: dict[str, Make] = {
    "Keras' epsilon": body(
        "a = BatchNormalization <epsilon=0.001> (x, g, b, m, v)  y = Relu (a)"
    ),
    "the default": body("a = BatchNormalization (x, g, b, m, v)  y = Relu (a)"),
}  # fmt: skip


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_the_scale_is_a_convolution(make: Make) -> None:
    """Of one weight for each channel, before the same ReLU."""
    assert_rewritten(by=activate_by_depthwise_conv, model=make(), ops={"Conv": 1, "Relu": 1})


LEFT: dict[str, Make] = {
    "another activation": body("a = BatchNormalization (x, g, b, m, v)  y = Tanh (a)"),
    "another reader": body("a = BatchNormalization (x, g, b, m, v)  r = Relu (a)  y = Add (a, r)"),
    "computed statistics": body(
        "n = Abs (m)  a = BatchNormalization (x, g, b, n, v)  y = Relu (a)"
    ),
    "a line": made(
        "(float[2,5,6] x) => (float[2,5,6] y) "
        "{ a = BatchNormalization (x, g, b, m, v)  y = Relu (a) }",
        g=random(5), b=random(5), m=random(5), v=np.abs(random(5)) + 0.3,
    ),
}  # fmt: skip


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Where no activation would be taken in."""
    assert_left_alone(by=activate_by_depthwise_conv, model=make())
