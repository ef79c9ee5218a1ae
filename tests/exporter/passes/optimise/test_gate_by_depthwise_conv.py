"""Scaling channels by a gate with a convolution."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.optimise.gate_by_depthwise_conv import gate_by_depthwise_conv
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array, random


def body(text: str, channels: int = 6, batch: int = 1, **constants: Array) -> Make:
    """Return a maker of a graph whose gate g is a sigmoid of each channel's mean."""
    size = f"{batch},{channels},5,7"
    start = "p = GlobalAveragePool (x)  g = Sigmoid (p)"
    return made(f"(float[{size}] x) => (float[{size}] y) {{ {start}  {text} }}", **constants)


FORMS: dict[str, Make] = {
    "the gate last": body("y = Mul (x, g)"),
    "the gate first, 11 channels": body("y = Mul (g, x)", channels=11),
}

READ: dict[str, Make] = {
    # What the classic engine does not merge with the convolution before it.
    "added to what others read": body("c = Mul (x, g)  y = Add (x, c)"),
    "added to what comes later, activated": body(
        "c = Mul (x, g)  d = Relu (c)  r = Neg (x)  y = Add (r, d)"
    ),
    "subtracted": body("c = Mul (x, g)  r = Neg (x)  y = Sub (r, c)"),
    "scaled": body("c = Mul (x, g)  y = Mul (c, s)", s=random(1, 6, 1, 1)),
    "shifted": body("c = Mul (x, g)  y = Add (c, s)", s=random(1, 6, 1, 1)),
    "read twice": body("c = Mul (x, g)  r = Neg (x)  a = Add (r, c)  y = Max (a, c)"),
}


@pytest.mark.parametrize("make", READ.values(), ids=READ)
def test_its_reader_may_be_any_other(make: Make) -> None:
    """Both engines compute the same then."""
    found = assert_rewritten(by=gate_by_depthwise_conv, model=make())
    assert found.ops["Conv"] == 1


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_the_gate_becomes_weights(make: Make) -> None:
    """Of one pixel for each channel."""
    ops = {"GlobalAveragePool": 1, "Sigmoid": 1, "Reshape": 1, "Conv": 1}
    assert_rewritten(by=gate_by_depthwise_conv, model=make(), ops=ops)


LEFT: dict[str, Make] = {
    "two samples": body("y = Mul (x, g)", batch=2),
    "one channel": body("y = Mul (x, g)", channels=1),
    "a constant gate": body("y = Mul (x, s)", s=random(1, 6, 1, 1)),
    "a gate for each column": made(
        "(float[1,6,5,7] x) => (float[1,6,5,7] y)"
        " { m = ReduceMean <axes=[1,2]> (x)  y = Mul (x, m) }"
    ),
    "one pixel": made(
        "(float[1,6,1,1] x) => (float[1,6,1,1] y) { g = Sigmoid (x)  y = Mul (x, g) }"
    ),
    "added to what nothing else reads": body("c = Mul (x, g)  r = Neg (x)  y = Add (c, r)"),
    "normalised": body(
        "c = Mul (x, g)  y = BatchNormalization (c, s, b, m, v)",
        s=random(6), b=random(6), m=random(6), v=random(6) ** 2,
    ),
    "no image": made("(float[1,6,5] x) => (float[1,6,5] y) { g = Sigmoid (x)  y = Mul (x, g) }"),
}  # fmt: skip


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Operands that are no gate of one sample's channels."""
    assert_left_alone(by=gate_by_depthwise_conv, model=make())
