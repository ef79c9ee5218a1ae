"""What a task says of its outputs, beside the numbers that the model gives.

A contradiction cannot be true: probabilities of 7, logits behind a softmax, shares of a picture
beyond 1.5 pictures. What is only unlikely, such as no box in any picture, is for people to judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from keras2cv.schema.tensors import OutputTensor
from keras2cv.tasks.detect.candidates import choose, tables_of_record
from keras2cv.tasks.detect.record import DetectRecord
from keras2cv.tasks.image.record import ImageRecord
from keras2cv.tasks.keypoints.record import KeypointsRecord
from keras2cv.tasks.segment.record import SegmentRecord
from keras2cv.tasks.task import Task
from keras2cv.tasks.text.record import TextRecord

Array = np.ndarray[Any, Any]
Outputs = Mapping[str, Array]

_ROUNDING: Final = 1e-3  # of a probability, and of the sum of many
_SHARE: Final = 2.0  # a box or a point this many pictures away is in no unit of shares
_TURN: Final = 2 * np.pi
_ENOUGH: Final = 24  # numbers that all lie in 0..1 by chance: logits never do


@dataclass(frozen=True)
class Scores:
    """Numbers that a task says are probabilities, or are not yet.

    Attributes:
        key: The manifest's key that says it.
        values: (M, C), one row per decision.
        said: "probabilities" or "logits".
        exclusive: Whether a row is of one of many, and so sums to 1.
        activation: The last activation of the output, where the graph shows it; else "linear".
    """

    key: str
    values: Array
    said: Literal["probabilities", "logits"]
    exclusive: bool
    activation: str


def contradictions(
    task: Task,
    outputs: Sequence[OutputTensor],
    samples: Sequence[Outputs],
    activations: Mapping[str, str],
    *,
    like_training: bool = False,
) -> tuple[str, ...]:
    """Return what cannot be true of a task's scores, a sentence each.

    Args:
        task: The manifest's.
        outputs: The manifest's.
        samples: The model's outputs, one mapping per sample.
        activations: Output -> "softmax", "sigmoid" or "linear".
        like_training: Whether the samples are like those of training. Only then the numbers of
            boxes and points are judged, and not the graph's end alone.
    """
    arrays = _stacked(outputs, samples)
    judged = like_training or task.kind not in ("detect", "keypoints")
    found = (
        _problem(scores) if judged else _of_graph(scores)
        for scores in _scores_of(task, arrays, activations)
    )
    return tuple(problem for problem in found if problem)


def _stacked(outputs: Sequence[OutputTensor], samples: Sequence[Outputs]) -> dict[str, Array]:
    """Return each output of all samples, (samples * batch, ...)."""
    return {
        o.name: np.concatenate(
            [s[o.name] if o.batched else s[o.name][None] for s in samples]
        ).astype(np.float64)
        for o in outputs
    }


def _problem(scores: Scores) -> str:
    values = scores.values[np.isfinite(scores.values).all(axis=1)]
    if not values.size:
        return ""
    within = bool((values >= -_ROUNDING).all() and (values <= 1 + _ROUNDING).all())
    sums_to_one = bool((np.abs(values.sum(axis=1) - 1) <= _ROUNDING).all()) and values.shape[1] > 1
    if scores.said == "logits":
        return _of_graph(scores) or (_of_logits(scores, values, sums_to_one) if within else "")
    if not within:
        low, high = float(values.min()), float(values.max())
        return f"{scores.key} says probabilities, and the model gives {low:.3g} to {high:.3g}."
    if scores.exclusive and not sums_to_one:
        worst = float(values.sum(axis=1)[np.abs(values.sum(axis=1) - 1).argmax()])
        return f"{scores.key} says softmax, and the model's scores add up to {worst:.3g}."
    return ""


def _of_logits(scores: Scores, values: Array, sums_to_one: bool) -> str:
    """Return why numbers within 0..1 are no logits."""
    to_come = f"{scores.key} says that an activation is still to come, and"
    if sums_to_one and len(values) > 1:
        return f"{to_come} the model gives probabilities that add up to 1."
    if values.size >= _ENOUGH and float(np.ptp(values)) > _ROUNDING:
        return f"{to_come} all {values.size} numbers of the model lie between 0 and 1."
    return ""


def _of_graph(scores: Scores) -> str:
    if scores.said == "probabilities" or scores.activation not in ("softmax", "sigmoid"):
        return ""
    return (
        f"{scores.key} says that an activation is still to come, and the model ends in a "
        f"{scores.activation}."
    )


def _scores_of(
    task: Task, arrays: Mapping[str, Array], activations: Mapping[str, str]
) -> Iterator[Scores]:
    def kind_of(output: str | None) -> str:
        return activations.get(str(output), "linear")

    if task.kind in ("classify", "binary") and task.scores != "linear":
        values = arrays[str(task.output)].reshape(len(arrays[str(task.output)]), -1)
        said: Any = "logits" if task.scores == "logits" else "probabilities"
        yield Scores("scores", values, said, task.scores == "softmax", kind_of(task.output))
    match task.record:
        case SegmentRecord() as record if record.scores != "labels":
            grid = arrays[record.output]
            values = grid.reshape(-1, grid.shape[3] if grid.ndim == 4 else 1)
            said = "logits" if record.scores == "logits" else "probabilities"
            softmax = record.scores == "softmax"
            yield Scores("segment.scores", values, said, softmax, kind_of(record.output))
        case TextRecord() as record:
            steps = arrays[record.output]
            steps = steps if record.class_axis == "last" else steps.swapaxes(1, 2)
            said = "logits" if record.scores == "logits" else "probabilities"
            values = steps.reshape(-1, steps.shape[-1])
            yield Scores("text.scores", values, said, True, kind_of(record.output))
        case KeypointsRecord() as record if record.form in ("xys", "yxs"):
            values = arrays[record.output].reshape(-1, 3)[:, 2:]
            said = "probabilities" if record.activation == "none" else "logits"
            yield Scores("keypoints.activation", values, said, False, "linear")
        case DetectRecord() as record:
            kinds = (kind_of(_alone(record, part)) for part in ("scores", "objectness"))
            yield from _of_boxes(record, arrays, *kinds)


def _of_boxes(
    record: DetectRecord, arrays: Mapping[str, Array], activation: str, of_objectness: str
) -> Iterator[Scores]:
    tables = _tables(record, arrays)
    scores = np.concatenate([table["scores"] for table in tables])
    objectness = [table["objectness"].reshape(-1, 1) for table in tables if "objectness" in table]
    said: Any = "probabilities" if record.activation == "none" else "logits"
    yield Scores("detect.activation", scores, said, False, activation)
    if record.objectness_activation is not None:
        said = "probabilities" if record.objectness_activation == "none" else "logits"
        values = np.concatenate(objectness)
        yield Scores("detect.objectness_activation", values, said, False, of_objectness)


def _tables(record: DetectRecord, arrays: Mapping[str, Array]) -> list[dict[str, Array]]:
    """Return each sample's numbers: part -> (M, width)."""
    names = record.outputs
    count = len(arrays[next(iter(names.values()))])
    samples = ({role: arrays[name][k] for role, name in names.items()} for k in range(count))
    return [tables_of_record(record, sample) for sample in samples]


