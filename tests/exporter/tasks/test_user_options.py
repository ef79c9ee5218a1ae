"""What a user may describe a model's outputs with."""

from __future__ import annotations

from typing import Any

import pytest

from keras2cv.errors import UsageError
from keras2cv_export import DetectOptions, SegmentOptions
from keras2cv_export.tasks.user_options import parse_options


def test_a_mapping_and_a_record_mean_the_same() -> None:
    """Python's users may write either."""
    assert parse_options("detect", {"boxes": "b"}) == DetectOptions(boxes="b")
    assert parse_options("detect", DetectOptions(boxes="b")) == DetectOptions(boxes="b")


@pytest.mark.parametrize("given", [1, True, "boxes", ["boxes"], SegmentOptions(scores="s")])
def test_nothing_else_is_taken_for_a_description(given: Any) -> None:
    """What is given would be ignored, and with it what the user meant."""
    with pytest.raises(UsageError, match="A detection must be described by a mapping or Detect"):
        parse_options("detect", given)


def test_an_unknown_field_is_refused() -> None:
    """The known ones are listed."""
    with pytest.raises(UsageError, match=r"A detection has no 'box'\. It has boxes, "):
        parse_options("detect", {"box": "b"})
