"""This bundle, as it is deployed: `keras2cv.load`, and the three parts of `predict`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from keras2cv import Keras2cvWarning, load
from keras2cv.preparing.prepared import Prepared
from keras2cv_bench.pipeline import Array, Job, Pipeline, Sample, takes_pictures

Outputs = Sequence[Mapping[str, Array]]
"""A map per run of the net: a batch may take several."""


def open_pipeline(job: Job) -> Pipeline:
    """Load the bundle, with the engine of its manifest unless the job names one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Keras2cvWarning)  # an unverified one is measured, too
        model = load(job.file, engine=job.how or None, threads=job.threads)
    about = f"OpenCV {cv2.__version__}, {model.engine} engine, {model.threads} threads"
    if not takes_pictures(model.manifest):
        return Pipeline(about, list, lambda arrays: model.infer_net(*arrays), _nothing)

    def finish(_: Sample, prepared: Prepared, outputs: Outputs) -> Any:
        return model.finish(prepared, outputs)

    def arrays(outputs: Outputs) -> list[Array]:
        return [_joined([found[name] for found in outputs]) for name in model.output_names]

    return Pipeline(about, model.prepare, model.forward, finish, arrays)


def _joined(parts: Sequence[Array]) -> Array:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _nothing(*_: Any) -> None:
    """Return nothing: a bundle of arrays has no task's results."""
