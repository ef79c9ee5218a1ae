"""Subtracting the negative where a sum would be taken for something else."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.windows.subtract_from_conv import subtract_from_conv
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import random


def convolved(operands: str, other: str, to: str = "2,5,4,6", shape: str = "2,3,4,6") -> Make:
    """Return a maker of the sum of a 1x1 convolution c and t."""
    ones = [1] * (len(shape.split(",")) - 2)
    return made(
        f"(float[{shape}] x, float[{other}] t) => (float[{to}] y) "
        f"{{ c = Conv (x, w)  y = Add ({operands}) }}",
        w=random(5, 3, *ones),
    )


def multiplied(bias: tuple[int, ...], node: str = "m = MatMul (x, w)", shape: str = "5,3") -> Make:
    """Return a maker of a product of matrices (5, 5) and a term added to it."""
    return made(
        f"(float[{shape}] x) => (float[5,5] y) {{ {node}  y = Add (m, b) }}",
        w=random(3, 5),
        b=random(*bias),
    )


SUB = {"Conv": 1, "Neg": 1, "Sub": 1}
FORMS: dict[str, tuple[Make, dict[str, int]]] = {
    "an embedding for each channel": (convolved("c, t", "2,5,1,1"), SUB),
    "the embedding first": (convolved("t, c", "2,5,1,1"), SUB),
    "a convolution added to more": (
        made(
            "(float[2,3,1,1] x, float[2,5,4,6] t) => (float[2,5,4,6] y) "
            "{ c = Conv (x, w)  y = Add (c, t) }",
            w=random(5, 3, 1, 1),
        ),
        SUB,
    ),
    "a residual of volumes": (convolved("c, t", "2,5,2,4,6", "2,5,2,4,6", "2,3,2,4,6"), SUB),
    "a constant column after a product": (multiplied((5, 1)), {"MatMul": 1, "Sub": 1}),
    "a constant column after a Gemm": (
        multiplied((5, 1), "m = Gemm (x, w)"), {"Gemm": 1, "Sub": 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "ops"), FORMS.values(), ids=FORMS)
def test_the_negative_is_subtracted(make: Make, ops: dict[str, int]) -> None:
    """The larger operand comes first; a constant is negated at export."""
    assert_rewritten(by=subtract_from_conv, model=make(), ops=ops)


LEFT = {
    "a residual": convolved("c, t", "2,5,4,6"),
    "a bias": made(
        "(float[2,3,4,6] x) => (float[2,5,4,6] y) { c = Conv (x, w)  y = Add (c, b) }",
        w=random(5, 3, 1, 1),
        b=random(5, 1, 1),
    ),
    "a row after a product": multiplied((5,)),
    "a row of a matrix after a product": multiplied((1, 5)),
    "no convolution": made(
        "(float[2,5,4,6] x, float[2,5,1,1] t) => (float[2,5,4,6] y) { y = Add (x, t) }"
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_sums_stay(make: Make) -> None:
    """A residual of the convolution's shape, which OpenCV fuses."""
    assert_left_alone(by=subtract_from_conv, model=make())
