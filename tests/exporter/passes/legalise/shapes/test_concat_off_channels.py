"""Concatenating an input with constants where OpenCV would forget the constants."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.shapes.concat_off_channels import concat_off_channels
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import integers, random

FORMS: dict[str, tuple[Make, int]] = {
    "coordinates as channels": (
        made(
            "(float[1,3,5,7] x) => (float[1,5,5,7] y) { y = Concat <axis=1> (x, k) }",
            k=random(1, 2, 5, 7),
        ),
        1,
    ),
    "an axis from the back": (
        made(
            "(float[1,3,5] x) => (float[1,5,5] y) { y = Concat <axis=-2> (k, x) }",
            k=random(1, 2, 5),
        ),
        1,
    ),
    "constants on both sides": (
        made(
            "(float[1,6] x) => (float[1,15] y) { y = Concat <axis=1> (k, x, l) }",
            k=random(1, 4),
            l=random(1, 5),
        ),
        1,
    ),
    "samples": (
        made(
            "(float[3,2,5,4] x) => (float[4,2,5,4] y) { y = Concat <axis=0> (k, x) }",
            k=random(1, 2, 5, 4),
        ),
        1,
    ),
    "rows behind two axes of 1": (
        made(
            "(float[1,1,5,7] x) => (float[1,1,8,7] y) { y = Concat <axis=2> (x, k) }",
            k=random(1, 1, 3, 7),
        ),
        1,
    ),
    "inputs that lie in three and in four axes": (
        made(
            "(float[1,3,4] x, float[1,1,2,4] z) => (float[1,10,4] y) "
            "{ a = Reshape (z, threefold)  y = Concat <axis=1> (a, k, x) }",
            k=random(1, 5, 4),
            threefold=integers(1, 2, 4),
        ),
        3,
    ),
    "two inputs": (
        made(
            "(float[1,3,4] x, float[1,2,4] z) => (float[1,10,4] y) "
            "{ y = Concat <axis=1> (z, k, x) }",
            k=random(1, 5, 4),
        ),
        2,
    ),
}


@pytest.mark.parametrize(("make", "moved"), FORMS.values(), ids=FORMS)
def test_constants_are_joined_along_another_axis(make: Make, moved: int) -> None:
    """Computed operands pass through Reshapes, which move nothing."""
    ops = {"Reshape": moved + 1, "Concat": 1}
    assert_rewritten(by=concat_off_channels, model=make(), ops=ops, limit=0)


LEFT = {
    "nothing is constant": made(
        "(float[1,3,5] x, float[1,2,5] z) => (float[1,5,5] y) { y = Concat <axis=1> (x, z) }"
    ),
    "axes before that are not 1": made(
        "(float[2,3,5] x) => (float[2,7,5] y) { y = Concat <axis=1> (x, k) }",
        k=random(2, 4, 5),
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_concats_stay(make: Make) -> None:
    """OpenCV writes into the result's own memory only where that is one piece."""
    assert_left_alone(by=concat_off_channels, model=make())
