"""Writing Keras' hard sigmoid as ONNX's."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.optimise.clip_to_hard_sigmoid import clip_to_hard_sigmoid
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array, random


def number(value: float) -> Array:
    """Return a constant without axes."""
    return np.array(value, np.float32)


NUMBERS = {"b": number(3), "l": number(0), "h": number(6), "c": number(1 / 6)}


def body(text: str, **constants: Array) -> Make:
    """Return a maker of a graph from x (2, 3, 5, 7) to y, with Keras' numbers 3, 0, 6 and 1/6."""
    return made(
        f"(float[2,3,5,7] x) => (float[2,3,5,7] y) {{ u = Mul (x, f)  {text} }}",
        **NUMBERS | {"f": number(4)} | constants,
    )


FORMS: dict[str, tuple[Make, dict[str, int]]] = {
    "hard sigmoid": (
        body("a = Add (u, b)  r = Clip (a, l, h)  y = Mul (r, c)"),
        {"Mul": 1, "HardSigmoid": 1},
    ),
    "the numbers first": (
        body("a = Add (b, u)  r = Clip (a, l, h)  y = Mul (c, r)"),
        {"Mul": 1, "HardSigmoid": 1},
    ),
    "hard swish": (
        body("a = Add (u, b)  r = Clip (a, l, h)  s = Mul (r, c)  y = Mul (u, s)"),
        {"Mul": 2, "HardSigmoid": 1},
    ),
    "nothing added": (body("r = Clip (u, l, h)  y = Mul (r, c)"), {"Mul": 1, "HardSigmoid": 1}),
    "a sum that varies": (
        body("a = Add (u, v)  r = Clip (a, l, h)  y = Mul (r, c)", v=random(5, 7)),
        {"Mul": 1, "Add": 1, "HardSigmoid": 1},
    ),
}


@pytest.mark.parametrize(("make", "ops"), FORMS.values(), ids=FORMS)
def test_a_scaled_clip_becomes_one_op(make: Make, ops: dict[str, int]) -> None:
    """The same numbers, with a sum before it taken in."""
    assert_rewritten(by=clip_to_hard_sigmoid, model=make(), ops=ops)


def test_a_sum_that_others_read_stays() -> None:
    """The HardSigmoid reads that sum."""
    make = body("a = Add (u, b)  r = Clip (a, l, h)  s = Mul (r, c)  y = Add (s, a)")
    assert_rewritten(
        by=clip_to_hard_sigmoid, model=make(), ops={"Mul": 1, "Add": 2, "HardSigmoid": 1}
    )


LEFT: dict[str, Make] = {
    "another height than 1": body("r = Clip (u, l, h)  y = Mul (r, c)", c=number(0.25)),
    "a lower bound that is not 0": body("r = Clip (u, l, h)  y = Mul (r, c)", l=number(-1)),
    "no upper bound": body("r = Clip (u, l)  y = Mul (r, c)"),
    "a factor that varies": body("r = Clip (u, l, h)  y = Mul (r, c)", c=random(7)),
    "a clip that others read": body("r = Clip (u, l, h)  s = Mul (r, c)  y = Add (r, s)"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_near_misses_are_left_alone(make: Make) -> None:
    """A line that does not go from 0 to 1 is no sigmoid."""
    assert_left_alone(by=clip_to_hard_sigmoid, model=make())
