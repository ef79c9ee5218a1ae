"""Putting a Reshape between a normalisation and an op that would merge with it."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.legalise.reductions.part_normalization import part_normalization
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import random


def normalised(node: str, shape: str) -> Make:
    """Return a maker of x through `node`, and z of that shape, normalised by channels."""
    channels = int(shape.split(",")[1])
    return made(
        f"(float[{shape}] x, float[{shape}] z) => (float[{shape}] y) "
        f"{{ s = Exp (z)  {node}  n = BatchNormalization (a, g, b, m, v)  y = Add (n, s) }}",
        k=random(5, 5),
        g=random(channels),
        b=random(channels)[::-1].copy(),
        m=random(channels) / 2,
        v=np.abs(random(channels)),
    )


FORMS: dict[str, tuple[Make, str]] = {
    "a product with a constant": (normalised("a = MatMul (x, k)", "2,3,4,5"), "MatMul"),
    "a product of a series": (normalised("a = MatMul (x, k)", "2,3,5"), "MatMul"),
    "a dense layer": (normalised("a = Gemm <transB=1> (x, k)", "3,5"), "Gemm"),
    "a product of rows": (normalised("a = Mul (x, s)", "3,5"), "Mul"),
    "a sum of series": (normalised("a = Sub (x, s)", "2,3,5"), "Sub"),
}


@pytest.mark.parametrize(("make", "op"), FORMS.values(), ids=FORMS)
def test_a_reshape_parts_them(make: Make, op: str) -> None:
    """To its own shape."""
    ops = {"Exp": 1, op: 1, "Reshape": 1, "BatchNormalization": 1, "Add": 1}
    assert_rewritten(by=part_normalization, model=make(), ops=ops)


LEFT = {
    "a sum of pictures": normalised("a = Add (x, s)", "2,3,4,5"),
    "a convolution": made(
        "(float[2,3,4,5] x) => (float[2,3,4,5] y) "
        "{ c = Conv <kernel_shape=[1,1]> (x, k)  y = BatchNormalization (c, g, g, g, v) }",
        k=random(3, 3, 1, 1),
        g=random(3),
        v=np.abs(random(3)),
    ),
    "an activation": normalised("a = Relu (x)", "3,5"),
    "an input": made(
        "(float[2,3] x) => (float[2,3] y) { y = BatchNormalization (x, g, g, g, v) }",
        g=random(3),
        v=np.abs(random(3)),
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_what_is_normalised_right_stays(make: Make) -> None:
    """The second axis is that of the channels there."""
    assert_left_alone(by=part_normalization, model=make())
