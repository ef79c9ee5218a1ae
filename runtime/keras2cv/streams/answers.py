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

from keras2cv.errors import InputError
from keras2cv.net.tensors import by_name
from keras2cv.predictor import Predictor
from keras2cv.preparing.given_inputs import GivenInput, given_inputs
from keras2cv.preparing.prepared import Prepared
from keras2cv.streams.doubts import of_inputs, of_outputs
from keras2cv.streams.frames import BrokenSource, Clip, Frame, Inputs, Item, Sample
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
    def last_frame_number(self) -> int | None:
        """The number of a clip's last frame; None for what is no clip of a video."""
        return None if self.frame is None else self.frame.last_number

    @property
    def time_s(self) -> float | None:
        """The frame's time in its video, in seconds; None for what is no video."""
        return None if self.frame is None else self.frame.time_s

    @property
    def last_time_s(self) -> float | None:
        """The time of a clip's last frame; None for what is no clip of a video."""
        return None if self.frame is None else self.frame.last_time_s


@dataclass(frozen=True, eq=False, slots=True)
class Batch:
    """Samples that are predicted together, and the blobs made of them.

    Each has its name, the frame that its result is drawn on, and what is wrong with its arrays.
    """

    samples: Sequence[tuple[str, Frame | None, str]]
    prepared: Prepared


Pictures: TypeAlias = Frame | Clip | Inputs
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
    waiting: list[Pictures] = []
    for item in items:
        together = _of_pictures(item)
        if together is not None:
            waiting.append(together)
            if len(waiting) < batch:
                continue
        yield from _prepared(model, waiting)
        waiting = []
        if isinstance(item, BrokenSource):
            yield Answer(item.name, problem=item.reason)
        elif isinstance(item, Sample | Inputs) and together is None:
            yield item
    yield from _prepared(model, waiting)


def _of_pictures(item: Item) -> Pictures | None:
    """Return an item that `Predictor.prepare` prepares; None for one of arrays alone."""
    if isinstance(item, Frame | Clip) or (isinstance(item, Inputs) and item.frames):
        return item
    return None


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
    triples = zip(ready.samples, results, doubts, strict=True)
    return [
        Answer(name, result, frame, doubt=wrong or doubt)
        for (name, frame, wrong), result, doubt in triples
    ]


def _doubts(prepared: Prepared) -> list[str]:
    """Return what is wrong with each frame's outputs; nothing if nobody kept them."""
    if not prepared.outputs:
        return []
    return of_outputs(prepared.outputs, [len(blob) for blob in prepared.blobs])


def _prepared(model: Predictor, items: Sequence[Pictures]) -> Iterator[Ready]:
    if not items:
        return
    try:
        prepared = model.prepare([i.arrays if isinstance(i, Inputs) else i.value for i in items])
        samples = [(item.name, *_frame_and_doubt(model, item)) for item in items]
        yield Batch(samples, replace(prepared, outputs=[]))
    except InputError as error:
        if len(items) == 1:
            yield Answer(items[0].name, problem=f"{items[0].name}: {error}")
            return
        for item in items:  # to find out which one it was
            yield from _prepared(model, [item])


def _frame_and_doubt(model: Predictor, item: Pictures) -> tuple[Frame | None, str]:
    """Return the frame that an item's result is drawn on, and what is wrong with its arrays."""
    if isinstance(item, Inputs):
        arrays = (a for name, a in item.arrays.items() if name not in item.frames)
        return item.frame_of(model.manifest.image_input), of_inputs(arrays)
    return (item.frame if isinstance(item, Clip) else item), ""


def _answers_to_sample(model: Predictor, sample: Sample) -> list[Answer]:
    try:
        inputs = _inputs(sample, given_inputs(model.manifest))
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
    return _answers_to_sample(model, Sample(inputs.name, inputs.arrays))[0]


def _inputs(sample: Sample, tensors: Sequence[GivenInput]) -> list[Array]:
    """Return the arrays in the model's order, each with its batch dimension."""
    named = {tensor.name for tensor in tensors}
    if any(array.dtype == object for array in sample.arrays.values()):  # a table's columns
        return _of_table(sample, tensors, named)
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
        array[None] if array.ndim == len(tensor.shape) and not tensor.is_text else array
        for array, tensor in zip(arrays, tensors, strict=True)
    ]


def _of_table(sample: Sample, tensors: Sequence[GivenInput], named: set[str]) -> list[Array]:
    """Return a table's columns in the model's order; others than the inputs' are left out."""
    from keras2cv.streams.tables import as_numbers  # only tables need it

    columns = {name: array for name, array in sample.arrays.items() if name in named}
    if len(tensors) == 1 and list(sample.arrays) == ["arr_0"]:
        columns = {tensors[0].name: sample.arrays["arr_0"]}
    if missing := [tensor.name for tensor in tensors if tensor.name not in columns]:
        raise InputError(
            f"there is no column {missing[0]!r}. The model takes "
            f"{', '.join(tensor.name for tensor in tensors)}, and the first line names "
            f"{', '.join(sample.arrays)}."
        )
    arrays = []
    for tensor in tensors:
        column = columns[tensor.name]
        if tensor.shape not in ((), (1,)):
            raise InputError(
                f"the input {tensor.name} takes {tensor.shape} values in each sample, and a table "
                "has one. Give a .npz."
            )
        column = column if tensor.is_text else as_numbers(column, tensor.name)
        arrays.append(column.reshape(-1, *tensor.shape))
    return arrays
