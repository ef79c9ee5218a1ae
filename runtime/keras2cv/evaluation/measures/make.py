"""The measure of a task for a bundle and its data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from keras2cv.bundle.manifest import Manifest
from keras2cv.errors import InputError
from keras2cv.evaluation.class_names import ClassMatch, match_classes
from keras2cv.evaluation.labelled import LabelledData
from keras2cv.evaluation.measures.binary import BinaryMeasure
from keras2cv.evaluation.measures.classify import ClassifyMeasure
from keras2cv.evaluation.measures.detect import DetectMeasure
from keras2cv.evaluation.measures.embed import EmbedMeasure
from keras2cv.evaluation.measures.image import ImageMeasure
from keras2cv.evaluation.measures.keypoints import KeypointsMeasure
from keras2cv.evaluation.measures.measure import Measure
from keras2cv.evaluation.measures.regress import RegressMeasure
from keras2cv.evaluation.measures.segment import SegmentMeasure
from keras2cv.evaluation.measures.text import TextMeasure
from keras2cv.tasks.detect.record import DetectRecord
from keras2cv.tasks.keypoints.record import KeypointsRecord

BETTER: Final[Mapping[str, Mapping[str, bool]]] = MappingProxyType(
    {
        "classify": ClassifyMeasure.better,
        "binary": BinaryMeasure.better,
        "regress": RegressMeasure.better,
        "detect": DetectMeasure.better,
        "segment": SegmentMeasure.better,
        "keypoints": KeypointsMeasure.better,
        "embed": EmbedMeasure.better,
        "image": ImageMeasure.better,
        "text": TextMeasure.better,
    }
)
"""Task -> metric -> whether more is better."""

Made = tuple[Callable[[], Measure], str]


def make_measure(manifest: Manifest, data: LabelledData) -> Made:
    """Return a function that begins a measure, and a note on how classes were matched.

    Raises:
        InputError: the data's classes are not the bundle's.
    """
    return _MAKERS[manifest.task.kind](manifest, data)


def _classify(manifest: Manifest, data: LabelledData) -> Made:
    count = manifest.output(str(manifest.task.output)).sample_size
    match = _matched(manifest, data, count)
    scores = manifest.task.scores
    own = manifest.task.class_scores
    return lambda: ClassifyMeasure(match.labels, match.numbers, scores, own), match.note


def _binary(manifest: Manifest, data: LabelledData) -> Made:
    names = list(data.classes or ())
    labels = manifest.task.labels
    if labels is not None and len(labels) == 1 and len(names) <= 2 and labels[0] in names:
        negative = next((name for name in names if name != labels[0]), f"not {labels[0]}")
        numbers = [int(name == labels[0]) for name in names]
        return lambda: BinaryMeasure((negative, str(labels[0])), numbers), ""
    known = labels if labels is None or len(labels) == 2 else (f"not {labels[0]}", labels[0])
    match = match_classes(names, known, 2, are_numbers=data.are_numbers)
    shown = ("no", "yes") if known is None and data.are_numbers else match.labels
    return lambda: BinaryMeasure(shown, match.numbers), match.note


def _regress(manifest: Manifest, _: LabelledData) -> Made:
    width = manifest.output(str(manifest.task.output)).sample_size
    labels = manifest.task.labels
    return lambda: RegressMeasure(width, labels), ""


def _detect(manifest: Manifest, data: LabelledData) -> Made:
    record = manifest.task.record_as(DetectRecord)
    if not data.classes:
        raise InputError(f"{data.place} has no class of objects. Give labels with at least one.")
    match = _matched(manifest, data, class_count(manifest), record.background)
    # Boxes are matched class by class, and a box of the model would belong to both.
    if len(set(match.numbers)) != len(match.numbers):
        raise InputError(
            f"Several classes of the data are one of the bundle: {', '.join(data.classes or ())}. "
            "Give each class of the data a label of its own."
        )
    classes = [match.labels[number] for number in match.numbers]
    own = manifest.task.class_scores
    scores = [record.score if own is None else own[number] for number in match.numbers]
    order = _point_order(record, data)
    return lambda: DetectMeasure(classes, match.numbers, scores, order), match.note


def _point_order(record: DetectRecord, data: LabelledData) -> list[int]:
    """Return the model's number of each keypoint of the data."""
    if record.points is None:
        return []
    if record.points.labels is None or data.points is None:
        return list(range(record.points.count))
    return list(match_classes(data.points, record.points.labels, record.points.count).numbers)


