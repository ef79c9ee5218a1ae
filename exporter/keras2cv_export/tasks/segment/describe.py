"""Describe a segmenting model's mask: its output, and the meaning of its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from keras2cv.bundle.manifest import Preprocessing, Task
from keras2cv.errors import UsageError
from keras2cv.schema.fields import SchemaError
from keras2cv.tasks.segment.record import MaskScores, SegmentRecord
from keras2cv_export.tasks.outputs import Output, listed, named, only

from .options import SegmentOptions

DEFAULT_THRESHOLD: Final = 0.5
_MASK = r"mask|seg"


def describe(
    options: SegmentOptions,
    outputs: Sequence[Output],
    labels: Sequence[str] | None,
    taken: Preprocessing | None = None,  # noqa: ARG001 - the signature of every task's description
) -> tuple[Task, tuple[str, ...]]:
    """Return the task, and a note for each decision that the user did not make.

    Args:
        options: The user's description of the mask.
        outputs: The model's outputs.
        labels: The names of the classes, if the user gave them.
        taken: The preprocessing of the input image; not needed here.

    Raises:
        UsageError: No output, or more than one, can be the mask; or the labels do not fit it.
    """
    output = _mask(options, outputs)
    scores = options.scores or _scores(output)
    is_binary = scores != "labels" and (len(output.shape) == 2 or output.shape[2] == 1)
    if options.score is not None and not is_binary:
        raise UsageError(f"A score is for a mask of one channel, and {output} has more. Leave it.")
    threshold = (
        (DEFAULT_THRESHOLD if options.score is None else options.score) if is_binary else None
    )
    try:
        segment = SegmentRecord(output.name, cast("MaskScores", scores), threshold)
        classes = segment.count_classes({"output": output.shape})
    except SchemaError as error:
        raise UsageError(f"The mask {output}: {error.path} {error.problem}.") from error
    task = Task("segment", labels=_labels(labels, classes, is_binary), record=segment)
    return task, _notes(options, output, scores, threshold)


def _mask(options: SegmentOptions, outputs: Sequence[Output]) -> Output:
    if options.output is not None:
        return named(outputs, options.output, "the mask")
    found = only((o for o in outputs if len(o.shape) in (2, 3)), _MASK)
    if found is None:
        raise UsageError(
            f"Which output is the mask, (N, h, w, classes)? The model has {listed(outputs)}. "
            "Name it with --scores."
        )
    return found


def _scores(output: Output) -> str:
    if not output.dtype.startswith("float"):
        return "labels"
    return "logits" if output.activation == "linear" else output.activation


def _labels(
    labels: Sequence[str] | None, classes: int | None, is_binary: bool
) -> tuple[str, ...] | None:
    if labels is None:
        return None
    if is_binary and len(labels) == 1:
        return "background", labels[0]
    if classes not in (None, len(labels)):
        raise UsageError(
            f"There are {len(labels)} labels, and the mask has {classes} classes. "
            "Give one per class, one per line."
        )
    return tuple(labels)


def _notes(
    options: SegmentOptions, output: Output, scores: str, threshold: float | None
) -> tuple[str, ...]:
    notes = []
    if options.output is None or options.scores is None:
        notes.append(f"Mask: {output}, read as {scores}. Say --scores, --activation to change it.")
    if threshold is not None and options.score is None:
        notes.append(f"A pixel is class 1 above {threshold}. Say --score to change that.")
    return tuple(notes)
