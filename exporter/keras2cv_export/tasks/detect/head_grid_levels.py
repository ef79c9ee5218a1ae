"""The grids of a head, and how many boxes each of their cells has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from keras2cv.errors import UsageError
from keras2cv.tasks.detect.head import Part
from keras2cv_export.tasks.labels import read_labels
from keras2cv_export.tasks.outputs import Output, listed

from .head_anchors import Sizes, share_out
from .head_description import HeadDescription
from .head_grids import Grid, Pair, grids_of_strides, spatial_grid
from .head_options import TURNED
from .head_roles import Source


@dataclass(frozen=True)
class GridLevel:
    """One grid, and the boxes that each cell has."""

    grid: Grid
    boxes: int


def spatial_levels(description: HeadDescription, source: Source) -> list[GridLevel]:
    """Return the grids of outputs with rows and columns.

    Raises:
        UsageError: There is another number of strides, or a cell's boxes cannot be counted.
    """
    grids = [
        spatial_grid(output, description.head.axes, description.size_wh, description.strides)[0]
        for output in source.outputs
    ]
    if description.strides is not None and len(description.strides) != len(grids):
        raise UsageError(
            f"There are {len(description.strides)} strides, and {len(grids)} grids: "
            f"{listed(source.outputs)}. Give a stride for each grid."
        )
    boxes = _boxes_per_cell(description, source, grids)
    return [GridLevel(grid, count) for grid, count in zip(grids, boxes, strict=True)]


def _boxes_per_cell(
    description: HeadDescription, source: Source, grids: Sequence[Grid]
) -> list[int]:
    if description.sizes:
        shared = shared_sizes(description, grids)
        return [len(each) for each in shared]
    if description.form in ("points", "peaks"):
        return [1] * len(grids)
    found = []
    for output, grid in zip(source.outputs, grids, strict=True):
        channels = output.size // grid.cells
        if source.parts == ("box",):
            width = 4
        elif len(output.shape) == 4:
            width = output.shape[-1] if description.head.axes is None else 0
        elif description.head.classes is not None:
            beside = belonging_numbers(description, source.parts)
            width = (
                description.head.classes
                + sum(beside.values())
                + sum(
                    {"box": 4, "objectness": 1, "anchors": 4, "variances": 4}.get(part, 0)
                    for part in source.parts
                )
            )
        else:
            width = 0
        if not width or channels % width:
            wanted = f", and {channels} channels are no multiple of {width}" if width else ""
            raise UsageError(
                f"The output {output} does not show how many boxes a cell has{wanted}. "
                'Give the number of "classes" in the head\'s FILE.json.'
            )
        found.append(channels // width)
    return found


def shared_sizes(description: HeadDescription, grids: Sequence[Grid]) -> list[Sizes]:
    """Return the widths and heights of the anchors of each grid."""
    strides = [max(grid.stride_wh or (1.0, 1.0)) for grid in grids]
    listed = [float(max(pair)) for pair in description.strides or ()]
    if {"raw", "boxes"} & description.stated.keys():
        listed = list(strides)
    known = listed if sorted(listed) == sorted(strides) else None
    return share_out(description.sizes, description.order, strides, known)


def flat_levels(description: HeadDescription, source: Source) -> list[GridLevel]:
    """Return the grids of outputs without rows and columns, (M, K) or (K, M).

    Raises:
        UsageError: The grids are not those of the strides.
    """
    outputs = source.outputs
    if description.form in ("offsets", "boxes") and not description.in_cells:
        axes = (-1 if _is_turned(description, output) else 0 for output in outputs)
        rows = [output.shape[axis] for output, axis in zip(outputs, axes, strict=True)]
        return [GridLevel(Grid(count, 1, None), 1) for count in rows]
    if description.size_wh is None:
        raise UsageError(
            f"The outputs {listed(outputs)} have no rows and columns, and the model's input is no "
            "image. Give --preprocess."
        )
    stated = description.strides or tuple((s, s) for s in description.family.strides)
    grids = grids_of_strides(stated, description.size_wh)
    if description.form == "anchors":
        boxes = [len(each) for each in shared_sizes(description, grids)]
    elif description.in_cells:
        boxes = _ready_boxes(description, outputs, grids, stated)
    else:
        boxes = [1] * len(grids)
    levels = [GridLevel(grid, count) for grid, count in zip(grids, boxes, strict=True)]
    if len(outputs) == 1:
        _check_count(outputs[0], levels, stated)
        return levels
    return [_level_of(output, levels) for output in outputs]


def _ready_boxes(
    description: HeadDescription, outputs: Sequence[Output], grids: Sequence[Grid],
    strides: Sequence[Pair],
) -> list[int]:  # fmt: skip
    """Return how many boxes a cell has in tables of boxes, the same for all cells."""
    axes = (-1 if _is_turned(description, output) else 0 for output in outputs)
    rows = sum(output.shape[axis] for output, axis in zip(outputs, axes, strict=True))
    each, rest = divmod(rows, sum(grid.cells for grid in grids))
    if rest or not each:
        shown = " + ".join(map(str, grids))
        words = ", ".join(f"{w}" if w == h else f"{w}x{h}" for w, h in strides)
        raise UsageError(
            f"The strides {words} make grids of {shown} cells, and the outputs have {rows} boxes, "
            "which is no multiple. Give the strides of the grids."
        )
    return [each] * len(grids)


def _is_turned(description: HeadDescription, output: Output) -> bool:
    """Whether a table is (K, M): stated, or since a head has more boxes than numbers of each."""
    if description.head.axes is not None:
        return description.head.axes in TURNED
    several = 4 * output.shape[0] < output.shape[-1]
    return description.form == "boxes" and len(output.shape) == 2 and several


def _check_count(output: Output, levels: Sequence[GridLevel], strides: Sequence[Pair]) -> None:
    count = sum(level.grid.cells * level.boxes for level in levels)
    cells = sum(level.grid.cells for level in levels)
    if not {count, cells} & set(output.shape):
        shown = " + ".join(f"{level.grid} x {level.boxes}" for level in levels)
        words = ", ".join(f"{w}" if w == h else f"{w}x{h}" for w, h in strides)
        raise UsageError(
            f"The strides {words} make {count} boxes ({shown}: rows x columns x anchors), and the "
            f"output {output} has {output.shape[0]}. Give the strides of its grids."
        )


def _level_of(output: Output, levels: Sequence[GridLevel]) -> GridLevel:
    """Return the level of an output that has lost its grid."""
    for level in levels:
        if {level.grid.cells, level.grid.cells * level.boxes} & set(output.shape):
            return level
    shown = ", ".join(f"{level.grid} x {level.boxes}" for level in levels)
    raise UsageError(
        f"The output {output} has {output.shape[0]} rows, and the grids are {shown} (rows x "
        "columns x anchors). Give the strides of its grids."
    )


def belonging_numbers(
    description: HeadDescription, parts: Sequence[Part], width: int | None = None
) -> dict[Part, int]:
    """Return how many of a box's `width` numbers are points and coefficients, among its columns.

    Raises:
        UsageError: Nothing shows how many.
    """
    found: dict[Part, int] = {}
    if "coefficients" in parts:
        if (prototypes := description.belongings.prototypes) is None:
            raise UsageError(
                "The columns of the head have coefficients of masks, and no output is named that "
                "has their prototypes. Name it with --prototypes."
            )
        found["coefficients"] = prototypes
    if "points" in parts:
        said, classes = description.said, description.head.classes
        size = len(str(said.get("point_format") or "xys"))
        names = read_labels(description.options.point_labels)
        count = description.options.point_count or (None if names is None else len(names))
        if count is None and width is not None and (classes is not None or "scores" not in parts):
            fixed = {"box": description.box_width, "objectness": 1, "scores": classes or 0,
                     "offset": 2, "anchors": 4, "variances": 4, **found}  # fmt: skip
            count = (width - sum(fixed.get(part, 0) for part in parts)) // size
        if count is None:
            raise UsageError(
                "The columns of the head have scores and points, and nothing shows where one ends. "
                "Give --point-count, or the number of classes in the head's FILE.json."
            )
        found["points"] = count * size
    return found
