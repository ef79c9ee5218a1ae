"""A head: a detector's undecoded outputs, and the way from them to boxes: `task.detect.head`.

    anchors   YOLO v2 to v7: a cell of a grid and an anchor's width and height
    points    YOLOv8, FCOS: distances from a cell's point to the four edges
    offsets   SSD, RetinaNet: offsets from prior boxes
    peaks     CenterNet: the peaks of a heatmap, with a size and an offset for each cell
    boxes     boxes already, but of several grids, or beside each other in another order; in cells
              where the levels have strides, else in the record's units

Formulas: `head_boxes.py`. Numbers of outputs: `head_tables.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Final, Literal

from keras2cv.schema.checks import check_range
from keras2cv.schema.fields import SchemaError

MAX_BOXES: Final = 1_000_000
MAX_LEVELS: Final = 64
MAX_BINS: Final = 1024
MAX_WINDOW: Final = 101
MAX_NUMBERS: Final = 30_000  # of what belongs to a box

HeadForm = Literal["anchors", "points", "offsets", "peaks", "boxes"]
Part = Literal[
    "box", "objectness", "scores", "offset", "anchors", "variances", "points", "coefficients"
]
Axes = Literal[
    "cells,anchors,values", "cells,values,anchors", "anchors,cells,values", "anchors,values,cells",
    "values,anchors,cells", "values,cells,anchors",
]  # fmt: skip
PairOrder = Literal["x first", "y first"]
XyActivation = Literal["none", "sigmoid"]
SizeForm = Literal["exp", "square", "linear"]
DistanceActivation = Literal["none", "exp", "relu"]
OffsetForm = Literal["centres", "corners"]
SizeUnits = Literal["cells", "pixels", "normalised"]
AnchorFormat = Literal["cxcywh", "xyxy"]

# The fields that a form has, besides those of every head.
_FIELDS: Final[Mapping[HeadForm, frozenset[str]]] = {
    "anchors": frozenset(("xy_activation", "size_activation", "size_form")),
    "points": frozenset(("bins", "distance_activation")),
    "offsets": frozenset(("offset_form",)),
    "peaks": frozenset(("window", "size_units")),
    "boxes": frozenset(),
}
_OPTIONAL: Final = frozenset(("anchor_format",))
# Parts that any head may have: what belongs to its boxes -> the field with their numbers.
BELONGING: Final[Mapping[Part, str]] = {
    "points": "point_numbers",
    "coefficients": "mask_numbers",
}
_OF_LEVELS: Final[Mapping[HeadForm, frozenset[str]]] = {
    "anchors": frozenset(("stride_wh", "xy_scale", "xy_offset", "anchors")),
    "points": frozenset(("stride_wh", "xy_offset")),
    "offsets": frozenset(),
    "peaks": frozenset(("stride_wh", "xy_offset")),
    "boxes": frozenset(),
}
_NEEDED: Final = frozenset(("box", "scores"))
_ALLOWED: Final[Mapping[HeadForm, frozenset[str]]] = {
    "anchors": frozenset(("objectness",)),
    "points": frozenset(("objectness",)),
    "offsets": frozenset(("objectness", "anchors", "variances")),
    "peaks": frozenset(("offset",)),
    "boxes": frozenset(("objectness",)),
}


@dataclass(frozen=True, slots=True)
class HeadOutput:
    """One output of a head: `parts` are what a box has in it, one after the other.

    `axes`: the order of its numbers, any two neighbours of which may be one axis: a cell of the
    grid (row by row), an anchor of the cell, a number of the anchor. `level`: the grid that it is
    of; without one it holds all of them, one after the other.
    """

    output: str
    parts: tuple[Part, ...]
    axes: Axes
    level: int | None = None

    def __post_init__(self) -> None:
        if not self.parts or len(set(self.parts)) != len(self.parts):
            raise SchemaError("parts", f"must be there, each once, got {list(self.parts)}")


@dataclass(frozen=True, slots=True)
class HeadLevel:
    """A grid of `rows` x `columns` cells with `boxes` each.

    `stride_wh`: a cell's width and height in pixels of the input. `xy_offset`: the place of a
    cell's point within it, in cells; `xy_scale`: the factor of what the model adds. `anchors`: w, h
    of each of a cell's boxes in pixels of the input, one after the other.
    """

    rows: int
    columns: int
    boxes: int
    stride_wh: tuple[float, ...] | None = None
    xy_scale: float | None = None
    xy_offset: float | None = None
    anchors: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        for key in ("rows", "columns", "boxes"):
            check_range(key, getattr(self, key), 1, MAX_BOXES)
        if self.count > MAX_BOXES:
            raise SchemaError("rows", f"must make at most {MAX_BOXES} boxes, got {self.count}")
        if self.stride_wh is not None and (len(self.stride_wh) != 2 or min(self.stride_wh) <= 0):
            raise SchemaError("stride_wh", f"must be 2 above 0, got {list(self.stride_wh)}")
        if self.anchors is None:
            return
        if len(self.anchors) != 2 * self.boxes:
            got = f"{len(self.anchors)} numbers"
            raise SchemaError("anchors", f"must be {self.boxes} x 2 numbers, got {got}")
        if min(self.anchors) <= 0:
            raise SchemaError("anchors", "every width and height must be above 0")

    @property
    def count(self) -> int:
        """How many boxes it has."""
        return self.rows * self.columns * self.boxes


@dataclass(frozen=True, slots=True)
class Head:
    """How boxes are made of a detector's outputs.

    `pair_order`: whether the horizontal number of every pair of a box comes first, as in x, y, w, h
    and left, top, right, bottom, or the vertical one. The other fields belong to a form each:

    anchors: `xy_activation`, `size_activation`, `size_form`
    points: `bins` (of distribution focal loss; 1: the distance itself), `distance_activation`
    offsets: `offset_form`; `anchor_format` of anchors that are a part of an output
    peaks: `window` of cells in which a peak is the highest, `size_units`

    Any may have outputs with `point_numbers` of keypoints, or `mask_numbers` coefficients of
    prototypes, for each box.
    """

    form: HeadForm
    outputs: tuple[HeadOutput, ...]
    levels: tuple[HeadLevel, ...]
    pair_order: PairOrder
    xy_activation: XyActivation | None = None
    size_activation: XyActivation | None = None
    size_form: SizeForm | None = None
    bins: int | None = None
    distance_activation: DistanceActivation | None = None
    offset_form: OffsetForm | None = None
    anchor_format: AnchorFormat | None = None
    window: int | None = None
    size_units: SizeUnits | None = None
    point_numbers: int | None = None
    mask_numbers: int | None = None

    def __post_init__(self) -> None:
        check_range("levels", len(self.levels), 1, MAX_LEVELS)
        check_range("outputs", len(self.outputs), 1, 6 * MAX_LEVELS)
        if self.count > MAX_BOXES:
            raise SchemaError("levels", f"must have at most {MAX_BOXES} boxes, got {self.count}")
        if self.form == "boxes" and len({v.stride_wh is None for v in self.levels}) > 1:
            raise SchemaError("levels", "of boxes must all have a stride_wh, or none of them")
        self._check_fields()
        self._check_parts()
        for index, level in enumerate(self.levels):
            self._check_level(f"levels[{index}]", level)
        if self.bins is not None:
            check_range("bins", self.bins, 1, MAX_BINS)
        for part, key in BELONGING.items():
            number = getattr(self, key)
            if (number is None) == (part in self.parts):
                raise SchemaError(key, f"belongs to an output with {part}, and to no other")
            if number is not None:
                check_range(key, number, 1, MAX_NUMBERS)
        if self.window is not None and (not 1 <= self.window <= MAX_WINDOW or self.window % 2 == 0):
            raise SchemaError("window", f"must be odd, 1 to {MAX_WINDOW}, got {self.window}")

    def _check_fields(self) -> None:
        every = frozenset().union(*_FIELDS.values()) | _OPTIONAL
        wanted = _FIELDS[self.form]
        for key in sorted(every):
            is_there = getattr(self, key) is not None
            if key in wanted and not is_there:
                raise SchemaError(key, f"belongs to the form {self.form}, and is missing")
            if is_there and key not in wanted | _OPTIONAL:
                raise SchemaError(key, f"does not belong to the form {self.form}")
        if (self.anchor_format is not None) != ("anchors" in self.parts):
            raise SchemaError("anchor_format", "belongs to anchors in an output, and to no other")

    def _check_parts(self) -> None:
        legal = _NEEDED | _ALLOWED[self.form] | BELONGING.keys()
        for index, output in enumerate(self.outputs):
            for part in output.parts:
                if part not in legal:
                    path = f"outputs[{index}].parts"
                    raise SchemaError(path, f"the form {self.form} has no {part}")
            if output.level is not None and not 0 <= output.level < len(self.levels):
                path = f"outputs[{index}].level"
                problem = f"must be below the {len(self.levels)} levels, got {output.level}"
                raise SchemaError(path, problem)
        for name in sorted(legal):
            self._check_part(name)
        if ("variances" in self.parts) > ("anchors" in self.parts):
            raise SchemaError("outputs", "variances need anchors beside them")

    def _check_part(self, part: str) -> None:
        """Raise unless every level has the part once, or none has it and may lack it."""
        whole = sum(o.level is None for o in self.outputs if part in o.parts)
        of_levels = [o.level for o in self.outputs if part in o.parts and o.level is not None]
        if not whole and not of_levels and part not in _NEEDED:
            return
        times = [whole + of_levels.count(index) for index in range(len(self.levels))]
        if set(times) != {1}:
            problem = f"each of the {len(times)} levels needs {part} once, got {times}"
            raise SchemaError("outputs", problem)

    def _check_level(self, path: str, level: HeadLevel) -> None:
        for key in ("stride_wh", "xy_scale", "xy_offset", "anchors"):
            if key == "stride_wh" and self.form == "boxes":  # of boxes in cells
                continue
            if (getattr(level, key) is None) == (key in _OF_LEVELS[self.form]):
                forms = ", ".join(form for form, keys in _OF_LEVELS.items() if key in keys)
                raise SchemaError(f"{path}.{key}", f"belongs to {forms}, and to no other form")

    @property
    def in_cells(self) -> bool:
        """Whether boxes that are ready are in cells of their grids."""
        return self.form == "boxes" and self.levels[0].stride_wh is not None

    @property
    def count(self) -> int:
        """How many boxes all levels have."""
        return sum(level.count for level in self.levels)

    @property
    def parts(self) -> frozenset[str]:
        """The parts that the outputs have."""
        return frozenset(part for output in self.outputs for part in output.parts)

    def width_of(self, part: Part) -> int | None:
        """Return how many numbers a box has in a part; None for scores, as many as classes."""
        if part == "box":
            return 4 * (self.bins or 1) if self.form != "peaks" else 2
        if part in BELONGING:
            return int(getattr(self, BELONGING[part]))
        return {"objectness": 1, "offset": 2, "anchors": 4, "variances": 4}.get(part)

    def levels_of(self, output: HeadOutput) -> tuple[HeadLevel, ...]:
        """Return the levels that an output holds."""
        return self.levels if output.level is None else (self.levels[output.level],)

    def count_classes(self, shapes: Mapping[str, tuple[int, ...]]) -> int:
        """Return C from the outputs' shapes ("head.outputs[0]" -> shape of a sample).

        Raises:
            SchemaError: the outputs do not hold the levels and parts.
        """
        found: dict[int, str] = {}
        for index, output in enumerate(self.outputs):
            path = f"head.outputs[{index}]"
            classes = self._classes_of(path, output, shapes[path])
            if classes is not None:
                found.setdefault(classes, output.output)
        if len(found) != 1:
            counts = " and ".join(f"{count} in {name}" for count, name in found.items())
            raise SchemaError("head.outputs", f"must have the same classes, got {counts}")
        return next(iter(found))

    def _classes_of(self, path: str, output: HeadOutput, shape: tuple[int, ...]) -> int | None:
        levels = self.levels_of(output)
        count = sum(level.count for level in levels)
        width, rest = divmod(prod(shape), count)
        shown = f"{list(shape)}, {prod(shape)} numbers"
        if rest:
            grids = " + ".join(f"{v.rows} x {v.columns} x {v.boxes}" for v in levels)
            raise SchemaError(path, f"must hold {grids} = {count} boxes, got {shown}")
        boxes = {level.boxes for level in levels}
        is_split = ",values," in output.axes
        if len(levels) > 1 and is_split and boxes != {1}:
            raise SchemaError(
                path, f"of several levels must have the axes values,... or ...,values: {shown}"
            )
        widths = [self.width_of(part) for part in output.parts]
        fixed = sum(known for known in widths if known is not None)
        if None in widths and width > fixed:
            return width - fixed
        if width != fixed or None in widths:
            wanted = f"{fixed} numbers per box ({'+'.join(output.parts)})"
            wanted = f"more than {wanted}" if None in widths else wanted
            raise SchemaError(path, f"must hold {wanted} for {count} boxes, got {width}: {shown}")
        return None


def role_of(index: int) -> str:
    """Return the role of a head's output, the end of its JSON path."""
    return f"head.outputs[{index}]"
