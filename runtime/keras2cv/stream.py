"""Frames and arrays in, an answer for each out, in order: the middle of `keras2cv run`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from keras2cv.errors import InputError
from keras2cv.manifest import InputTensor
from keras2cv.predictor import Predictor
from keras2cv.results import Result
from keras2cv.sources import BrokenSource, Frame, Item, Sample
from keras2cv.tensors import by_name

Array = NDArray[Any]


@dataclass(frozen=True, eq=False, slots=True)
class Answer:
    """The result for one frame or sample; where there is none, `problem` says why.

    `image_bgr` is the frame's own picture, (H, W, 3) uint8, for those that have one.
    """

    name: str
    result: Result | None = None
    image_bgr: Array | None = None
    problem: str = ""


def predict_items(model: Predictor, items: Iterable[Item], batch: int) -> Iterator[Answer]:
    """Yield the answers to `items`, up to `batch` frames predicted at a time.

    An item that the model cannot take is answered by the reason, and the others are not disturbed.

    Raises:
        UsageError: the model cannot answer any frame, such as one with several inputs.
        NetError: OpenCV fails.
    """
    waiting: list[Frame] = []
    for item in items:
        if isinstance(item, Frame):
            waiting.append(item)
            if len(waiting) < batch:
                continue
        yield from _predict_frames(model, waiting)
        waiting = []
        if not isinstance(item, Frame):
            yield from _other(model, item)
    yield from _predict_frames(model, waiting)


def _predict_frames(model: Predictor, frames: Sequence[Frame]) -> Iterator[Answer]:
    if not frames:
        return
    try:
        results = model.predict([frame.image_bgr for frame in frames])
    except InputError as error:
        if len(frames) == 1:
            yield Answer(frames[0].name, problem=f"{frames[0].name}: {error}")
            return
        for frame in frames:  # to find out which one it was
            yield from _predict_frames(model, [frame])
        return
    for frame, result in zip(frames, results, strict=True):
        yield Answer(frame.name, result, frame.image_bgr)


def _other(model: Predictor, item: Sample | BrokenSource) -> Iterator[Answer]:
    if isinstance(item, BrokenSource):
        yield Answer(item.name, problem=item.reason)
        return
    try:
        results = model.results_of(model.infer(*_inputs(item, model.manifest.inputs)))
    except InputError as error:
        yield Answer(item.name, problem=f"{item.name}: {error}")
        return
    for index, result in enumerate(results):
        yield Answer(item.name if len(results) == 1 else f"{item.name}:{index:06d}", result)


def _inputs(sample: Sample, tensors: Sequence[InputTensor]) -> list[Array]:
    """Return the arrays in the model's order, each with its batch dimension."""
    numbered = [f"arr_{index}" for index in range(len(sample.arrays))]
    if all(re.fullmatch(r"arr_[0-9]+", name) for name in sample.arrays):
        arrays = [sample.arrays[name] for name in numbered if name in sample.arrays]
    else:
        arrays = by_name(sample.arrays, tensors)
    if len(arrays) != len(tensors):
        raise InputError(
            f"the model takes {len(tensors)} arrays ({', '.join(t.name for t in tensors)}), "
            f"got {len(arrays)}. Give one for each."
        )
    return [
        array[None] if array.ndim == len(tensor.keras_shape) - 1 else array
        for array, tensor in zip(arrays, tensors, strict=True)
    ]
