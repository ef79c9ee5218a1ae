"""Clips of videos and folders: their names, places and times, and what breaks them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras2cv.pixels.preprocessing import ClipRule
from keras2cv.streams.frames import BrokenSource, Clip, Frame, Item
from keras2cv.streams.windows import in_clips

RULE = ClipRule(2, 2, 2)


def frame(number: int) -> Frame:
    """Return a frame of a video that holds its number."""
    image = np.full((4, 5, 3), number, np.uint8)
    return Frame(f"v:{number:06d}", image, None, None, "v", number, number / 10)


def names(items: Sequence[Item]) -> list[str]:
    """Return the names of the clips and problems that come of the items."""
    return [item.name for item in in_clips(items, "v", RULE)]


def test_a_clip_stands_for_its_frames() -> None:
    """Its first number and time, its last ones, and its last image."""
    first, second = in_clips([frame(n) for n in range(6)], "v", RULE)
    assert isinstance(first, Clip)
    assert isinstance(second, Clip)
    assert (first.name, second.name) == ("v:000000-000002", "v:000002-000004")
    assert [image[0, 0, 0] for image in second.value] == [2, 4]
    shown = second.frame
    assert (shown.number, shown.last_number, shown.step) == (2, 4, 2)
    assert (shown.time_s, shown.last_time_s) == (0.2, 0.4)
    assert shown.image_bgr[0, 0, 0] == 4


def test_no_clip_goes_over_a_damaged_frame() -> None:
    """The frames behind it begin anew."""
    items: list[Item] = [frame(n) for n in range(8)]
    items[4] = BrokenSource("v:000004", "damaged")
    assert names(items) == ["v:000000-000002", "v:000004", "v:000005-000007"]


def test_a_source_of_too_few_frames_is_a_problem() -> None:
    """With both numbers, and only where there was no clip at all."""
    (problem,) = in_clips([frame(0), frame(1)], "v", RULE)
    assert isinstance(problem, BrokenSource)
    assert problem.reason.startswith("v has 2 frames, and a clip covers 3 frames (2 of them")
    assert names([]) == []
    assert names([frame(n) for n in range(4)]) == ["v:000000-000002"]
