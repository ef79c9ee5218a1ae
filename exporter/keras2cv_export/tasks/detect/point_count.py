"""How many keypoints each box has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from keras2cv.errors import UsageError
from keras2cv.tasks.detect.columns import PARTS, parts_of, with_rows_last
from keras2cv_export.tasks.outputs import Output

from .options import DetectOptions


def count_points(
    options: DetectOptions,
    roles: Mapping[str, Any],
    count: int,
    point_labels: Sequence[str] | None,
    labels: Sequence[str] | None,
) -> int:
    """Return K: stated, or what is left for points in an output or in the columns.

    Args:
        options: The user's description.
        roles: Role -> output.
        count: How many boxes there are.
        point_labels: The names of the points, if the user gave them.
        labels: The names of the classes, if the user gave them.

    Raises:
        UsageError: The numbers are no whole points, or nothing shows how many there are.
    """
    width = len(str(options.point_format))
    stated = options.point_count or (None if point_labels is None else len(point_labels))
    if roles.get("points.numbers"):
        numbers, where = int(roles["points.numbers"]), "the outputs of the head"
    elif "points.output" in roles:
        output: Output = roles["points.output"]
        numbers, rest = divmod(output.size, count)
        where = f"{output}, for {count} boxes"
        if rest:
            raise UsageError(
                f"{output} holds {output.size} numbers, which is not the same for each of {count} "
                "boxes. Name the output with the points by --points."
            )
    else:
        row = with_rows_last(roles["raw"].shape, options.columns_axis)
        found = _left_in_columns(roles, row[-1], stated, width, labels)
        if found is None:
            raise UsageError(
                f"The columns {roles['columns']} do not say how many points a box has. Say it with "
                "--point-count, or give the --labels of the classes."
            )
        numbers, where = found, f"the columns {roles['columns']} of {roles['raw']}"
    points: int = numbers // width
    if numbers % width or points < 1:
        raise UsageError(
            f"A point {options.point_format} has {width} numbers, and a box has {numbers} in "
            f"{where}. Say another --point-format, or other columns."
        )
    if stated is not None and stated != points:
        raise UsageError(
            f"There are {stated} points by --point-count or --point-labels, and a box has {points} "
            f"in {where}. Correct one of them."
        )
    return points


def _left_in_columns(
    roles: Mapping[str, Any],
    columns: int,
    stated: int | None,
    width: int,
    labels: Sequence[str] | None,
) -> int | None:
    """Return how many columns there are for the points; None if that is not known."""
    parts = parts_of(str(roles["columns"]))
    prototypes = roles.get("masks.prototypes")
    sizes = {part: PARTS.get(part) or 0 for part in parts}
    if "coefficients" in sizes and prototypes is not None:
        sizes["coefficients"] = prototypes.shape[-1]
    if "scores" in sizes and labels is not None:
        sizes["scores"] = len(labels)
    elif "scores" in sizes:
        return None if stated is None else stated * width
    return columns - sum(sizes.values())
