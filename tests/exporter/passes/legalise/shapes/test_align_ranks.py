"""Giving both operands of an op as many dimensions as its result has."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.shapes.align_ranks import align_ranks
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import random


def pair(left: str, right: str, to: str, op: str = "Add") -> Make:
    """Return a maker of an op of two inputs."""
    text = f"(float[{left}] a, float[{right}] b) => (float[{to}] y) {{ y = {op} (a, b) }}"
    return made(text)


FORMS: dict[str, tuple[Make, int, dict[str, int]]] = {
    "one axis less": (pair("2,3,5", "3,5", "2,3,5"), 1, {"Reshape": 1, "Add": 1}),
    "a row": (pair("2,3,4,5", "4,5", "2,3,4,5", "Mul"), 1, {"Reshape": 1, "Mul": 1}),
    "on the left": (pair("3,1", "2,3,5", "2,3,5", "Sub"), 1, {"Reshape": 1, "Sub": 1}),
    "three operands": (
        made(
            "(float[3,5] a, float[2,3,5] b, float[1,5] c) => (float[2,3,5] y) "
            "{ t = Greater (a, k)  y = Where (t, b, c) }",
            k=random(),
        ),
        2,
        {"Greater": 1, "Reshape": 2, "Where": 1},
    ),
}


@pytest.mark.parametrize(("make", "fired", "ops"), FORMS.values(), ids=FORMS)
def test_operands_get_axes_of_one_in_front(make: Make, fired: int, ops: dict[str, int]) -> None:
    """As ONNX broadcasts."""
    assert_rewritten(by=align_ranks, model=make(), fired=fired, ops=ops)


LEFT = {
    "equal ranks": pair("2,3,5", "1,3,1", "2,3,5"),
    "a constant": made("(float[2,3,5] a) => (float[2,3,5] y) { y = Add (a, k) }", k=random(5)),
    "a product of matrices": pair("2,3,5", "5,4", "2,3,4", "MatMul"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_operands_stay(make: Make) -> None:
    """Constants are read right as they are."""
    assert_left_alone(by=align_ranks, model=make())
