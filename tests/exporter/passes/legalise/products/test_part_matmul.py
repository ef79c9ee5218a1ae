"""Putting a Reshape behind a product of two computed matrices."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.legalise.products.part_matmul import part_matmul
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import random


def product(then: str) -> Make:
    """Return a maker of a (2, 3, 4) times b (2, 4, 5), and the ops after it."""
    return made(
        f"(float[2,3,4] a, float[2,4,5] b) => (float[2,3,5] y) {{ p = MatMul (a, b)  {then} }}",
        k=np.array(0.3, np.float32),
        v=random(5),
    )


FORMS: dict[str, tuple[Make, str]] = {
    "an activation": (product("y = Relu (p)"), "Relu"),
    "a sum with a number": (product("y = Add (p, k)"), "Add"),
    "a product with a row": (product("y = Mul (v, p)"), "Mul"),
}


@pytest.mark.parametrize(("make", "then"), FORMS.values(), ids=FORMS)
def test_a_reshape_parts_them(make: Make, then: str) -> None:
    """To its own shape."""
    ops = {"MatMul": 1, "Reshape": 1, then: 1}
    found = assert_rewritten(by=part_matmul, model=make(), ops=ops)
    assert [node.op_type for node in found.after.graph.node] == list(ops)


LEFT = {
    "a constant kernel": made(
        "(float[2,3,4] a) => (float[2,3,5] y) { p = MatMul (a, k)  y = Relu (p) }", k=random(4, 5)
    ),
    "a softmax": product("y = Softmax (p)"),
    "two readers": product("r = Relu (p)  y = Add (p, r)"),
    "an output": made("(float[3,4] a, float[4,5] b) => (float[3,5] y) { y = MatMul (a, b) }"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_what_is_not_merged_stays(make: Make) -> None:
    """A layer of two readers, or one that moves numbers, is never merged."""
    assert_left_alone(by=part_matmul, model=make())
