"""Multiplying matrices of 8-bit integers as floats."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.legalise.products.integer_matmul_to_float import integer_matmul_to_float
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array

KERNEL = np.random.default_rng(3).integers(-127, 128, (5, 4)).astype(np.int8)
TEXT = """(float[3,5] x) => (float[3,4] y) {
    a = Mul (x, s)
    f = Floor (a)
    q = Cast <to=%d> (f)
    p = MatMulInteger (%s)
    y = Cast <to=1> (p)
}"""
ROUND = {"Mul": 1, "Floor": 1}


def product(operands: str, *, signed: bool = True, **zeros: Array) -> Make:
    """Return a maker of a quantised product with some zero points."""
    scale = np.array(40, np.float32)
    return made(TEXT % (3 if signed else 2, operands), s=scale, w=KERNEL, **zeros)


FORMS: dict[str, tuple[Make, dict[str, int]]] = {
    "no zero points": (product("q, w"), {"Cast": 4, "MatMul": 1}),
    "a zero point for the input": (
        product("q, w, a0", a0=np.array(7, np.int8)), {"Cast": 4, "Sub": 1, "MatMul": 1},
    ),
    "one for the kernel": (
        product("q, w, , b0", b0=np.array(-9, np.int8)), {"Cast": 4, "MatMul": 1},
    ),
    "one for each column": (
        product("q, w, a0, b0", a0=np.array(7, np.int8), b0=np.array([1, -2, 30, 4], np.int8)),
        {"Cast": 4, "Sub": 1, "MatMul": 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "ops"), FORMS.values(), ids=FORMS)
def test_products_are_exact_as_floats(make: Make, ops: dict[str, int]) -> None:
    """The zero point of a constant is subtracted at export."""
    assert_rewritten(by=integer_matmul_to_float, model=make(), ops=ROUND | ops, limit=0)


LEFT = {
    "a computed zero point": made(
        TEXT.replace("p = ", "z = ReduceMin <keepdims=0> (f)  c = Cast <to=3> (z)  p = ")
        % (3, "q, w, c"),
        s=np.array(40, np.float32),
        w=KERNEL,
    ),
    "floats": made("(float[3,5] x) => (float[3,5] y) { t = Exp (x)  y = Mul (t, x) }"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_products_stay(make: Make) -> None:
    """Zero points must be known."""
    assert_left_alone(by=integer_matmul_to_float, model=make())
