"""A model's keypoints: their output, and the form of its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from keras2cv.bundle.manifest import Preprocessing, Task
from keras2cv.errors import UsageError
from keras2cv.schema.fields import SchemaError
from keras2cv.tasks.keypoints.record import (
    KeypointsRecord,
    PointActivation,
    PointForm,
    PointUnits,
    Refinement,
)
from keras2cv_export.tasks.outputs import Output, listed, named, only

from .options import KeypointsOptions

DEFAULT_SCORE: Final = 0.3
_POINTS = r"key|point|heat|pose|joint|landmark"


def describe(
    options: KeypointsOptions,
    outputs: Sequence[Output],
    labels: Sequence[str] | None,
    taken: Preprocessing | None = None,  # noqa: ARG001 - the signature of every task's description
) -> tuple[Task, tuple[str, ...]]:
    """Return the task, and a note for each decision that the user did not make.

    Args:
        options: The user's description of the keypoints.
        outputs: The model's outputs.
        labels: The names of the classes, if the user gave them.
        taken: The preprocessing of the input image; not needed here.

    Raises:
        UsageError: No output, or more than one, can be the points; or something does not fit them.
    """
    output = _points(options, outputs)
    form = options.form or _form(output)
    points = _read(options, output, form)
    try:
        count = points.count_classes({"output": output.shape})
    except SchemaError as error:
        raise UsageError(f"The keypoints {output}: {error.path} {error.problem}.") from error
    if labels is not None and len(labels) != count:
        raise UsageError(
            f"There are {len(labels)} labels, and {output} holds {count} points. "
            "Give one per point, one per line."
        )
    task = Task("keypoints", labels=tuple(labels) if labels else None, record=points)
    return task, _notes(options, output, points)


def _points(options: KeypointsOptions, outputs: Sequence[Output]) -> Output:
    if options.output is not None:
        return named(outputs, options.output, "the keypoints")
    found = only(outputs, _POINTS)
    if found is None:
        raise UsageError(
            f"Which output holds the keypoints? The model has {listed(outputs)}. "
            "Name it with --points."
        )
    return found


def _form(output: Output) -> str:
    """Return "heatmaps" for maps of some size; a row of numbers does not show its form."""
    if len(output.shape) == 3 and min(output.shape[:2]) > 4:
        return "heatmaps"
    raise UsageError(
        f"What is a point in {output}? Say --point-format heatmaps, or the order of its numbers: "
        "xy, yx, xys or yxs, where s is a score."
    )


def _read(options: KeypointsOptions, output: Output, form: str) -> KeypointsRecord:
    is_heatmap = form == "heatmaps"
    if options.units is None and not is_heatmap:
        raise UsageError(
            f"Are the points of {output} shares of the input's width and height, or its pixels? "
            "Say --point-units normalised or pixels."
        )
    pairs = tuple(number for pair in options.skeleton or () for number in pair)
    try:
        return KeypointsRecord(
            output.name,
            cast("PointForm", form),
            cast("PointUnits", "cells" if is_heatmap else options.units),
            cast("PointActivation", options.activation or "none"),
            cast("Refinement", options.refine or ("quarter" if is_heatmap else "none")),
            DEFAULT_SCORE if options.score is None else options.score,
            pairs or None,
        )
    except SchemaError as error:
        raise UsageError(f"The keypoints {output}: {error.path} {error.problem}.") from error


def _notes(options: KeypointsOptions, output: Output, points: KeypointsRecord) -> tuple[str, ...]:
    notes = []
    if options.output is None or options.form is None:
        notes.append(
            f"Keypoints: {output}, read as {points.form}. "
            "Say --points, --point-format to change it."
        )
    if points.refine == "quarter" and options.refine is None:
        notes.append(
            "A point is a quarter of a cell from the highest cell, towards the higher neighbour. "
            "Say --point-refine none for the cell's centre."
        )
    if points.has_scores and options.score is None:
        notes.append(f"Points are drawn above {points.score}. Say --score to change that.")
    return tuple(notes)
