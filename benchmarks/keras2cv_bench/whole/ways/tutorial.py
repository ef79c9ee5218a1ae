"""TensorFlow's own tutorials: `load_img`, `preprocess_input`, `model.predict`, one by one.

The libraries themselves read, resize and scale, by the rules that the bundle repeats.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras2cv.bundle.manifest import Preprocessing
from keras2cv.bundle.reading import read_manifest
from keras2cv_bench.pipeline import Around, Array
from keras2cv_bench.runners.keras_model import open_pipeline
from keras2cv_bench.whole.task import Task, Way, frames_of
from keras2cv_export.end_to_end import reference_pictures as by_library
from keras2cv_export.end_to_end.reference_preprocessing import reference_of


def open_way(task: Task) -> Way:
    """Open the Keras model."""
    manifest = read_manifest(task.job.bundle)
    rules = manifest.preprocessing
    assert rules is not None  # noqa: S101 - the verb asks for a bundle of pictures
    pipeline, around = open_pipeline(task.job), Around(manifest)
    read = reader(rules)

    def many() -> Iterator[Any]:
        """Answer one after the other, as the tutorials' loop does."""
        frames = frames_of(task.files[0]) if task.is_video else None
        pictures = map(from_bgr, frames) if frames is not None else map(decode, task.files)
        for picture in pictures:
            yield around.finish([picture], None, pipeline.forward(prepare([picture])))[0]

    def decode(path: str) -> Array:
        return by_library.decode(Path(path), reference_of(rules), rules.channels)

    def from_bgr(frame: Array) -> Array:
        return by_library.as_rgb(frame, rules.channels)

    def prepare(pictures: Sequence[Array]) -> list[Array]:
        return [np.stack([read(picture) for picture in pictures])]

    return Way(
        about=pipeline.about,
        decode=decode,
        from_frame=from_bgr,
        prepare=prepare,
        forward=pipeline.forward,
        finish=around.finish,
        arrays=list,
        many=many,
        as_bgr=as_bgr,
    )


def reader(rules: Preprocessing) -> Any:
    """Return what makes the model's input (H, W, C) of a decoded picture, by the libraries."""
    reference = reference_of(rules)
    width, height = rules.size_wh

    def read(picture: Array) -> Array:
        resized = by_library.resize(picture, (width, height), reference)
        return by_library.normalise(by_library.transposed(resized, reference), reference)

    return read


def as_bgr(picture: Array) -> Array:
    """Return an RGB or gray picture as OpenCV has it."""
    wide = np.broadcast_to(picture, (*picture.shape[:2], 3))
    return np.ascontiguousarray(wide[..., ::-1])
