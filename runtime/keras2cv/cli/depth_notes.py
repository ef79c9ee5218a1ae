"""Say at the end of `run` that pictures had fewer bits than the model was trained on."""

from __future__ import annotations

import sys

import numpy as np

from keras2cv.bundle.manifest import Manifest
from keras2cv.streams.answers import Answer


class DepthNotes:
    """Counts the pictures of 8 bits that a model of 16 got, and says so when it ends."""

    def __init__(self, manifest: Manifest) -> None:
        self._takes_16 = any(rules.depth == 16 for rules in manifest.pictures)
        self.count = 0

    def note(self, answer: Answer) -> None:
        """Count the answer if its picture has 8 bits."""
        if self._takes_16 and answer.frame is not None:
            self.count += answer.frame.value.dtype == np.uint8

    def __enter__(self) -> DepthNotes:
        """Nothing yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Print the note on stderr."""
        if self.count:
            have = "picture has" if self.count == 1 else "pictures have"
            print(
                f"note: {self.count} {have} 8 bits a channel, and the model takes 16: they are "
                "multiplied by 257",
                file=sys.stderr,
            )
