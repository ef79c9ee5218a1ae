"""Scaling and shifting a Dense layer's result before it is reshaped."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.optimise.scale_before_reshape import scale_before_reshape
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array, integers, random


def body(text: str, to: str = "2,3,7", **constants: Array) -> Make:
    """Return a maker of a graph of a Dense layer r (2, 3, 7) of x (6, 5), and later ops."""
    start = "g = Gemm <transB=1> (x, w)  r = Reshape (g, s)"
    given = {"w": random(7, 5), "s": integers(2, 3, 7)} | constants
    return made(f"(float[6,5] x) => (float[{to}] y) {{ {start}  {text} }}", **given)


FORMS: dict[str, tuple[Make, int, dict[str, int]]] = {
    "a bias": (body("y = Add (r, b)", b=random(7)), 1, {"Gemm": 1, "Add": 1, "Reshape": 1}),
    "a scale, the constant first": (
        body("y = Mul (b, r)", b=random(7)),
        1,
        {"Gemm": 1, "Mul": 1, "Reshape": 1},
    ),
    "the heads of an attention layer": (
        made(
            "(float[6,5] x) => (float[2,3,4,2] y) "
            "{ g = Gemm <transB=1> (x, w)  r = Reshape (g, s)  y = Add (r, b) }",
            w=random(8, 5),
            s=integers(2, -1, 4, 2),
            b=random(4, 2),
        ),
        1,
        {"Gemm": 1, "Add": 1, "Reshape": 1},
    ),
    "a number for each head": (
        made(
            "(float[6,5] x) => (float[6,4,2] y) "
            "{ g = Gemm <transB=1> (x, w)  r = Reshape (g, s)  y = Mul (r, b) }",
            w=random(8, 5),
            s=integers(6, 4, 2),
            b=random(1, 4, 1),
        ),
        1,
        {"Gemm": 1, "Mul": 1, "Reshape": 1},
    ),
    "what it is taken from": (
        body("y = Sub (b, r)", b=random(7)),
        1,
        {"Gemm": 1, "Sub": 1, "Reshape": 1},
    ),
}


@pytest.mark.parametrize(("make", "fired", "ops"), FORMS.values(), ids=FORMS)
def test_the_reshape_comes_last(make: Make, fired: int, ops: dict[str, int]) -> None:
    """The same numbers to the last bit, but for the order in which a net sums."""
    assert_rewritten(by=scale_before_reshape, model=make(), fired=fired, ops=ops)


LEFT: dict[str, Make] = {
    "a number": body("y = Mul (r, b)", b=random(1)),
    "rows and columns mixed": body("y = Add (r, b)", "2,7,3", s=integers(2, 7, 3), b=random(7, 3)),
    "another last axis": body("y = Add (r, b)", "3,14", s=integers(3, 14), b=random(14)),
    "a constant for each row": body("y = Add (r, b)", b=random(3, 1)),
    "others read it": body("a = Add (r, b)  y = Mul (a, r)", b=random(7)),
    "a computed operand": body("a = Neg (r)  y = Add (r, a)"),
    "broadcast up": body("y = Add (r, b)", "4,2,3,7", b=random(4, 1, 1, 7)),
    "spread over an axis of one": made(
        "(float[1,5] x) => (float[1,1,4,7] y) "
        "{ g = Gemm <transB=1> (x, w)  r = Reshape (g, s)  y = Mul (r, b) }",
        w=random(7, 5),
        s=integers(1, 1, 1, 7),
        b=random(4, 7),
    ),
    "no Dense layer": made(
        "(float[6,7] x) => (float[2,3,7] y) { r = Reshape (x, s)  y = Add (r, b) }",
        s=integers(2, 3, 7),
        b=random(7),
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Constants that a Gemm could not fold."""
    assert_left_alone(by=scale_before_reshape, model=make())
