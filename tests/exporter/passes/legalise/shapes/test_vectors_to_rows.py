"""Computing with tensors of one axis as rows."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.legalise.shapes.vectors_to_rows import vectors_to_rows
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import integers, random

SUMS = "a = ReduceMax <axes=[1], keepdims=0> (x)"


def vector(node: str) -> Make:
    """Return a maker of an op of the largest number of each row of x (4, 6)."""
    return made(
        f"(float[4,6] x) => (float[4] y) {{ {SUMS}  {node} }}",
        k=np.array(0.3, np.float32),
        v=random(4),
        o=integers(0),
    )


FORMS: dict[str, tuple[Make, dict[str, int]]] = {
    "with a number": (vector("y = Mul (a, k)"), {"Reshape": 2, "Mul": 1}),
    "with a constant vector": (vector("y = Sub (v, a)"), {"Reshape": 2, "Sub": 1}),
    "a sigmoid": (vector("y = Sigmoid (a)"), {"Reshape": 2, "Sigmoid": 1}),
    "a lower bound": (vector("y = Clip (a, k)"), {"Reshape": 2, "Clip": 1}),
    "shares": (vector("y = Softmax <axis=0> (a)"), {"Reshape": 2, "Softmax": 1}),
    "with itself": (vector("y = Add (a, a)"), {"Reshape": 3, "Add": 1}),
}


@pytest.mark.parametrize(("make", "ops"), FORMS.values(), ids=FORMS)
def test_a_vector_is_a_row(make: Make, ops: dict[str, int]) -> None:
    """And comes back as it was."""
    assert_rewritten(by=vectors_to_rows, model=make(), ops={"ReduceMax": 1, **ops})


LEFT = {
    "a matrix": made("(float[2,3] x) => (float[2,3] y) { y = Mul (x, k) }", k=random(3)),
    "an op that counts axes": vector("y = CumSum (a, o)"),
    "a number": made(
        "(float[3] x) => (float y) { a = ReduceMax <keepdims=0> (x)  y = Mul (a, k) }", k=random()
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_tensors_stay(make: Make) -> None:
    """Only one axis is mistaken for a column."""
    assert_left_alone(by=vectors_to_rows, model=make())
