"""`--save out.mp4`: the drawn frames as a video, whole on disk whatever ends the run."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import cv2
from numpy.typing import NDArray

from keras2cv.cli.earlier_outputs import mark_video
from keras2cv.cli.locked_file import open_locked
from keras2cv.cli.output import cannot_write
from keras2cv.cli.pictures import check_not_read
from keras2cv.errors import MissingDependency, UsageError
from keras2cv.pixels.resize import resize
from keras2cv.streams.frames import Frame, Source
from keras2cv.streams.plain_names import plainly_named

Array = NDArray[Any]

# Codecs of every pip wheel of OpenCV 4.6 to 5.0 (tried); H.264 is in none of them.
CODECS: Final = {
    ".mp4": "mp4v", ".m4v": "mp4v", ".mov": "mp4v", ".mkv": "mp4v", ".avi": "MJPG",
    ".webm": "VP80", ".wmv": "WMV2", ".mpg": "MPG1", ".mpeg": "MPG1",
}  # fmt: skip
DEFAULT_FPS: Final = (
    25.0  # of a video without a rate of its own; a camera's frames are placed by the clock
)


class VideoFile:
    """A video that is being written, of the drawn frames of one video or camera.

    The first picture gives its size; sides are even, as codecs require. A camera's frames keep
    their time: each is repeated until the next one.
    """

    def __init__(self, path: Path, sources: Sequence[Source], every: int) -> None:
        """Make sure that `path` can be written, before anything runs.

        Raises:
            UsageError: it cannot, another command writes it, it would overwrite a source, or there
                is not one video to draw on.
            MissingDependency: this OpenCV is built without video support.
        """
        self._path = path
        self._every = every
        self._writer: cv2.VideoWriter | None = None
        self._size_wh = (0, 0)
        self._fps = DEFAULT_FPS
        self.frame_count = 0
        if not hasattr(cv2, "VideoWriter"):
            raise MissingDependency(
                f"{path} is a video, and this OpenCV {cv2.__version__} is built without them. "
                "Install an OpenCV with videoio, or name a folder."
            )
        check_not_read(path, sources, inside=False)
        _check_one_video(path, sources)
        self._lock = _opened_alone(path)

    def write(self, frame: Frame, picture: Array) -> None:
        """Append the picture (H, W, 3) uint8 BGR of `frame`.

        Raises:
            UsageError: OpenCV does not write such a video.
        """
        if self._writer is None:
            self._writer = self._opened(frame, picture)
        if (picture.shape[1], picture.shape[0]) != self._size_wh:  # cv2 would drop it in silence
            picture = resize(picture, self._size_wh, "area")
        for _ in range(self._copies(frame)):
            self._writer.write(picture)
            self.frame_count += 1

    def __enter__(self) -> VideoFile:
        """The file is opened by its first frame."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        """Finish the file, also after an interrupt, and report its length.

        Raises:
            UsageError: the written file cannot be read back.
        """
        with self._lock:
            self._finish(kind)

    def _finish(self, kind: type[BaseException] | None) -> None:
        if self._writer is None:
            if self._path.stat().st_size == 0:
                self._path.unlink()
            return
        self._writer.release()
        with contextlib.suppress(OSError):  # a full disk, which the next step finds
            mark_video(self._path)
        held = _frames_held(self._path)
        if held:
            print(f"{self._path}: {self.frame_count} frames", file=sys.stderr)
        else:  # as after a full disk
            self._path.unlink(missing_ok=True)
            print(f"{self._path} cannot be read, and is removed", file=sys.stderr)
        if kind is None:
            _check_whole(self._path, held, self.frame_count)

    def _opened(self, frame: Frame, picture: Array) -> cv2.VideoWriter:
        self._size_wh = (max(2, picture.shape[1] & ~1), max(2, picture.shape[0] & ~1))
        if frame.stream is not None and frame.stream.fps is not None:
            self._fps = frame.stream.fps
        self._fps /= self._every * frame.step
        codec = CODECS[self._path.suffix.lower()]
        code = cv2.VideoWriter.fourcc(*codec)
        with plainly_named(self._path) as name:
            writer = cv2.VideoWriter(name, code, self._fps, self._size_wh)
        if not writer.isOpened():
            raise UsageError(
                f"OpenCV {cv2.__version__} cannot write {self._path} as {codec}, "
                f"{self._size_wh[0]}x{self._size_wh[1]} at {self._fps:g} frames per second. "
                "Name an .avi or .mp4, or a folder for pictures."
            )
        return writer

    def _copies(self, frame: Frame) -> int:
        """Return how often the frame is written: once, or until a camera's time has passed."""
        if frame.at_s is None:
            return 1
        return max(1, round(frame.at_s * self._fps) + 1 - self.frame_count)


def _check_one_video(path: Path, sources: Sequence[Source]) -> None:
    if len(sources) != 1 or not sources[0].is_stream:
        given = "several sources" if len(sources) > 1 else sources[0].name
        raise UsageError(
            f"--save {path} names a video, and is for one video or camera, not for {given}. "
            "Name a folder."
        )


def _opened_alone(path: Path) -> FileIO:
    """Open and lock the file, which cv2's writer opens again: it would not report a reason."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
    return open_locked(path)


def _frames_held(path: Path) -> int:
    """Return how many frames a file has; 0: it cannot be read, as cv2 does not report itself."""
    with plainly_named(path) as name:
        capture = cv2.VideoCapture(name)
    held = max(1, int(capture.get(cv2.CAP_PROP_FRAME_COUNT))) if capture.grab() else 0
    capture.release()
    return held


def _check_whole(path: Path, held: int, frame_count: int) -> None:
    if held + 1 < 0.98 * frame_count:
        raise UsageError(
            f"{path} holds {held} of the {frame_count} frames written: the disk may be full. Make "
            "room, or choose another place."
        )
