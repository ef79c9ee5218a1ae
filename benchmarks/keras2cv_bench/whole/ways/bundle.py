"""This bundle, as it is deployed: `keras2cv.load` and the parts of `predict`, `run` for many."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from keras2cv import Keras2cvWarning, load
from keras2cv.pixels.image_file import read_image
from keras2cv.pixels.images import as_bgr
from keras2cv.predictor import Predictor
from keras2cv.preparing.prepared import Prepared
from keras2cv.streams.frames import EVERYTHING
from keras2cv.streams.pipeline import Pipeline
from keras2cv.streams.several_nets import side_by_side
from keras2cv.streams.sources import find_sources
from keras2cv.streams.threads import predict_sources
from keras2cv_bench.pipeline import Array, Job
from keras2cv_bench.whole.task import Task, Way


def open_way(task: Task) -> Way:
    """Load the bundle."""
    model = _load(task.job)

    def finish(_: Sequence[Any], prepared: Prepared, outputs: Any) -> Sequence[Any]:
        return model.finish(prepared, outputs)

    def arrays(outputs: Sequence[Mapping[str, Array]]) -> list[Array]:
        return [np.concatenate([run[name] for run in outputs]) for name in model.output_names]

    return Way(
        about=f"OpenCV {cv2.__version__}, {model.engine} engine, {model.threads} threads",
        decode=read_image,
        from_frame=lambda frame: frame,
        prepare=model.prepare,
        forward=model.forward,
        finish=finish,
        arrays=arrays,
        many=lambda: _many(task, model),
        as_bgr=as_bgr,
    )


def _many(task: Task, model: Predictor) -> Iterator[Any]:
    """Answer as `keras2cv run` does: decoded in threads, by several nets."""
    threads = cv2.getNumThreads()
    try:
        models, _ = side_by_side(model, lambda: _load(task.job))
        batch = max(task.batch, model.manifest.model.batch)
        sources = find_sources(list(task.files))
        with Pipeline() as line:
            for answer in predict_sources(models, sources, line, batch, EVERYTHING):
                yield answer.result
    finally:
        cv2.setNumThreads(threads)


def _load(job: Job) -> Predictor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Keras2cvWarning)
        return load(job.file, engine=job.how or None, threads=job.threads)
