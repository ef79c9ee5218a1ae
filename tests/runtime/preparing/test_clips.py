"""Frames become clips: their number, stride and hop, and what is too short or too long."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv.errors import InputError
from keras2cv.pixels.preprocessing import ClipRule
from keras2cv.preparing.clips import clips_of, one_clip, require_one_size
from keras2cv.schema.fields import SchemaError


@pytest.mark.parametrize(
    ("rule", "count", "clips"),
    [
        (ClipRule(3, 1, 3), 7, [(0, 1, 2), (3, 4, 5)]),
        (ClipRule(3, 1, 1), 5, [(0, 1, 2), (1, 2, 3), (2, 3, 4)]),
        (ClipRule(3, 2, 4), 10, [(0, 2, 4), (4, 6, 8)]),
        (ClipRule(2, 1, 5), 8, [(0, 1), (5, 6)]),
        (ClipRule(1, 9, 2), 4, [(0,), (2,)]),
    ],
)
def test_a_sequence_is_cut_by_the_rule(
    rule: ClipRule, count: int, clips: list[tuple[int, ...]]
) -> None:
    """A hop may be shorter than a clip, or longer."""
    assert clips_of(range(count), rule) == clips


def test_too_few_frames_are_an_error_with_both_numbers() -> None:
    """For a sequence and for one clip; too many for one clip are one too."""
    rule = ClipRule(3, 2, 6)
    with pytest.raises(InputError, match=r"covers 5 frames \(3 of them, .* only 4"):
        clips_of(range(4), rule)
    with pytest.raises(InputError, match=r"covers 5 frames .* only 4"):
        one_clip(range(4), rule)
    with pytest.raises(InputError, match=r"One clip covers 5 frames .* got 6"):
        one_clip(range(6), rule)
    assert list(one_clip(range(5), rule)) == [0, 2, 4]


def test_frames_of_a_clip_are_of_one_size() -> None:
    """Else each would be resized by another factor."""
    with pytest.raises(InputError, match="got 7x5 and 7x6 pixels"):
        require_one_size([np.zeros((5, 7, 3)), np.zeros((6, 7, 3))])


@pytest.mark.parametrize("numbers", [(0, 1, 1), (1, 0, 1), (1, 1, 5000)])
def test_numbers_have_bounds(numbers: tuple[int, int, int]) -> None:
    """A manifest cannot make a clip of nothing, or of all memory."""
    with pytest.raises(SchemaError, match="must be 1 to 4096"):
        ClipRule(*numbers)
