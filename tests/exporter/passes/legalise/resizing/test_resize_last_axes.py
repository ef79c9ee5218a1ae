"""Resizing the last two of four axes, whichever two were meant."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.resizing.resize_last_axes import resize_last_axes
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import integers, random

NEAREST = 'mode="nearest", nearest_mode="floor", coordinate_transformation_mode="asymmetric"'
LINEAR = 'mode="linear", coordinate_transformation_mode="half_pixel"'


def resized(source: tuple[int, ...], target: tuple[int, ...], how: str = NEAREST) -> Make:
    """Return a maker of a Resize to sizes."""
    before, after = (",".join(map(str, shape)) for shape in (source, target))
    return made(
        f"(float[{before}] x) => (float[{after}] y) {{ y = Resize <{how}> (x, , , s) }}",
        s=integers(*target),
    )


TURNED = {"Transpose": 2, "Resize": 1}
FLAT = {"Reshape": 2, "Resize": 1}
FORMS: dict[str, tuple[Make, dict[str, int]]] = {
    "rows and columns of channels last": (
        resized((2, 3, 4, 5), (2, 9, 8, 5)), TURNED | FLAT,
    ),
    "channels last, linear": (resized((2, 3, 4, 5), (2, 7, 9, 5), LINEAR), TURNED | FLAT),
    "samples and channels": (resized((2, 3, 4, 5), (4, 9, 4, 5)), TURNED | FLAT),
    "channels only": (resized((2, 3, 4, 5), (2, 6, 4, 5)), TURNED | FLAT),
    "a matrix": (resized((3, 4), (9, 8), NEAREST), FLAT),
    "a series": (resized((2, 3, 5), (2, 3, 10)), FLAT),
    "a volume's planes": (resized((2, 3, 2, 4, 5), (2, 3, 2, 8, 10)), FLAT),
}  # fmt: skip


@pytest.mark.parametrize(("make", "ops"), FORMS.values(), ids=FORMS)
def test_the_axes_that_change_come_last(make: Make, ops: dict[str, int]) -> None:
    """The others lie flat before them."""
    assert_rewritten(by=resize_last_axes, model=make(), ops=ops, limit=1e-5)


THREE = {
    "channels too": resized((2, 3, 4, 5), (2, 6, 8, 15)),
    "a volume": resized((2, 3, 2, 4, 5), (2, 3, 4, 8, 15), LINEAR),
}


@pytest.mark.parametrize("make", THREE.values(), ids=THREE)
def test_three_axes_are_resized_two_at_a_time(make: Make) -> None:
    """UpSampling3D enlarges three; each mode works along each axis alone."""
    assert_rewritten(by=resize_last_axes, model=make(), limit=1e-5)


LEFT = {
    "rows and columns": resized((2, 3, 4, 5), (2, 3, 8, 15)),
    "columns": resized((2, 3, 4, 5), (2, 3, 4, 15)),
    "a part of the picture": made(
        '(float[2,3,5,7] x) => (float[2,9,5,8] y) { y = Resize <mode="linear", '
        'coordinate_transformation_mode="tf_crop_and_resize"> (x, r, , s) }',
        r=random(8),
        s=integers(2, 9, 5, 8),
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_resizes_stay(make: Make) -> None:
    """OpenCV takes two axes, of which it knows nothing but their sizes."""
    assert_left_alone(by=resize_last_axes, model=make())
