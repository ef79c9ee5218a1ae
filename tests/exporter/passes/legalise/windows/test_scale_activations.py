"""Normalisation behind the activation of a convolution."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from keras2cv_export.passes.legalise.windows.scale_activations import scale_activations
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import random

STATISTICS = {
    "g": random(4),
    "b": random(4),
    "m": random(4),
    "v": np.abs(random(4)) + np.float32(0.5),
}
SPELLED: Mapping[str, str] = {
    "gelu": "q = Div (c, r)  e = Erf (q)  p = Add (e, o)  h = Mul (c, p)  a = Mul (h, f)",
    "swish": "s = Sigmoid (c)  a = Mul (c, s)",
    "mish": "s = Softplus (c)  t = Tanh (s)  a = Mul (c, t)",
}
NUMBERS = {
    "r": np.array([1.4142135], np.float32),
    "o": np.array([1], np.float32),
    "f": np.array([0.5], np.float32),
}


def activated(between: str, size: str = "6,5", taps: int = 2, more: str = "") -> Make:
    """Return a maker of Conv, what makes `a` of its result `c`, and a normalisation."""
    outputs = f"float[2,4,{size}] y" + (f", float[2,4,{size}] z" if more else "")
    return made(
        f"(float[2,3,{size}] x) => ({outputs}) {{ "
        f"c = Conv <kernel_shape=[{','.join(['1'] * taps)}]> (x, w)  {between}  "
        f"y = BatchNormalization <epsilon=0.001> (a, g, b, m, v) {more} }}",
        w=random(4, 3, *(1,) * taps),
        **STATISTICS,
        **NUMBERS,
    )


@pytest.mark.parametrize("op", ["Sigmoid", "Tanh", "Elu", "HardSigmoid"])
@pytest.mark.parametrize(("size", "taps"), [("6,5", 2), ("3,6,5", 3)], ids=["image", "volume"])
def test_one_node(op: str, size: str, taps: int) -> None:
    """Pictures and volumes."""
    make = activated(f"a = {op} (c)", size, taps)
    assert_rewritten(by=scale_activations, model=make(), ops={"Conv": 1, op: 1, "Mul": 1, "Add": 1})


@pytest.mark.parametrize("text", SPELLED.values(), ids=SPELLED)
def test_spelled_out(text: str) -> None:
    """OpenCV recognises them, and merges them as one."""
    assert_rewritten(by=scale_activations, model=activated(text)(), gone=["BatchNormalization"])


LEFT = {
    "relu": activated("a = Relu (c)"),
    "leaky relu": activated("a = LeakyRelu (c)"),
    "a bound": activated("a = Clip (c)"),
    "a sum": activated("a = Add (c, c)"),
    "read twice": activated("a = Sigmoid (c)", more="z = Exp (a)"),
    "no convolution": made(
        "(float[2,4,6,5] x) => (float[2,4,6,5] y) "
        "{ a = Sigmoid (x)  y = BatchNormalization (a, g, b, m, v) }",
        **STATISTICS,
    ),
    "a convolution itself": made(
        "(float[2,4,6,5] x) => (float[2,4,6,5] y) "
        "{ c = Conv <kernel_shape=[1,1]> (x, w)  y = BatchNormalization (c, g, b, m, v) }",
        w=random(4, 4, 1, 1),
        **STATISTICS,
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_others_stay(make: Make) -> None:
    """They are merged rightly, or not at all."""
    assert_left_alone(by=scale_activations, model=make())