def _alone(record: DetectRecord, part: str) -> str | None:
    """Return the output that holds one part of a detector's numbers and nothing else."""
    if record.head is None:
        return record.outputs.get(part)
    alone = (output.output for output in record.head.outputs if output.parts == (part,))
    return next(alone, None)


def places_out_of_unit(
    task: Task, outputs: Sequence[OutputTensor], samples: Sequence[Outputs]
) -> tuple[str, ...]:
    """Return what cannot be true of boxes' and points' units and order, or of an image's range.

    Judged by samples like those of training: random pictures give random places.
    """
    arrays = _stacked(outputs, samples)
    match task.record:
        case DetectRecord() as record:
            own = tuple(_of_belongings(record, arrays))
            decoded = record.anchors is None and record.head is None
            return (*_of_kept_boxes(record, arrays), *own) if decoded else own
        case KeypointsRecord() as record if record.form != "heatmaps":
            points = arrays[record.output].reshape(-1, len(record.form))[:, :2]
            return tuple(_of_units("keypoints.units", record.units, points))
        case ImageRecord() as record:
            return tuple(_of_range(record, arrays[record.output]))
    return ()


def _of_kept_boxes(record: DetectRecord, arrays: Mapping[str, Array]) -> Iterator[str]:
    boxes = _kept_boxes(record, arrays)
    if not len(boxes):
        return
    yield from _of_units("detect.box_units", record.box_units, boxes)
    a, b, c, d = boxes.T
    if record.box_format in ("xywh", "cxcywh"):
        if float(((c < 0) | (d < 0)).mean()) > 0.5:
            yield f"detect.box_format says {record.box_format}, and boxes have sizes below 0."
    elif float(((c <= a) | (d <= b)).mean()) > 0.5:
        yield (f"detect.box_format says {record.box_format}, and most boxes end before they begin.")