def class_count(manifest: Manifest) -> int | None:
    """Return how many classes the task's record has; None if that is not known."""
    record = manifest.task.record
    assert record is not None  # noqa: S101 - the task has one
    outputs = {role: manifest.output(name) for role, name in record.outputs.items()}
    shapes = {role: t.keras_shape[t.batched :] for role, t in outputs.items()}
    return record.count_classes(shapes)


def _segment(manifest: Manifest, data: LabelledData) -> Made:
    count = class_count(manifest)
    labels = manifest.task.labels
    count = count if count is not None else len(labels or ()) or None
    if data.classes is None:  # the masks hold the model's own numbers
        names = labels or tuple(map(str, range(count or 256)))
        return lambda: SegmentMeasure(names, None, -1), ""
    background = _background(labels, data.classes, count)
    match = match_classes(
        data.classes, labels, count, are_numbers=data.are_numbers, background=background
    )
    shown = match.labels
    if background is not None and labels is None:
        shown = tuple("background" if k == background else name for k, name in enumerate(shown))
    empty = -1 if background is None else background
    return lambda: SegmentMeasure(shown, match.numbers, empty), match.note


def _background(
    labels: tuple[str, ...] | None, classes: tuple[str, ...], count: int | None
) -> int | None:
    """Return the class of pixels in no segmentation; None: every pixel must be in one."""
    if labels is not None:
        plain = [label.casefold() for label in labels]
        named = [
            plain.index(name) for name in ("background", "bg", "none", "void") if name in plain
        ]
        if named:
            return named[0]
        left = [k for k, label in enumerate(labels) if label not in classes]
        return left[0] if left == [0] else None
    return 0 if count is not None and len(classes) == count - 1 else None


def _keypoints(manifest: Manifest, data: LabelledData) -> Made:
    record = manifest.task.record_as(KeypointsRecord)
    shape = manifest.output(record.output).keras_shape[1:]
    count = shape[-1] if record.form == "heatmaps" else _product(shape) // len(record.form)
    labels = manifest.task.labels
    order, note = list(range(count)), ""
    if labels is not None and data.points is not None:
        match = match_classes(data.points, labels, count)
        order, note = list(match.numbers), match.note
    return lambda: KeypointsMeasure(count, labels, order), note


def _product(shape: tuple[int, ...]) -> int:
    total = 1
    for size in shape:
        total *= size
    return total


def _embed(manifest: Manifest, data: LabelledData) -> Made:
    width = manifest.output(str(manifest.task.output)).sample_size
    return lambda: EmbedMeasure(width, data.pairs), ""


def _matched(
    manifest: Manifest, data: LabelledData, count: int | None, background: int | None = None
) -> ClassMatch:
    return match_classes(
        data.classes or (),
        manifest.task.labels,
        count,
        are_numbers=data.are_numbers,
        background=background,
    )


_MAKERS: Final[Mapping[str, Callable[[Manifest, LabelledData], Made]]] = MappingProxyType(
    {
        "classify": _classify,
        "binary": _binary,
        "regress": _regress,
        "detect": _detect,
        "segment": _segment,
        "keypoints": _keypoints,
        "embed": _embed,
        "image": lambda _, __: (ImageMeasure, ""),
        "text": lambda _, __: (TextMeasure, ""),
    }
)
