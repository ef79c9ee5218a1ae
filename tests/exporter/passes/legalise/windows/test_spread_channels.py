"""Copying a map to all channels before it meets them."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.windows.spread_channels import spread_channels
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import random


def met(op: str, operands: str, other: str = "2,1,5,7") -> Make:
    """Return a maker of an op of exp(x), x (2, 3, 5, 7), and exp(m)."""
    return made(
        f"(float[2,3,5,7] x, float[{other}] m) => (float[2,3,5,7] y) "
        f"{{ a = Exp (x)  b = Exp (m)  y = {op} ({operands}) }}"
    )


FORMS = {
    "a product": (met("Mul", "a, b"), "Mul"),
    "the map first": (met("Mul", "b, a"), "Mul"),
    "a difference": (met("Sub", "b, a"), "Sub"),
    "a quotient": (met("Div", "a, b"), "Div"),
    "a maximum": (met("Max", "a, b"), "Max"),
    "a row": (
        made(
            "(float[2,3,1,7] x, float[2,1,1,7] m) => (float[2,3,1,7] y) "
            "{ a = Exp (x)  b = Exp (m)  y = Add (a, b) }"
        ),
        "Add",
    ),
}


@pytest.mark.parametrize(("make", "op"), FORMS.values(), ids=FORMS)
def test_a_map_is_convolved_with_ones(make: Make, op: str) -> None:
    """Its order among the operands stays."""
    assert_rewritten(by=spread_channels, model=make(), ops={"Exp": 2, "Conv": 1, op: 1})


def test_both_operands_may_be_one_value_and_its_map() -> None:
    """A gate that is computed from the gated value."""
    make = made(
        "(float[2,3,5,7] x) => (float[2,3,5,7] y) "
        "{ m = ReduceMax <axes=[1], keepdims=1> (x)  y = Mul (x, m) }"
    )
    ops = {"ReduceMax": 1, "Conv": 1, "Mul": 1}
    assert_rewritten(by=spread_channels, model=make(), ops=ops)


LEFT = {
    "all channels": met("Mul", "a, b", "2,3,5,7"),
    "a number for each channel": met("Mul", "a, b", "2,3,1,1"),
    "a number for each sample": met("Mul", "a, b", "2,1,1,1"),
    "rows only": met("Mul", "a, b", "2,1,5,1"),
    "one sample's map": met("Mul", "a, b", "1,1,5,7"),
    "a constant": made(
        "(float[2,3,5,7] x) => (float[2,3,5,7] y) { y = Mul (x, k) }", k=random(2, 1, 5, 7)
    ),
    "a volume": made(
        "(float[2,3,4,5,7] x, float[2,1,4,5,7] m) => (float[2,3,4,5,7] y) { y = Mul (x, m) }"
    ),
    "pixels without a picture": made(
        "(float[2,3,1,1] x, float[2,1,1,1] m) => (float[2,3,1,1] y) { y = Mul (x, m) }"
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_operands_stay(make: Make) -> None:
    """A map has all rows and columns, of all samples, and one channel."""
    assert_left_alone(by=spread_channels, model=make())
