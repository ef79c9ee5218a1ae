"""Comparing tensors of one shape."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.legalise.types.compare_alike import compare_alike
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import random


def compared(op: str, operands: str, other: str = "2,1") -> Make:
    """Return a maker of a comparison of a (2, 3)."""
    inputs = f", float[{other}] b" if "b" in operands else ""
    text = f"{{ t = {op} ({operands})  y = Cast <to=1> (t) }}"
    return made(
        f"(float[2,3] a{inputs}) => (float[2,3] y) {text}",
        k=np.array(0.1, np.float32),
        v=random(3),
    )


FORMS: dict[str, tuple[Make, str, dict[str, int]]] = {
    "with a number": (compared("Greater", "a, k"), "Greater", {}),
    "a number with it": (compared("LessOrEqual", "k, a"), "LessOrEqual", {}),
    "with a row": (compared("Less", "a, v"), "Less", {}),
    "with a column": (compared("GreaterOrEqual", "a, b"), "GreaterOrEqual", {"Expand": 1}),
    "with less axes": (compared("Greater", "b, a", other="3"), "Greater", {"Expand": 1}),
}


@pytest.mark.parametrize(("make", "op", "ops"), FORMS.values(), ids=FORMS)
def test_operands_are_as_large_as_the_result(make: Make, op: str, ops: dict[str, int]) -> None:
    """A constant is copied at export."""
    assert_rewritten(by=compare_alike, model=make(), ops={op: 1, "Cast": 1, **ops}, limit=0)


LEFT = {
    "one shape": compared("Greater", "a, b", other="2,3"),
    "a sum": made("(float[2,3] a, float[2,1] b) => (float[2,3] y) { y = Add (a, b) }"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_equal_shapes_stay(make: Make) -> None:
    """There is nothing to do."""
    assert_left_alone(by=compare_alike, model=make())
