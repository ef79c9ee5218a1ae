"""Writing maxima and minima with a number as Clips, and Clips in a row as one."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.legalise.types.bounds_to_clip import bounds_to_clip
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array, random


def number(value: float, *shape: int) -> Array:
    """Return a constant of one element."""
    return np.full(shape, value, np.float32)


def body(text: str, **constants: Array) -> Make:
    """Return a maker of a graph from x (2, 3, 5) to y of that shape."""
    return made(f"(float[2,3,5] x) => (float[2,3,5] y) {{ {text} }}", **constants)


LOW, HIGH = number(-0.3), number(0.8)
FORMS: dict[str, tuple[Make, int, dict[str, int]]] = {
    "a lower bound": (body("y = Max (x, l)", l=LOW), 1, {"Clip": 1}),
    "an upper bound": (body("y = Min (x, h)", h=HIGH), 1, {"Clip": 1}),
    "the number first": (body("y = Max (l, x)", l=number(-0.3, 1, 1)), 1, {"Clip": 1}),
    "a maximum with 0": (body("y = Max (x, l)", l=number(0)), 1, {"Relu": 1}),
    "a minimum with 0": (body("y = Min (x, l)", l=number(0)), 1, {"Clip": 1}),
    "one after the other": (
        body("a = Max (x, l)  y = Min (a, h)", l=LOW, h=HIGH),
        3,
        {"Clip": 1},
    ),
    "two Clips": (body("a = Clip (x, l)  y = Clip (a, , h)", l=LOW, h=HIGH), 1, {"Clip": 1}),
    "bounds that cross": (
        body("a = Clip (x, h)  y = Clip (a, l, l)", l=LOW, h=HIGH),
        1,
        {"Clip": 1},
    ),
    "a Clip of a Relu": (body("a = Relu (x)  y = Clip (a, , h)", h=HIGH), 1, {"Clip": 1}),
    "a Clip that a Relu makes needless": (
        body("a = Relu (x)  y = Clip (a, l)", l=LOW),
        1,
        {"Relu": 1},
    ),
    "a number of more axes": (
        made("(float[3,5] x) => (float[1,3,5] y) { y = Max (x, l) }", l=number(-0.3, 1, 1, 1)),
        1,
        {"Reshape": 1, "Clip": 1},
    ),
}


@pytest.mark.parametrize(("make", "fired", "ops"), FORMS.values(), ids=FORMS)
def test_bounds_become_one_clip(make: Make, fired: int, ops: dict[str, int]) -> None:
    """The same numbers to the last bit."""
    assert_rewritten(by=bounds_to_clip, model=make(), fired=fired, ops=ops, limit=0)


LEFT: dict[str, Make] = {
    "a bound for each column": body("y = Max (x, l)", l=random(5)),
    "two computed values": body("a = Neg (x)  y = Min (x, a)"),
    "three operands": body("a = Neg (x)  y = Max (x, a, l)", l=LOW),
    "whole numbers": body(
        "i = Cast <to=7> (x)  m = Max (i, l)  y = Cast <to=1> (m)", l=np.array(0, np.int64)
    ),
    "the inner one is an output": made(
        "(float[2,3] x) => (float[2,3] y, float[2,3] a) { a = Clip (x, l)  y = Clip (a, , h) }",
        l=LOW,
        h=HIGH,
    ),
    "the inner one is read elsewhere": body(
        "a = Clip (x, l)  b = Clip (a, , h)  y = Add (a, b)", l=LOW, h=HIGH
    ),
    "a bound is computed": body(
        "k = ReduceMin <keepdims=0> (x)  a = Relu (x)  y = Clip (a, k, h)", h=HIGH
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_bounds_stay(make: Make) -> None:
    """A Clip has one number for all elements, and floats."""
    assert_left_alone(by=bounds_to_clip, model=make())
