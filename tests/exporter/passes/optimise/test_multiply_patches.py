"""Multiplying patches that lie side by side as rows."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.optimise.multiply_patches import multiply_patches
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array, random


def body(conv: str, kernel: Array, image: str = "3,33,12,20", to: str = "3,7,3,5") -> Make:
    """Return a maker of a convolution with seven channels."""
    given = {"w": kernel, "b": random(7)}
    return made(
        f"(float[{image}] x) => (float[{to}] y) {{ y = {conv} }}",
        **{name: value for name, value in given.items() if f" {name}" in conv},
    )


SQUARE, OBLONG = random(7, 33, 4, 4) / 9, random(7, 65, 2, 4) / 9
ROWS = {"Reshape": 4, "Transpose": 3, "Gemm": 1}
FORMS: dict[str, Make] = {
    "square windows": body("Conv <strides=[4,4]> (x, w, b)", SQUARE),
    "without a bias": body("Conv <strides=[4,4], pads=[0,0,0,0]> (x, w)", SQUARE),
    "oblong windows": body(
        "Conv <strides=[2,4], dilations=[1,1]> (x, w, b)", OBLONG, "3,65,6,20", "3,7,3,5"
    ),
    "large windows of an image": body(
        "Conv <strides=[16,16]> (x, w, b)", random(7, 3, 16, 16) / 9, "2,3,32,48", "2,7,2,3"
    ),
}


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_one_product_is_left(make: Make) -> None:
    """Of all patches of all samples."""
    assert_rewritten(by=multiply_patches, model=make(), ops=ROWS)


LEFT: dict[str, Make] = {
    "windows overlap": body("Conv <strides=[3,4]> (x, w)", SQUARE, "3,33,10,20"),
    "gaps between them": body("Conv <strides=[4,5]> (x, w)", SQUARE, "3,33,12,24"),
    "padded": body("Conv <strides=[4,4], pads=[1,0,0,0]> (x, w)", SQUARE, "3,33,11,20"),
    "dilated": body("Conv <strides=[4,4], dilations=[2,1]> (x, w)", SQUARE, "3,33,15,20"),
    "rows are left over": body("Conv <strides=[4,4]> (x, w)", SQUARE, "3,33,13,20"),
    "columns are left over": body("Conv <strides=[4,4]> (x, w)", SQUARE, "3,33,12,23"),
    "small windows": body("Conv <strides=[4,4]> (x, w)", random(7, 31, 4, 4), "3,31,12,20"),
    "points, one of each": made(
        "(float[3,600,2,2] x) => (float[3,7,2,2] y) { y = Conv <group=1> (x, w) }",
        w=random(7, 600, 1, 1),
    ),
    "one window is all": body("Conv <strides=[4,4]> (x, w)", SQUARE, "3,33,4,4", "3,7,1,1"),
    "computed kernels": made(
        "(float[3,33,12,20] x) => (float[3,7,3,5] y) { k = Neg (w)"
        "  y = Conv <strides=[4,4]> (x, k) }",
        w=SQUARE,
    ),
    "groups": made(
        "(float[3,66,12,20] x) => (float[3,14,3,5] y) { y = Conv <strides=[4,4], group=2> (x, w) }",
        w=np.concatenate([SQUARE, -SQUARE]),
    ),
    "lines": made(
        "(float[3,200,12] x) => (float[3,7,3] y) { y = Conv <strides=[4]> (x, w) }",
        w=random(7, 200, 4),
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Where rows would not be those windows, or would not pay."""
    assert_left_alone(by=multiply_patches, model=make())
