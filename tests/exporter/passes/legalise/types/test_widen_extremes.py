"""Taking the larger or smaller of tensors of one shape."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.legalise.types.widen_extremes import widen_extremes
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import random


def pair(node: str, other: str = "2,1,4,1") -> Make:
    """Return a maker of a maximum or minimum of a (2, 3, 4, 5) and something smaller."""
    second = f", float[{other}] b" if "b" in node.split("(")[1] else ""
    return made(
        f"(float[2,3,4,5] a{second}) => (float[2,3,4,5] y) {{ {node} }}",
        k=random(3, 1, 5),
        n=np.array(0.2, np.float32),
    )


FORMS: dict[str, tuple[Make, int, dict[str, int]]] = {
    "a map": (pair("y = Max (a, b)"), 1, {"Expand": 1, "Max": 1}),
    "the map first": (pair("y = Min (b, a)", "1,3,1,5"), 1, {"Expand": 1, "Min": 1}),
    "a constant": (pair("y = Max (a, k)"), 1, {"Max": 1}),
    "each has what the other lacks": (
        made("(float[2,1,4,5] a, float[1,3,4,1] b) => (float[2,3,4,5] y) { y = Min (a, b) }"),
        2,
        {"Expand": 2, "Min": 1},
    ),
}


@pytest.mark.parametrize(("make", "fired", "ops"), FORMS.values(), ids=FORMS)
def test_operands_are_as_large_as_the_result(make: Make, fired: int, ops: dict[str, int]) -> None:
    """A constant is copied at export."""
    assert_rewritten(by=widen_extremes, model=make(), fired=fired, ops=ops, limit=0)


LEFT = {
    "one shape": pair("y = Max (a, b)", "2,3,4,5"),
    "a number": pair("y = Min (a, n)"),
    "a sum": pair("y = Add (a, b)"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_operands_stay(make: Make) -> None:
    """They are taken right."""
    assert_left_alone(by=widen_extremes, model=make())
