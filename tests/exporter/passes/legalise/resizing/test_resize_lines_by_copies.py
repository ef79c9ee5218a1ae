"""Enlarging an axis of one pixel by copying the pixel."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.resizing.resize_lines_by_copies import resize_lines_by_copies
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import integers, random

HALF = "half_pixel"


def resized(source: tuple[int, ...], target: tuple[int, ...], how: str = HALF) -> Make:
    """Return a maker of a linear Resize of exp(x)."""
    before, after = (",".join(map(str, shape)) for shape in (source, target))
    attributes = f'mode="linear", coordinate_transformation_mode="{how}"'
    return made(
        f"(float[{before}] x) => (float[{after}] y) "
        f"{{ a = Exp (x)  y = Resize <{attributes}> (a, , , s) }}",
        s=integers(*target),
    )


FORMS: dict[str, tuple[Make, dict[str, int]]] = {
    "one pixel": (resized((2, 3, 1, 1), (2, 3, 8, 9)), {"Resize": 1}),
    "one row": (resized((2, 3, 1, 5), (2, 3, 8, 10)), {"Resize": 2}),
    "one column": (resized((2, 3, 5, 1), (2, 3, 10, 9)), {"Resize": 2}),
    "one row, corners aligned": (
        resized((2, 3, 1, 5), (2, 3, 8, 9), "align_corners"), {"Resize": 2},
    ),
    "one row that stays one": (resized((2, 3, 1, 5), (2, 3, 1, 10)), {"Resize": 2, "Slice": 1}),
    "one pixel made a row": (resized((2, 3, 1, 1), (2, 3, 1, 9)), {"Resize": 1, "Slice": 1}),
}  # fmt: skip


@pytest.mark.parametrize(("make", "ops"), FORMS.values(), ids=FORMS)
def test_a_pixel_is_copied_first(make: Make, ops: dict[str, int]) -> None:
    """Between it and itself there is nothing to interpolate."""
    assert_rewritten(by=resize_lines_by_copies, model=make(), ops={"Exp": 1, **ops}, limit=1e-5)


LEFT = {
    "a part of the picture": made(
        '(float[2,3,1,7] x) => (float[2,3,4,8] y) { y = Resize <mode="linear", '
        'coordinate_transformation_mode="tf_crop_and_resize"> (x, r, , s) }',
        r=random(8),
        s=integers(2, 3, 4, 8),
    ),
    "a picture": resized((2, 3, 2, 5), (2, 3, 8, 10)),
    "a copy already": made(
        '(float[2,3,1,5] x) => (float[2,3,4,5] y) { y = Resize <mode="nearest"> (x, , , s) }',
        s=integers(2, 3, 4, 5),
    ),
    "a series": made(
        '(float[2,3,1] x) => (float[2,3,4] y) { y = Resize <mode="linear"> (x, , , s) }',
        s=integers(2, 3, 4),
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_resizes_stay(make: Make) -> None:
    """They have neighbours to interpolate between, or take none."""
    assert_left_alone(by=resize_lines_by_copies, model=make())
