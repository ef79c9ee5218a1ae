"""What a way's process has to do, and the stages that every way has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np

from keras2cv.errors import InputError
from keras2cv_bench.pipeline import Array, Job

STAGES: Final = ("decode", "preprocess", "net", "postprocess", "draw")


@dataclass(frozen=True)
class Task:
    """The files that a way answers, and how.

    Attributes:
        job: How the net is loaded: `keras2cv_bench.pipeline.Job`.
        way: The module in `keras2cv_bench.whole.ways`.
        files: Paths of images, or of one video.
        is_video: Whether it is a video.
        batch: Images in a run where many are answered.
    """

    job: Job
    way: str
    files: tuple[str, ...]
    is_video: bool
    batch: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {**vars(self), "job": self.job.to_dict(), "files": list(self.files)}

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Task:
        """Read the types of `to_dict`."""
        return cls(
            **{**record, "job": Job.from_dict(record["job"]), "files": tuple(record["files"])}
        )


@dataclass(frozen=True)
class Way:
    """A loaded way, as its stages.

    Attributes:
        about: The versions and threads that really run.
        decode: A path -> the picture as the library has it; None: a way for many files alone.
        from_frame: A video's frame (H, W, 3) uint8 BGR -> the same.
        prepare: Pictures, as many as a run takes -> the net's input.
        forward: The net's input -> its raw outputs.
        finish: Pictures, input and raw outputs -> a result for each picture.
        arrays: Raw outputs -> an array per output, in Keras' order and layout.
        many: Answers all files once, however is fastest; yields a result for each.
    """

    about: str
    decode: Callable[[str], Any] | None
    from_frame: Callable[[Array], Any]
    prepare: Callable[[Sequence[Any]], Any]
    forward: Callable[[Any], Any]
    finish: Callable[[Sequence[Any], Any, Any], Sequence[Any]]
    arrays: Callable[[Any], list[Array]]
    many: Callable[[], Iterator[Any]]
    as_bgr: Callable[[Any], Array]


class Frames:
    """The pictures of a task one after the other, without end."""

    def __init__(self, task: Task, way: Way) -> None:
        """Open the video, if it is one."""
        self._task, self._way, self._next = task, way, 0
        self._capture = cv2.VideoCapture(task.files[0]) if task.is_video else None

    def rewind(self) -> None:
        """Begin again."""
        self._next = 0
        if self._capture is not None:
            self._capture = cv2.VideoCapture(self._task.files[0])

    def take(self) -> Any:
        """Decode the next picture.

        Raises:
            InputError: There is none.
        """
        if self._capture is None:
            path = self._task.files[self._next % len(self._task.files)]
            self._next += 1
            assert self._way.decode is not None  # noqa: S101 - `measure` asks only ways that have it
            return self._way.decode(path)
        found, frame = self._capture.read()
        if not found:
            self.rewind()
            found, frame = self._capture.read()
        if not found:
            raise InputError(f"{self._task.files[0]} has no frame that OpenCV reads.")
        return self._way.from_frame(np.asarray(frame))


def frames_of(path: str) -> Iterator[Array]:
    """Yield the frames of a video once."""
    capture = cv2.VideoCapture(path)
    while True:
        found, frame = capture.read()
        if not found:
            return
        yield np.asarray(frame)


def in_batches(items: Iterator[Any], size: int) -> Iterator[list[Any]]:
    """Yield lists of `size` items; the last may be shorter."""
    batch: list[Any] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
