"""Giving each node its own copies of small constants."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.shapes.own_small_constants import own_small_constants
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import random

TWO = "(float[3,7] x) => (float[3,1] y) { a = MatMul (x, w)  b = Add (a, e)  y = OP (b, e) }"


@pytest.mark.parametrize("op", ["Add", "Mul", "Max", "Sub"])
def test_each_reader_has_its_own(op: str) -> None:
    """The numbers stay, and a second run finds nothing."""
    make = made(TWO.replace("OP", op), w=random(7, 1), e=abs(random(1)))
    assert_rewritten(by=own_small_constants, model=make(), ops={"MatMul": 1, "Add": 1, op: 1}
                     if op != "Add" else {"MatMul": 1, "Add": 2})  # fmt: skip
    model = make()
    own_small_constants(model)
    used = [v.name for n in model.graph for v in n.inputs if v is not None and v.is_initializer()]
    assert len(used) == len(set(used)) == 3


LEFT: dict[str, Make] = {
    "it is read once": made(
        "(float[3,7] x) => (float[3,7] y) { a = Add (x, e)  y = Mul (a, f) }",
        e=random(7),
        f=random(7),
    ),
    "it is large": made(
        "(float[2,1100] x) => (float[2,1100] y) { a = Add (x, e)  y = Mul (a, e) }",
        e=random(1100),
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_constants_stay(make: Make) -> None:
    """Weights are worth sharing."""
    assert_left_alone(by=own_small_constants, model=make())
