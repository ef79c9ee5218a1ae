"""Writing ops of many operands as chains of two."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.shapes.chain_operands import chain_operands
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import random


def joined(node: str) -> Make:
    """Return a maker of a graph of one op on a (2, 3, 5), b (3, 5) and c (2, 1, 5)."""
    return made(
        f"(float[2,3,5] a, float[1,3,5] b, float[2,1,5] c) => (float[2,3,5] y) {{ {node} }}",
        k=random(5),
    )


FORMS: dict[str, tuple[Make, dict[str, int]]] = {
    "a sum of three": (joined("y = Sum (a, b, c)"), {"Add": 2}),
    "a sum that grows": (
        made(
            "(float[1,3,5] b, float[2,1,5] c) => (float[2,3,5] y) { y = Sum (b, c, k) }",
            k=random(5),
        ),
        {"Add": 2},
    ),
    "a sum of two": (made("(float[2,3] a, float[2,1] b) => (float[2,3] y) { y = Sum (a, b) }"),
                     {"Add": 1}),
    "a mean of three": (joined("y = Mean (a, b, c)"), {"Add": 2, "Mul": 1}),
    "a mean of two": (
        made("(float[2,1] a, float[2,3] b) => (float[2,3] y) { y = Mean (a, b) }"),
        {"Add": 1, "Mul": 1},
    ),
    "a maximum of four": (joined("y = Max (k, b, c, a)"), {"Max": 3}),
    "a minimum of one value thrice": (
        made("(float[2,3] a, float[1,3] b) => (float[2,3] y) { y = Min (a, b, a) }"),
        {"Min": 2},
    ),
    "a maximum of one": (
        made("(float[2,3] a) => (float[2,3] y) { b = Exp (a)  y = Max (b) }"), {"Exp": 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "ops"), FORMS.values(), ids=FORMS)
def test_operands_are_taken_two_by_two(make: Make, ops: dict[str, int]) -> None:
    """From the left, and a mean is divided once."""
    assert_rewritten(by=chain_operands, model=make(), ops=ops)


@pytest.mark.parametrize("op", ["Max", "Min", "Add"])
def test_two_operands_stay(op: str) -> None:
    """They are a chain already."""
    text = f"(float[2,3] a, float[2,1] b) => (float[2,3] y) {{ y = {op} (a, b) }}"
    assert_left_alone(by=chain_operands, model=made(text)())
