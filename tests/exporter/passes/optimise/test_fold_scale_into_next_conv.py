"""Folding a per-channel Mul or Add before a convolution into its weights."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.optimise.fold_scale_into_next_conv import fold_scale_into_next_conv
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array, random


def body(text: str, **constants: Array) -> Make:
    """Return a maker of a graph from x (2, 4, 7, 9) to y, with weights w, g and factors s, t."""
    numbers = {
        "w": random(5, 4, 3, 3),
        "g": random(6, 2, 3, 3),
        "b": random(5),
        "s": random(1, 4, 1, 1),
        "t": random(4, 1, 1),
    } | constants
    words = text.replace("(", " ").replace(")", " ").replace(",", " ").split()
    used = {k: v for k, v in numbers.items() if k in words}
    return made(f"(float[2,4,7,9] x) => (float[2,o,h,w] y) {{ {text} }}", **used)


FORMS: dict[str, tuple[Make, int, dict[str, int]]] = {
    "a factor": (body("a = Mul (x, s)  y = Conv (a, w, b)"), 1, {"Conv": 1}),
    "a factor past padding": (
        body("a = Mul (s, x)  y = Conv <pads=[1,0,1,2]> (a, w)"),
        1,
        {"Conv": 1},
    ),
    "a factor of groups": (body("a = Mul (x, s)  y = Conv <group=2> (a, g)"), 1, {"Conv": 1}),
    "a term": (body("a = Add (x, t)  y = Conv (a, w, b)"), 1, {"Conv": 1}),
    "a term of groups": (body("a = Add (t, x)  y = Conv <group=2> (a, g)"), 1, {"Conv": 1}),
    "a factor and a term past padding": (
        body("a = Mul (x, s)  c = Add (a, t)  y = Conv <pads=[1,1,1,1]> (c, w, b)"),
        1,
        {"Add": 1, "Conv": 1},
    ),
    "single numbers past padding": (
        body(
            "a = Mul (x, s)  c = Add (a, t)  y = Conv <pads=[1,1,1,1]> (c, w)",
            s=np.array(1 / 127.5, np.float32),
            t=np.array(-1, np.float32),
        ),
        1,
        {"Add": 1, "Conv": 1},
    ),
}


@pytest.mark.parametrize(("make", "fired", "ops"), FORMS.values(), ids=FORMS)
def test_the_weights_take_it(make: Make, fired: int, ops: dict[str, int]) -> None:
    """Up to the rounding of the folded weights."""
    assert_rewritten(by=fold_scale_into_next_conv, model=make(), fired=fired, ops=ops)


def test_a_factor_and_a_term_go_one_after_the_other() -> None:
    """The second run folds the op before the first."""
    make = body("a = Mul (x, s)  c = Add (a, t)  y = Conv (c, w, b)")
    assert_rewritten(by=fold_scale_into_next_conv, model=make(), again=1)


HALVES = {
    "r": np.array(2**0.5, np.float32),
    "i": np.array(1, np.float32),
    "f": np.array(0.5, np.float32),
}
LEFT: dict[str, Make] = {
    "a term past padding": body("a = Add (x, t)  y = Conv <pads=[1,1,1,1]> (a, w)"),
    "a factor of zero": body(
        "a = Mul (x, s)  c = Add (a, t)  y = Conv <pads=[1,1,1,1]> (c, w)",
        s=np.array([1, 0, 2, 3], np.float32).reshape(4, 1, 1),
    ),
    "a factor for each column": body("a = Mul (x, s)  y = Conv (a, w)", s=random(9)),
    "others read it": body("a = Mul (x, s)  c = Conv (a, w)  d = Conv (a, v)  y = Add (c, d)",
                           v=random(5, 4, 3, 3) * 0.7),
    "the half of a GELU": body(
        "q = Div (x, r)  e = Erf (q)  a = Add (e, i)  c = Mul (x, a)  d = Mul (c, f)"
        "  y = Conv (d, w)",
        **HALVES,
    ),
    "the half of a GELU by tanh": body(
        "q = Div (x, r)  e = Tanh (q)  a = Add (i, e)  c = Mul (a, x)  d = Mul (f, c)"
        "  y = Conv (d, w)",
        **HALVES,
    ),
    "computed weights": body("a = Mul (x, s)  k = Neg (w)  y = Conv (a, k)"),
    "a computed factor": body("k = Neg (x)  a = Mul (x, k)  y = Conv (a, w)"),
}  # fmt: skip


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Where the result would differ, at the border or elsewhere."""
    assert_left_alone(by=fold_scale_into_next_conv, model=make())