def _of_belongings(record: DetectRecord, arrays: Mapping[str, Array]) -> Iterator[str]:
    """Yield what cannot be true of the points, angles and masks of the boxes that are kept."""
    if record.points is not None:
        numbers = _kept(record, arrays, "points").reshape(-1, len(record.points.form))
        yield from _of_units("detect.points.units", record.points.units, numbers[:, :2])
    if record.angles is not None and record.angles.units == "radians":
        angles = np.abs(_kept(record, arrays, "angle"))
        if angles.size and float(np.median(angles)) > _TURN:
            largest = float(angles.max())
            yield f"detect.angles.units says radians, and the model gives {largest:.3g}."
    if record.masks is not None and record.masks.per_box is not None:
        values = arrays[record.masks.per_box]
        values = values[np.isfinite(values)]
        low, high = float(values.min(initial=0)), float(values.max(initial=0))
        is_share = low >= -_ROUNDING and high <= 1 + _ROUNDING
        if record.masks.activation == "sigmoid" and is_share and high - low > _ROUNDING:
            yield (
                "detect.masks.activation says that a sigmoid is still to come, and the model's "
                "masks lie between 0 and 1."
            )


def _kept_boxes(record: DetectRecord, arrays: Mapping[str, Array]) -> Array:
    """Return the boxes (M, 4) of all samples whose score is above the threshold."""
    return _kept(record, arrays, "box")


def _kept(record: DetectRecord, arrays: Mapping[str, Array], part: str) -> Array:
    """Return a part of the numbers (M, width) of the boxes that are above the threshold."""
    kept = [
        tables[part][choose(record, tables, lambda _: record.score).rows]
        for tables in _tables(record, arrays)
    ]
    return np.concatenate(kept) if kept else np.zeros((0, 4))


def _of_units(key: str, units: str, places: Array) -> Iterator[str]:
    if not places.size or not np.isfinite(places).all():
        return
    largest = float(np.median(np.abs(places).max(axis=1)))
    if units == "normalised" and largest > _SHARE:
        yield f"{key} says shares of the picture, and the model gives {largest:.3g} pictures."
    if units == "pixels" and float(np.abs(places).max()) <= 1.5:
        yield f"{key} says pixels, and the model gives nothing beyond {np.abs(places).max():.3g}."


def _of_range(record: ImageRecord, values: Array) -> Iterator[str]:
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    span = record.high - record.low
    if low < record.low - span or high > record.high + span:
        yield (
            f"image.low and high say {record.low:g} to {record.high:g}, and the model gives "
            f"{low:.3g} to {high:.3g}."
        )
    elif high - low < span / 50 and max(abs(low), abs(high)) <= 1.5 < span:
        yield (
            f"image.low and high say {record.low:g} to {record.high:g}, and the model gives no "
            f"more than {low:.3g} to {high:.3g}."
        )
