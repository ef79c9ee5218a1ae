"""Multiplying a tensor by a constant matrix as rows."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.optimise.multiply_rows import multiply_rows
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import integers, random

GEMM = {"Reshape": 2, "Gemm": 1}
FORMS: dict[str, tuple[Make, dict[str, int]]] = {
    "of three axes": (
        made("(float[3,5,7] x) => (float[3,5,11] y) { y = MatMul (x, w) }", w=random(7, 11)),
        GEMM,
    ),
    "of four": (
        made("(float[3,2,5,7] x) => (float[3,2,5,11] y) { y = MatMul (x, w) }", w=random(7, 11)),
        GEMM,
    ),
    "of one row": (
        made("(float[1,1,7] x) => (float[1,1,11] y) { y = MatMul (x, w) }", w=random(7, 11)),
        GEMM,
    ),
    "two by one matrix": (
        made(
            "(float[3,5,7] x, float[2,9,7] z) => (float[3,5,7] y, float[2,9,7] u) "
            "{ y = MatMul (x, w)  u = MatMul (z, w) }",
            w=random(7, 7),
        ),
        {"Reshape": 4, "Gemm": 2},
    ),
    "among others": (
        made(
            "(float[3,5,7] x) => (float[3,5,11] y) "
            "{ a = Relu (x)  m = MatMul (a, w)  y = Add (m, b) }",
            w=random(7, 11),
            b=random(11),
        ),
        {"Relu": 1, "Reshape": 2, "Gemm": 1, "Add": 1},
    ),
}


@pytest.mark.parametrize(("make", "ops"), FORMS.values(), ids=FORMS)
def test_a_gemm_takes_its_place(make: Make, ops: dict[str, int]) -> None:
    """Of all rows at once."""
    fired = ops["Gemm"]
    assert_rewritten(by=multiply_rows, model=make(), ops=ops, fired=fired)


LEFT: dict[str, Make] = {
    "rows already": made(
        "(float[5,7] x) => (float[5,11] y) { y = MatMul (x, w) }", w=random(7, 11)
    ),
    "a computed matrix": made(
        "(float[3,5,7] x, float[7,11] w) => (float[3,5,11] y) { y = MatMul (x, w) }"
    ),
    "a matrix for each sample": made(
        "(float[3,5,7] x) => (float[3,5,11] y) { y = MatMul (x, w) }", w=random(3, 7, 11)
    ),
    "the constant on the left": made(
        "(float[3,5,7] x) => (float[3,11,7] y) { y = MatMul (w, x) }", w=random(11, 5)
    ),
    "a vector": made("(float[3,5,7] x) => (float[3,5] y) { y = MatMul (x, w) }", w=random(7)),
    "whole numbers": made(
        "(int64[3,5,7] x) => (int64[3,5,2] y) { y = MatMul (x, w) }",
        w=integers(*range(14)).reshape(7, 2),
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Where there are rows, or no matrix that a Dense layer could have."""
    assert_left_alone(by=multiply_rows, model=make())
