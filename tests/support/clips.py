"""Small videos, and a capture that gives the frames of a test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, FPS = 64, 48, 10.0


def write_clip(path: Path, count: int, codec: str = "MJPG") -> list[int]:
    """Write `count` frames with one gray level each; return the levels."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), FPS, (WIDTH, HEIGHT))
    levels = [10 + 230 * n // count for n in range(count)]
    for level in levels:
        writer.write(np.full((HEIGHT, WIDTH, 3), level, np.uint8))
    writer.release()
    return levels


def read_clip(path: Path | str) -> list[NDArray[np.uint8]]:
    """Return every frame, as a plain loop reads them."""
    capture = cv2.VideoCapture(str(path))
    found = []
    while (frame := capture.read())[0]:
        found.append(frame[1])
    capture.release()
    return found


class FakeCapture:
    """A capture that gives `frames`: an image, None for one that is damaged, or "lost".

    A damaged frame fails in `retrieve`; a lost one fails in `grab`.
    """

    def __init__(
        self,
        frames: Sequence[NDArray[np.uint8] | str | None],
        *,
        fps: float = 0.0,
        announced: float = 0.0,
        before: Callable[[int], object] = lambda _: None,
    ) -> None:
        self.frames = frames
        self.properties = {cv2.CAP_PROP_FPS: fps, cv2.CAP_PROP_FRAME_COUNT: announced}
        self.before = before
        self.number = -1
        self.retrieved: list[int] = []
        self.released = False

    def grab(self) -> bool:
        """Go on to the next frame, if there is one."""
        self.number += 1
        self.before(self.number)
        if self.number >= len(self.frames):
            return False
        return not isinstance(self.frames[self.number], str)

    def retrieve(self) -> tuple[bool, NDArray[np.uint8] | None]:
        """Return the frame."""
        self.retrieved.append(self.number)
        frame = self.frames[self.number]
        assert not isinstance(frame, str)
        return frame is not None, frame

    def get(self, key: int) -> float:
        """Return a property of the video."""
        return self.properties.get(key, 0.0)  # as cv2 answers what it does not know

    def release(self) -> None:
        """Record the call."""
        self.released = True


def gray(level: int = 7) -> NDArray[np.uint8]:
    """Return a frame (H, W) of one level."""
    return np.full((HEIGHT, WIDTH), level, np.uint8)
