"""Writing a per-channel Mul and Add as a BatchNormalization."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.optimise.scale_to_normalization import scale_to_normalization
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array, random


def body(text: str, **constants: Array) -> Make:
    """Return a maker of a graph from x (2, 3, 5, 7) to y of that shape."""
    numbers = {"s": random(1, 3, 1, 1), "t": random(3, 1, 1)}
    used = {k: v for k, v in numbers.items() if f" {k})" in text or f"({k}," in text}
    return made(f"(float[2,3,5,7] x) => (float[2,3,5,7] y) {{ {text} }}", **used | constants)


FORMS: dict[str, tuple[Make, int]] = {
    "scaled and shifted": (body("a = Mul (x, s)  y = Add (a, t)"), 2),
    "the constants first, subtracted": (body("a = Mul (s, x)  y = Sub (a, t)"), 2),
    "by one number": (
        body("a = Mul (x, s)  y = Add (a, t)", s=np.array(1.7, np.float32), t=random(1)),
        2,
    ),
    "scaled alone": (body("y = Mul (x, s)"), 1),
}


@pytest.mark.parametrize(("make", "fired"), FORMS.values(), ids=FORMS)
def test_a_scale_and_shift_become_one_op(make: Make, fired: int) -> None:
    """It counts as many ops as it replaces."""
    assert_rewritten(
        by=scale_to_normalization, model=make(), fired=fired, ops={"BatchNormalization": 1}
    )


LEFT: dict[str, Make] = {
    "a number for each column": body("y = Mul (x, s)", s=random(7)),
    "a number for each row": body("a = Mul (x, s)  y = Add (a, s)", s=random(1, 1, 5, 1)),
    "one number alone": body("y = Mul (x, s)", s=random(1)),
    "a shift alone": body("y = Add (x, t)"),
    "the scale is broadcast up": made(
        "(float[2,1,5,7] x) => (float[2,3,5,7] y) { y = Mul (x, s) }", s=random(1, 3, 1, 1)
    ),
    "no image": made("(float[2,3,5] x) => (float[2,3,5] y) { y = Mul (x, s) }", s=random(3, 1)),
    "computed operands": body("a = Neg (x)  y = Mul (x, a)"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Constants with other than a number for each channel of an image."""
    assert_left_alone(by=scale_to_normalization, model=make())


def test_a_scaled_value_that_others_read_is_scaled_alone() -> None:
    """The added term stays."""
    make = body("a = Mul (x, s)  b = Add (a, t)  y = Sub (b, a)")
    assert_rewritten(
        by=scale_to_normalization, model=make(), ops={"BatchNormalization": 1, "Add": 1, "Sub": 1}
    )
