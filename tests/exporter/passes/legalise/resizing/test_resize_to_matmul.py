"""Resizing by matrix products, or by Gathers, where OpenCV's own Resize would not do."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.legalise.resizing.resize_to_matmul import cubic, resize_to_matmul
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import integers, random

SOURCE = (2, 3, 5, 8)


def resized(rows: int, columns: int, how: str) -> Make:
    """Return a maker of a Resize of a picture of 5 x 8."""
    return made(
        f"(float[2,3,5,8] x) => (float[2,3,{rows},{columns}] y) "
        f"{{ y = Resize <{how}> (x, , , s) }}",
        s=integers(2, 3, rows, columns),
    )


def nearest(rounding: str, where: str) -> str:
    """Return the attributes of a Resize to the nearest pixel."""
    return f'mode="nearest", nearest_mode="{rounding}", coordinate_transformation_mode="{where}"'


PRODUCTS = {"MatMul": 2, "Transpose": 2}
CUBIC = 'mode="cubic", coordinate_transformation_mode="half_pixel"'
# Twice and four times the size: distances are whole parts of 1/1024, as the weights round them.
FORMS: dict[str, tuple[Make, dict[str, int]]] = {
    "cubic, larger": (resized(10, 32, CUBIC), PRODUCTS),
    "cubic, smaller": (resized(5, 4, CUBIC), PRODUCTS),
    "cubic with another coefficient": (resized(10, 16, CUBIC + ", cubic_coeff_a=-0.5"), PRODUCTS),
    "cubic without what lies outside": (resized(10, 16, CUBIC + ", exclude_outside=1"), PRODUCTS),
    "nearest that is a plain enlargement": (
        resized(10, 24, nearest("round_prefer_ceil", "half_pixel")), {"Resize": 1},
    ),
    "nearest, smaller": (
        resized(3, 5, nearest("round_prefer_floor", "half_pixel")), {"Gather": 2},
    ),
    "nearest, rounded up": (resized(7, 8, nearest("ceil", "asymmetric")), {"Gather": 1}),
    "nearest, corners aligned": (
        resized(9, 11, nearest("round_prefer_ceil", "align_corners")), {"Gather": 2},
    ),
    "nearest, one pixel": (
        resized(1, 3, nearest("floor", "pytorch_half_pixel")), {"Gather": 2},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "ops"), FORMS.values(), ids=FORMS)
def test_weights_are_a_matrix(make: Make, ops: dict[str, int]) -> None:
    """Or indices, where each pixel is one of the old ones."""
    assert_rewritten(by=resize_to_matmul, model=make(), ops=ops)


def test_weights_of_a_pixel_sum_to_1() -> None:
    """At the border, too, and for a size that is no multiple."""
    (node,) = resized(7, 13, CUBIC)().graph
    for size, out in ((5, 7), (8, 13), (1, 4)):
        weights = cubic(node, size, out)
        assert weights.shape == (out, size)
        np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=0, atol=1e-6)


LEFT = {
    "a part of the picture": made(
        '(float[2,3,5,7] x) => (float[2,3,4,8] y) { y = Resize <mode="nearest", '
        'coordinate_transformation_mode="tf_crop_and_resize"> (x, r, , s) }',
        r=random(8),
        s=integers(2, 3, 4, 8),
    ),
    "what OpenCV does": resized(10, 16, nearest("floor", "asymmetric")),
    "linear": resized(10, 16, 'mode="linear", coordinate_transformation_mode="half_pixel"'),
    "channels": made(
        f"(float[2,3,5,8] x) => (float[2,6,5,8] y) {{ y = Resize <{CUBIC}> (x, , , s) }}",
        s=integers(2, 6, 5, 8),
    ),
    "a matrix": made(
        f"(float[5,8] x) => (float[10,16] y) {{ y = Resize <{CUBIC}> (x, , , s) }}",
        s=integers(10, 16),
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_resizes_stay(make: Make) -> None:
    """They are right, or brought to rows and columns first."""
    assert_left_alone(by=resize_to_matmul, model=make())
