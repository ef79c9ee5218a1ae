"""The names of files in examples of a command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keras2cv.pixels.preprocessing import Preprocessing


def example_file(rules: Preprocessing | None) -> str:
    """Return the name of a file for an input; without rules it takes arrays."""
    if rules is None:
        return "array.npy"
    if rules.clip is not None:
        return "video.mp4"
    if rules.color == "CHANNELS":
        return "picture.npy"
    return "photo.png" if rules.depth == 16 or rules.channels == 4 else "photo.jpg"
