"""Send labelled data through a bundle: an answer for each sample, in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.manifest import Manifest, Preprocessing
from keras2cv.errors import InputError, UsageError
from keras2cv.evaluation.labelled import LabelledData, LabelledSample
from keras2cv.net.tensors import by_name
from keras2cv.predictor import Predictor
from keras2cv.preparing.clips import ClipFrames
from keras2cv.streams.fitting import fitted
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
        inputs: Of a model with several inputs: the array of each, without a batch axis.
        problem: Why there is no result.
    """

    name: str
    truth: Any
    result: Result | None
    image: Array | None = None
    sample: LabelledSample | None = None
    given: Array | None = None
    inputs: Mapping[str, Array] | None = None
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
            "several inputs. Give an .npz of x and y (with several inputs, an array by each "
            "name), or export it with --preprocess."
        )
    samples = {sample.name: sample for sample in data.samples}
    if manifest.preprocessing.clip is not None:
        raise UsageError(
            f"{models[0].folder} takes clips of {manifest.preprocessing.clip.window} frames, and "
            "a picture is one. Give an .npz of x and y."
        )
    found = [Source(s.name, "image", s.path) for s in data.samples if s.name not in known]
    sources = fitted(found, manifest)
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
    if data.inputs is not None and len(model.manifest.own_inputs) > 1:
        yield from _answers_by_name(model, data, data.inputs, known)
        return
    x, y = data.arrays
    as_pictures = are_pictures(model.manifest, x)
    names = [f"{data.place}:{k:06d}" for k in range(len(x))]
    for start in range(0, len(x), _AT_ONCE):
        places = [k for k in range(start, min(start + _AT_ONCE, len(x))) if names[k] not in known]
        if not places:
            continue
        if as_pictures:
            rules = model.manifest.preprocessing
            assert rules is not None  # noqa: S101 - they are pictures
            pictures = [_as_value(model.manifest, rules.input, x[k]) for k in places]
            results = model.predict([{rules.input: picture} for picture in pictures])
            images: list[Array | None] = [p if rules.is_plain else None for p in pictures]
        else:
            values = x[places]
            if model.manifest.front is None:
                values = values.astype(model.manifest.own_inputs[0].dtype, copy=False)
            results = model.results_of(model.infer(values))
            images = [None] * len(places)
        for k, result, image in zip(places, results, images, strict=True):
            yield Answered(names[k], y[k], result, image, given=x[k : k + 1])


def _answers_by_name(
    model: Predictor, data: LabelledData, inputs: Mapping[str, Array], known: frozenset[str]
) -> Iterator[Answered]:
    """Yield the answers of a model with several inputs, whose arrays are given by their names."""
    assert data.arrays is not None  # noqa: S101 - the caller looked
    for k, truth in enumerate(data.arrays[1]):
        name = f"{data.place}:{k:06d}"
        if name in known:
            continue
        tensors = model.manifest.own_inputs
        given = {key: array[k] for key, array in inputs.items()}
        values = dict(zip([t.name for t in tensors], by_name(given, tensors), strict=True))
        sample = {key: _as_value(model.manifest, key, v) for key, v in values.items()}
        if all(is_prepared(model.manifest, key, value) for key, value in values.items()):
            (result,) = model.results_of(model.infer({n: v[None] for n, v in sample.items()}))
            yield Answered(name, truth, result, inputs=values)
            continue
        one: Any = model.predict(sample)
        image: Any = sample[str(model.manifest.image_input)]
        drawn = image if np.ndim(image) == 3 else None
        yield Answered(name, truth, one, drawn, inputs=values)


def is_prepared(manifest: Manifest, name: str, value: Array) -> bool:
    """Return whether a value is an input as the model takes it, and no picture."""
    rules = manifest.rules_of(name)
    return rules is None or value.dtype not in (np.uint8, np.uint16)


def _as_value(manifest: Manifest, name: str, value: Array) -> Any:
    """Return what `predict` takes for one input, from an array as Keras has it.

    Raises:
        InputError: it is a clip of another number of frames.
    """
    rules = manifest.rules_of(name)
    if rules is None:
        return value.astype(manifest.input(name).dtype, copy=False)
    if is_prepared(manifest, name, value):
        return value
    if rules.clip is not None:
        if len(value) != rules.clip.window:
            raise InputError(
                f"A clip of the data has {len(value)} frames, and one of the model "
                f"{rules.clip.window}. Give clips of as many."
            )
        return ClipFrames(as_image_for(frame, rules) for frame in value)
    return as_image_for(value, rules)


def as_image_for(pixels: Array, rules: Preprocessing) -> Array:
    """Return a picture as Keras has it, RGB or more channels, as `predict` takes it.

    Raises:
        InputError: it is no picture.
    """
    if rules.color == "CHANNELS":
        return pixels
    if rules.color in ("RGBA", "BGRA") and pixels.ndim == 3 and pixels.shape[2] == 4:
        return np.ascontiguousarray(pixels[..., [2, 1, 0, 3]])
    return as_image(pixels)


def are_pictures(manifest: Manifest, x: Array) -> bool:
    """Return whether arrays are pictures for the bundle's preprocessing, not inputs of its model.

    Raises:
        UsageError: they are neither.
    """
    shapes = [tensor.keras_shape[1:] for tensor in manifest.own_inputs]
    rules = manifest.preprocessing
    ranks = (3, 4) if rules is None or rules.clip is None else (5,)
    is_picture = x.dtype == np.uint8 or (x.dtype == np.uint16 and rules is not None and rules.depth)
    if rules is not None and is_picture and x.ndim in ranks:
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
