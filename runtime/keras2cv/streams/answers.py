"""Predict frames and arrays, an answer for each, in order: the middle of `keras2cv run`.

It has two halves, so that each can have a thread: `prepare_items` brings images to the net's size,
`answers_to` runs the net. `predict_items` is both, one after the other, and `predict_sources` of
`keras2cv.streams.threads` both at the same time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from numpy.typing import NDArray

from keras2cv.bundle.manifest import InputTensor
from keras2cv.errors import InputError
from keras2cv.net.tensors import by_name
from keras2cv.predictor import Predictor
from keras2cv.preparing.prepared import Prepared
from keras2cv.streams.doubts import of_inputs, of_outputs
from keras2cv.streams.frames import BrokenSource, Frame, Inputs, Item, Sample
from keras2cv.tasks.result import Result

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class LineCount:
    """A line in pixels of the frame, x1, y1, x2, y2, and how many objects have crossed it so far.

    Seen from its first point to its second, `into` counts those that go from its right to its
    left, as `supervision.LineZone` does, and `out` the others.
    """

    line: tuple[float, float, float, float]
    into: int
    out: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {"line": list(self.line), "in": self.into, "out": self.out}


@dataclass(frozen=True, eq=False, slots=True)
class Answer:
    """The result for one frame or sample; without one, `problem` is the reason.

    `frame` is the predicted frame, if it was one: its image, its number and time in its source.
    `picture`, (H, W, 3) uint8 BGR, is the frame with the result drawn on it, once it is drawn.
    `counts` are the objects that have crossed lines so far, if anybody counts them. `doubt` says
    why the result means nothing, such as one that is computed of NaN.
    """

    name: str
    result: Result | None = None
    frame: Frame | None = None
    problem: str = ""
    picture: Array | None = None
    counts: tuple[LineCount, ...] = ()
    doubt: str = ""

    @property
    def source(self) -> str:
        """The file, camera or address that it comes from."""
        return self.name if self.frame is None else self.frame.source or self.name

    @property
    def frame_number(self) -> int | None:
        """The frame's number in its video, from 0; None for what is no video."""
        return None if self.frame is None else self.frame.number

    @property
    def time_s(self) -> float | None:
        """The frame's time in its video, in seconds; None for what is no video."""
        return None if self.frame is None else self.frame.time_s


@dataclass(frozen=True, eq=False, slots=True)
class Batch:
    """Frames that are predicted together, and the blobs made of them."""

    frames: Sequence[Frame]
    prepared: Prepared


Ready: TypeAlias = Batch | Sample | Inputs | Answer


def predict_items(model: Predictor, items: Iterable[Item], batch: int) -> Iterator[Answer]:
    """Yield the answers to `items`, up to `batch` frames predicted at a time.

    The answer to an item that the model cannot take is the reason; the other items go on.

    Raises:
        UsageError: the model cannot answer any frame, such as one with several inputs.
        NetError: OpenCV fails.
    """
    for ready in prepare_items(model, items, batch):
        yield from answers_to(model, ready)


def prepare_items(model: Predictor, items: Iterable[Item], batch: int) -> Iterator[Ready]:
    """Yield `items` ready for the net, up to `batch` frames together; a refused one as an answer.

    Raises:
        UsageError: the model takes no image at all.
    """
    waiting: list[Frame] = []
    for item in items:
        if isinstance(item, Frame):
            waiting.append(item)
            if len(waiting) < batch:
                continue
        yield from _prepared(model, waiting)
        waiting = []
        if isinstance(item, BrokenSource):
            yield Answer(item.name, problem=item.reason)
        elif not isinstance(item, Frame):
            yield item
    yield from _prepared(model, waiting)


def answers_to(model: Predictor, ready: Ready) -> list[Answer]:
    """Return the answers to one of `prepare_items`.

    Raises:
        UsageError: as `predict_items`.
        NetError: OpenCV fails.
    """
    if isinstance(ready, Answer):
        return [ready]
    if isinstance(ready, Sample):
        return _answers_to_sample(model, ready)
    if isinstance(ready, Inputs):
        return [_answer_to_inputs(model, ready)]
    results = model.complete(ready.prepared)
    doubts = _doubts(ready.prepared) or [""] * len(results)
    triples = zip(ready.frames, results, doubts, strict=True)
    return [Answer(frame.name, result, frame, doubt=doubt) for frame, result, doubt in triples]


def _doubts(prepared: Prepared) -> list[str]:
    """Return what is wrong with each frame's outputs; nothing if nobody kept them."""
    if not prepared.outputs:
        return []
    return of_outputs(prepared.outputs, [len(blob) for blob in prepared.blobs])


def _prepared(model: Predictor, frames: Sequence[Frame]) -> Iterator[Ready]:
    if not frames:
        return
    try:
        prepared = model.prepare([frame.image_bgr for frame in frames])
        yield Batch(frames, replace(prepared, outputs=[]))
    except InputError as error:
        if len(frames) == 1:
            yield Answer(frames[0].name, problem=f"{frames[0].name}: {error}")
            return
        for frame in frames:  # to find out which one it was
            yield from _prepared(model, [frame])


def _answers_to_sample(model: Predictor, sample: Sample) -> list[Answer]:
    try:
        inputs = _inputs(sample, model.manifest.own_inputs)
        outputs = model.infer(*inputs)
        results = model.results_of(outputs)
    except InputError as error:
        return [Answer(sample.name, problem=f"{sample.name}: {error}")]
    named = {str(k): array for k, array in enumerate(outputs)}
    doubts = of_outputs([named], [len(results)])
    if wrong := of_inputs(inputs):
        doubts = [wrong] * len(results)
    if len(results) == 1:
        return [Answer(sample.name, results[0], doubt=doubts[0])]
    pairs = enumerate(zip(results, doubts, strict=True))
    return [Answer(f"{sample.name}:{i:06d}", found, doubt=doubt) for i, (found, doubt) in pairs]


def _answer_to_inputs(model: Predictor, inputs: Inputs) -> Answer:
    if inputs.frame is None:
        return _answers_to_sample(model, Sample(inputs.name, inputs.arrays))[0]
    try:
        result = model.predict(inputs.arrays)
    except InputError as error:
        return Answer(inputs.name, problem=f"{inputs.name}: {error}")
    assert not isinstance(result, list)  # noqa: S101 - an image among them makes it one sample
    doubt = of_inputs(array for array in inputs.arrays.values())
    return Answer(inputs.name, result, inputs.frame, doubt=doubt)


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
