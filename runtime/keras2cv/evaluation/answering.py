"""Send labelled data through a bundle: an answer for each sample, in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.manifest import Manifest
from keras2cv.errors import InputError, UsageError
from keras2cv.evaluation.labelled import LabelledData, LabelledSample
from keras2cv.predictor import Predictor
from keras2cv.streams.frames import Selection, Source
from keras2cv.streams.pipeline import Pipeline
from keras2cv.streams.threads import predict_sources
from keras2cv.tasks.result import Result

Array = NDArray[Any]
_AT_ONCE: Final = 64


@dataclass(frozen=True, eq=False, slots=True)
class Answered:
    """A sample with its result; without one, `problem` is the reason.

    Attributes:
        name: The sample's; of an array, its number.
        truth: The sample's.
        result: The bundle's.
        image: (H, W, 3) uint8 BGR, as decoded; None for arrays.
        sample: Of a picture's file; None for arrays.
        given: Of an array, (1, ...), as the data has it.
        problem: Why there is no result.
    """

    name: str
    truth: Any
    result: Result | None
    image: Array | None = None
    sample: LabelledSample | None = None
    given: Array | None = None
    problem: str = ""


def answers(
    models: Sequence[Predictor], data: LabelledData, batch: int, known: frozenset[str]
) -> Iterator[Answered]:
    """Yield the answer to each sample whose name is not `known`, decoded and run in threads.

    Args:
        models: Nets of the same bundle.
        data: The samples.
        batch: The most pictures in one run of a net.
        known: Names of samples that have a result already.

    Raises:
        NetError: OpenCV fails.
        UsageError: the bundle takes no pictures, or no such arrays.
    """
    if data.arrays is not None:
        yield from _array_answers(models[0], data, known)
        return
    manifest = models[0].manifest
    if manifest.preprocessing is None or len(manifest.own_inputs) != 1:
        raise UsageError(
            f"{models[0].folder} does not take a picture alone: it has no preprocessing, or "
            "several inputs. Give an .npz of x and y, or export it with --preprocess."
        )
    samples = {sample.name: sample for sample in data.samples}
    sources = [Source(s.name, "image", s.path) for s in data.samples if s.name not in known]
    with Pipeline() as line:
        for answer in predict_sources(models, sources, line, batch, Selection(known=known)):
            sample = samples[answer.name]
            image = None if answer.frame is None else answer.frame.image_bgr
            yield Answered(
                answer.name, sample.truth, answer.result, image, sample, problem=answer.problem
            )


def _array_answers(
    model: Predictor, data: LabelledData, known: frozenset[str]
) -> Iterator[Answered]:
    assert data.arrays is not None  # noqa: S101 - the caller looked
    x, y = data.arrays
    as_pictures = are_pictures(model.manifest, x)
    names = [f"{data.place}:{k:06d}" for k in range(len(x))]
    for start in range(0, len(x), _AT_ONCE):
        places = [k for k in range(start, min(start + _AT_ONCE, len(x))) if names[k] not in known]
        if not places:
            continue
        if as_pictures:
            pictures = [as_image(x[k]) for k in places]
            results = model.predict(pictures)
            images: list[Array | None] = [*pictures]
        else:
            values = x[places].astype(model.manifest.own_inputs[0].dtype, copy=False)
            results = model.results_of(model.infer(values))
            images = [None] * len(places)
        for k, result, image in zip(places, results, images, strict=True):
            yield Answered(names[k], y[k], result, image, given=x[k : k + 1])


def are_pictures(manifest: Manifest, x: Array) -> bool:
    """Return whether arrays are pictures for the bundle's preprocessing, not inputs of its model.

    Raises:
        UsageError: they are neither.
    """
    shapes = [tensor.keras_shape[1:] for tensor in manifest.own_inputs]
    if x.dtype == np.uint8 and x.ndim in (3, 4) and manifest.preprocessing is not None:
        return True
    if len(shapes) == 1 and x.shape[1:] == tuple(shapes[0]):
        return False
    wanted = " and ".join(str(list(shape)) for shape in shapes)
    raise UsageError(
        f"The arrays are {list(x.shape[1:])} {x.dtype}, and the model takes {wanted}. Give its "
        "inputs, or pictures (N, H, W, 3) uint8 RGB for a bundle with preprocessing."
    )


def as_image(pixels: Array) -> Array:
    """Return a picture (H, W, 3) or gray, RGB as Keras has it, as (H, W, 3) uint8 BGR.

    Raises:
        InputError: it is no picture.
    """
    gray = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
    if gray.ndim == 2:
        return cv2.cvtColor(np.ascontiguousarray(gray), cv2.COLOR_GRAY2BGR)
    if gray.ndim != 3 or gray.shape[2] != 3:
        raise InputError(f"A picture must be (H, W, 3) or (H, W), got {pixels.shape}.")
    return np.ascontiguousarray(gray[..., ::-1])
