"""Predict videos, cameras, folders and files from Python, an answer at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator

from keras2cv.errors import UsageError
from keras2cv.predictor import Predictor
from keras2cv.streams.answers import Answer
from keras2cv.streams.fitting import fitted
from keras2cv.streams.frames import Selection
from keras2cv.streams.pipeline import Pipeline
from keras2cv.streams.sources import find_sources
from keras2cv.streams.threads import predict_sources


def stream(
    model: Predictor,
    *sources: str | os.PathLike[str] | int,
    every: int = 1,
    batch: int | None = None,
    stride: int | None = None,
    hop: int | None = None,
) -> Iterator[Answer]:
    """Yield the answers to `sources`, in order, decoded and prepared in other threads.

    An answer has its `result`, `source`, `frame_number`, `time_s` (of a clip, also
    `last_frame_number` and `last_time_s`), and in `frame.image_bgr` the
    image. Where something could not be predicted, `result` is None and `problem` the reason.

    Args:
        model: From `keras2cv.load`.
        sources: Images, folders, patterns, videos, URLs, or the numbers of cameras.
        every: Predict every n-th frame of a video.
        batch: The most images in one run of the net; None: the bundle's own.
        stride: Of a model of clips: how many frames of the video one of a clip's frames is after
            the other; None: the bundle's.
        hop: How many frames after a clip the next one begins; None: the bundle's.

    Raises:
        InputError: a source that is not there.
        UsageError: no loaded model, or `every` or `batch` is below 1.
        MissingDependency: a video, and an OpenCV without video support.
    """
    if not isinstance(model, Predictor):
        raise UsageError(
            f"stream takes a loaded model, got {type(model).__name__}. Give keras2cv.load(BUNDLE)."
        )
    if every < 1 or (batch is not None and batch < 1):
        raise UsageError(f"every and batch must be at least 1, got {every} and {batch}.")
    found = fitted(
        find_sources([str(source) for source in sources]), model.manifest, stride=stride, hop=hop
    )
    with Pipeline() as line:
        size = batch or model.manifest.model.batch
        yield from predict_sources([model], found, line, size, Selection(every))
