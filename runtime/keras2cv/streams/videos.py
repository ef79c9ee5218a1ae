"""Read videos, cameras and network streams frame by frame.

A file that ends before its announced end, a frame that cannot be decoded, and a camera that goes
away are each reported as a `BrokenSource` among the good frames.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from typing import Any, Final

import cv2
from numpy.typing import NDArray

from keras2cv.errors import InputError, MissingDependency
from keras2cv.net.engine_options import logging_nothing
from keras2cv.plain_files import require_plain
from keras2cv.streams.frames import BrokenSource, Frame, Item, Selection, Source, Stream
from keras2cv.streams.plain_names import plainly_named

Array = NDArray[Any]

# Some containers have a duration only; cv2 computes the count from it, and may be a little off.
_ANNOUNCED_SHARE: Final = 0.98
_MAX_LOST: Final = 100  # damaged frames in a row; after them nothing more is expected
_MAX_LIVE_LOST: Final = 10  # the same of a camera; one that is gone fails at once each time
_LIVE_PATIENCE_S: Final = 3.0  # or each time after the driver's own time-out
_MAX_FRAMES: Final = 10**9  # of a live stream cv2 announces nonsense
_CAMERAS: Final = threading.Lock()  # OpenCV has one level of its log for all threads


def read_stream(source: Source, selection: Selection) -> Iterator[Item]:
    """Yield the wanted frames of a video, camera or network stream.

    Raises:
        InputError: after the last frame: it gave none, fewer than announced, or, live, stopped.
        MissingDependency: this OpenCV is built without video support.
    """
    if not hasattr(cv2, "VideoCapture"):
        raise MissingDependency(
            f"{source.name} is a video, and this OpenCV {cv2.__version__} is built without them. "
            "Install an OpenCV with videoio, or give images."
        )
    capture = _opened(source)
    count = 0
    started_s = time.monotonic()
    clock = _Clock()
    try:
        stream = _describe(capture, source)
        for is_whole in _grabbed(capture, source, stream):  # skipped frames stay YUV
            name = f"{source.name}:{count:06d}"
            if selection.has(name, count):
                at_s = time.monotonic() - started_s if source.is_live else None
                time_s = clock.time_s(capture, count, stream) if at_s is None else at_s
                image = _image(capture) if is_whole else None
                if image is None:
                    yield _damaged(name)
                else:
                    yield Frame(name, image, stream, at_s, source.name, count, time_s)
            count += 1
    finally:
        capture.release()
    _check_end(source, stream, count)


def _opened(source: Source) -> cv2.VideoCapture:
    if source.kind == "camera":
        with _CAMERAS, _quiet():
            return cv2.VideoCapture(int(source.path.name))
    if source.address:
        return cv2.VideoCapture(source.address)
    require_plain(source.path)
    with plainly_named(source.path) as name:
        return cv2.VideoCapture(name)


def _quiet() -> contextlib.AbstractContextManager[None]:
    """Keep OpenCV from logging for each of its ways to a camera that there is none.

    Whoever chose a level, by OPENCV_LOG_LEVEL, reads what they asked for.
    """
    return contextlib.nullcontext() if "OPENCV_LOG_LEVEL" in os.environ else logging_nothing(cv2)


def _describe(capture: cv2.VideoCapture, source: Source) -> Stream:
    fps = capture.get(cv2.CAP_PROP_FPS)
    count = 0 if source.is_live else capture.get(cv2.CAP_PROP_FRAME_COUNT)
    return Stream(fps if 0 < fps < 1000 else None, int(count) if 0 < count < _MAX_FRAMES else None)


def _grabbed(capture: cv2.VideoCapture, source: Source, stream: Stream) -> Iterator[bool]:
    """Grab one frame after another, and yield for each whether it could be, until the end.

    Where a frame is damaged cv2 fails as it does at the end, and goes on with the next one when it
    is asked again. So a file is asked until the end that it announces, and a camera a few times.
    """
    announced = stream.frame_count or 0
    most = _MAX_LIVE_LOST if source.is_live else _MAX_LOST
    count = lost = 0
    whole_s = time.monotonic()
    while lost < most:
        if capture.grab():
            yield from [False] * lost
            yield True
            count, lost, whole_s = count + lost + 1, 0, time.monotonic()
            continue
        lost += 1
        is_late = time.monotonic() - whole_s > _LIVE_PATIENCE_S
        if is_late if source.is_live else count + lost >= announced:
            return


def _damaged(name: str) -> BrokenSource:
    return BrokenSource(name, f"{name} cannot be decoded: the video is damaged there.")


def _image(capture: cv2.VideoCapture) -> Array | None:
    """Return the frame that was grabbed, (H, W, 3) uint8 BGR; None if it cannot be decoded."""
    decoded, image = capture.retrieve()
    if not decoded or image is None:
        return None
    return image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)


class _Clock:
    """The times of a file's frames: the container's, or, where it has none, by the rate."""

    def __init__(self) -> None:
        self._last_s = -1.0

    def time_s(self, capture: cv2.VideoCapture, number: int, stream: Stream) -> float | None:
        """Return the time of the frame of that number, which was grabbed last."""
        found = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        by_rate = number / stream.fps if stream.fps else None
        if found > self._last_s and (found > 0 or number == 0):
            self._last_s = found
            return found
        return by_rate


def _check_end(source: Source, stream: Stream, count: int) -> None:
    """Raise unless the stream ended where it should."""
    if source.is_live:
        what = f"stopped after {count} frames" if count else "cannot be opened"
        raise InputError(f"{source.name} {what}. Check that it is connected, and free.")
    if count == 0 and source.address:
        raise InputError(f"{source.name} gives no frame. Check the address, and the network.")
    if count == 0:
        raise InputError(
            f"OpenCV {cv2.__version__} cannot decode a single frame of {source.name}. "
            "Convert the video, to H.264 in .mp4 for example."
        )
    if count + 1 < _ANNOUNCED_SHARE * (announced := stream.frame_count or 0):
        raise InputError(
            f"{source.name} ends after {count} of the {announced} frames that it announces: it is "
            "cut off or damaged. Copy it again; the frames before are predicted."
        )
