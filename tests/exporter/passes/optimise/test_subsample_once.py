"""Leaving out pixels before strided 1x1 convolutions."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.optimise.subsample_once import subsample_once
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array, random


def body(text: str, to: str = "2,5,4,5", **constants: Array) -> Make:
    """Return a maker of a graph from x (2, 3, 7, 9) to y, with 1x1 weights w and v."""
    weights = {"w": random(5, 3, 1, 1), "v": random(5, 3, 1, 1) * 0.7}
    used = {k: v for k, v in weights.items() if f" {k}" in text}
    return made(f"(float[2,3,7,9] x) => (float[{to}] y) {{ {text} }}", **used | constants)


FORMS: dict[str, tuple[Make, int, dict[str, int]]] = {
    "one": (body("y = Conv <strides=[2,2]> (x, w)"), 1, {"AveragePool": 1, "Conv": 1}),
    "two that share the pixels": (
        body("a = Conv <strides=[2,2]> (x, w)  b = Conv <strides=[2,2]> (x, v)  y = Sub (a, b)"),
        2,
        {"AveragePool": 1, "Conv": 2, "Sub": 1},
    ),
    "rows alone, with a bias": (
        body("y = Conv <strides=[3,1]> (x, w, b)", "2,5,3,9", b=random(5)),
        1,
        {"AveragePool": 1, "Conv": 1},
    ),
}


@pytest.mark.parametrize(("make", "fired", "ops"), FORMS.values(), ids=FORMS)
def test_the_pixels_are_left_out_before(make: Make, fired: int, ops: dict[str, int]) -> None:
    """Once for all convolutions of a value and stride."""
    assert_rewritten(by=subsample_once, model=make(), fired=fired, ops=ops)


LEFT: dict[str, Make] = {
    "no stride": body("y = Conv <strides=[1,1]> (x, w)", "2,5,7,9"),
    "a larger kernel": body("y = Conv <strides=[2,2]> (x, k)", "2,5,3,4", k=random(5, 3, 3, 3)),
    "padding": body("y = Conv <strides=[2,2], pads=[1,0,0,0]> (x, w)"),
    "a depthwise one": body("y = Conv <strides=[2,2], group=3> (x, k)", "2,3,4,5",
                            k=random(3, 1, 1, 1)),
    "a line": made(
        "(float[2,3,9] x) => (float[2,5,5] y) { y = Conv <strides=[2]> (x, w) }",
        w=random(5, 3, 1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Convolutions that read more than every other pixel, or get no faster."""
    assert_left_alone(by=subsample_once, model=make())
