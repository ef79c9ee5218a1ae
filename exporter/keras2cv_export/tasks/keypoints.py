"""A model's keypoints: which output they are, and what its numbers are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from keras2cv.bundle.manifest import Task
from keras2cv.errors import UsageError
from keras2cv.schema.fields import SchemaError
from keras2cv.tasks.image_roles import PointActivation, PointForm, Points, PointUnits, Refinement

from .outputs import Output, listed, named, only
from .user_records import record_of

DEFAULT_SCORE: Final = 0.3
_POINTS = r"key|point|heat|pose|joint|landmark"


@dataclass(frozen=True)
class Figure:
    """What is known of the keypoints; None is told by the output's shape and last activation.

    Attributes:
        output: Its name.
        form: "heatmaps" (N, h, w, K), or the order of a point's numbers: "xy", "yx", "xys", "yxs",
            where s is a score. Told for heatmaps only.
        units: "normalised" (shares of the input's width and height) or "pixels" of the input.
        activation: What scores still need, "none" or "sigmoid".
        refine: "quarter" (of a cell, towards the higher neighbour) or "none", for heatmaps.
        score: Points above it are drawn.
        skeleton: Pairs of points to join by a line.
    """

    output: str | None = None
    form: str | None = None
    units: str | None = None
    activation: str | None = None
    refine: str | None = None
    score: float | None = None
    skeleton: Sequence[tuple[int, int]] | None = None

    @classmethod
    def of(cls, said: Figure | Mapping[str, Any] | None) -> Figure:
        """Return what was said, in any of its forms."""
        return record_of(cls, said, "A figure of keypoints")


def figure_task(
    said: Figure, outputs: Sequence[Output], labels: Sequence[str] | None
) -> tuple[Task, tuple[str, ...]]:
    """Return the task, and the sentences that say what was not stated.

    Raises:
        UsageError: No output, or more than one, can be the points; or something does not fit them.
    """
    output = _points(said, outputs)
    form = said.form or _form(output)
    points = _read(said, output, form)
    try:
        count = points.count_classes({"output": output.shape})
    except SchemaError as error:
        raise UsageError(f"The keypoints {output}: {error.path} {error.problem}.") from error
    if labels is not None and len(labels) != count:
        raise UsageError(
            f"There are {len(labels)} labels, and {output} holds {count} points. "
            "Give one per point, one per line."
        )
    task = Task("keypoints", labels=tuple(labels) if labels else None, keypoints=points)
    return task, _told(said, output, points)


def _points(said: Figure, outputs: Sequence[Output]) -> Output:
    if said.output is not None:
        return named(outputs, said.output, "the keypoints")
    found = only(outputs, _POINTS)
    if found is None:
        raise UsageError(
            f"Which output holds the keypoints? The model has {listed(outputs)}. "
            "Name it with --points."
        )
    return found


def _form(output: Output) -> str:
    """Return "heatmaps" for maps of some size; what is in a row of numbers nobody can tell."""
    if len(output.shape) == 3 and min(output.shape[:2]) > 4:
        return "heatmaps"
    raise UsageError(
        f"What is a point in {output}? Say --point-format heatmaps, or the order of its numbers: "
        "xy, yx, xys or yxs, where s is a score."
    )


def _read(said: Figure, output: Output, form: str) -> Points:
    is_heatmap = form == "heatmaps"
    if said.units is None and not is_heatmap:
        raise UsageError(
            f"Are the points of {output} shares of the input's width and height, or its pixels? "
            "Say --point-units normalised or pixels."
        )
    pairs = tuple(number for pair in said.skeleton or () for number in pair)
    try:
        return Points(
            output.name,
            cast("PointForm", form),
            cast("PointUnits", "cells" if is_heatmap else said.units),
            cast("PointActivation", said.activation or "none"),
            cast("Refinement", said.refine or ("quarter" if is_heatmap else "none")),
            DEFAULT_SCORE if said.score is None else said.score,
            pairs or None,
        )
    except SchemaError as error:
        raise UsageError(f"The keypoints {output}: {error.path} {error.problem}.") from error


def _told(said: Figure, output: Output, points: Points) -> tuple[str, ...]:
    notes = []
    if said.output is None or said.form is None:
        notes.append(
            f"Keypoints: {output}, read as {points.form}. "
            "Say --points, --point-format to change it."
        )
    if points.refine == "quarter" and said.refine is None:
        notes.append(
            "A point is a quarter of a cell from the highest cell, towards the higher neighbour. "
            "Say --point-refine none for the cell's centre."
        )
    if points.has_scores and said.score is None:
        notes.append(f"Points are drawn above {points.score}. Say --score to change that.")
    return tuple(notes)
