"""From the frames of a video to the clips that a net takes."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from numpy.typing import NDArray

from keras2cv.errors import InputError
from keras2cv.pixels.preprocessing import ClipRule

Array = NDArray[Any]
T = TypeVar("T")


class ClipFrames(tuple[T, ...]):
    """The frames of one clip, as the net takes them."""


class ClipCutter(Generic[T]):
    """Collects frames, and gives a clip whenever one is full; it holds no more than one covers."""

    def __init__(self, rule: ClipRule) -> None:
        """Wait for the first frame."""
        self._rule = rule
        self._held: deque[T] = deque(maxlen=rule.span)
        self.count = 0  # frames so far
        self.clips = 0  # of them

    def add(self, frame: T) -> ClipFrames[T] | None:
        """Return the clip that the frame completes, if it completes one."""
        self._held.append(frame)
        self.count += 1
        first = self.count - self._rule.span
        if first < 0 or first % self._rule.hop:
            return None
        self.clips += 1
        return ClipFrames(list(self._held)[:: self._rule.stride])


def clips_of(frames: Sequence[T], rule: ClipRule) -> list[ClipFrames[T]]:
    """Return the clips in a sequence of frames.

    Raises:
        InputError: it is shorter than one clip.
    """
    cutter: ClipCutter[T] = ClipCutter(rule)
    clips = [clip for clip in map(cutter.add, frames) if clip is not None]
    if not clips:
        raise InputError(too_short(len(frames), rule))
    return clips


def one_clip(frames: Sequence[T], rule: ClipRule) -> Sequence[T]:
    """Return the frames of a clip from as many frames of the video as it covers, or as they are.

    Raises:
        InputError: they are fewer or more.
    """
    if isinstance(frames, ClipFrames):
        return frames
    if len(frames) < rule.span:
        raise InputError(too_short(len(frames), rule))
    if len(frames) > rule.span:
        raise InputError(
            f"One clip covers {frames_of(rule)}, got {len(frames)}. Give a list of frames to "
            "predict(), which cuts it into clips."
        )
    return frames[:: rule.stride]


def require_one_size(frames: Sequence[Array]) -> None:
    """Raise unless all frames of a clip are of one size.

    Raises:
        InputError: they are not.
    """
    shapes = list(dict.fromkeys(frame.shape[:2] for frame in frames))
    if len(shapes) > 1:
        (height, width), (other_height, other_width) = shapes[:2]
        raise InputError(
            f"The frames of a clip must be of one size, got {width}x{height} and "
            f"{other_width}x{other_height} pixels. Resize or crop them alike."
        )


def too_short(count: int, rule: ClipRule) -> str:
    """Say that there are too few frames, with both numbers."""
    return f"A clip covers {frames_of(rule)}, and there are only {count}. Give a longer one."


def frames_of(rule: ClipRule) -> str:
    """Return how many frames a clip covers, in words."""
    if rule.stride == 1:
        return f"{rule.span} frames"
    return f"{rule.span} frames ({rule.window} of them, with a stride of {rule.stride})"
