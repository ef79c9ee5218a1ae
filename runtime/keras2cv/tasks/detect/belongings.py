"""What a detector may give for each of its boxes: a mask, keypoints, an angle.

The shapes are those of a sample. M is the number of boxes, C that of classes, P that of prototypes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Final, Literal

from keras2cv.schema.checks import check_share
from keras2cv.schema.fields import SchemaError

MaskActivation = Literal["none", "sigmoid"]
MaskEdges = Literal["exact", "round", "floor", "ceil"]
MaskCut = Literal["image", "prototypes"]
BoxPointForm = Literal["xy", "yx", "xys", "yxs"]
BoxPointUnits = Literal["normalised", "pixels", "cells", "anchors"]
AngleUnits = Literal["degrees", "radians"]
AngleDirection = Literal["clockwise", "counterclockwise"]

MAX_BOX_POINTS: Final = 10_000
MAX_REACH: Final = 100.0

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class MaskRecord:
    """How the mask of each box is read.

    Either `prototypes` (h, w, P) over the whole input and M x P `coefficients`: the mask of a box
    is their weighted sum, cut at the box. Without an output for them, the coefficients are a part
    of the columns. Or `per_box` (M, h, w) or (M, h, w, C): each mask covers its box.

    `activation` is applied to a mask before it is enlarged; pixels above `threshold` belong to the
    object. `edges`: "exact" cuts between the pixels whose centres are inside and outside; else the
    edges of a box in the image become whole numbers first. `cut`: "prototypes" cuts a weighted sum
    at its box before it is enlarged, in cells of the prototypes; else in pixels of the image.
    """

    activation: MaskActivation
    threshold: float
    edges: MaskEdges
    coefficients: str | None = None
    prototypes: str | None = None
    per_box: str | None = None
    cut: MaskCut | None = None

    def __post_init__(self) -> None:
        if self.cut == "prototypes" and self.prototypes is None:
            raise SchemaError("cut", "prototypes are cut where there are some, and there are none")
        if (self.prototypes is None) == (self.per_box is None):
            raise SchemaError("prototypes", "either prototypes or per_box must be there, not both")
        if self.per_box is not None and self.coefficients is not None:
            raise SchemaError("coefficients", "belong to prototypes, and to no other")
        if not math.isfinite(self.threshold):
            raise SchemaError("threshold", f"must be a number, got {self.threshold}")

    @property
    def column(self) -> str | None:
        """The part of the columns that it reads, if it does."""
        return "coefficients" if self.prototypes and self.coefficients is None else None

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs that are read: role -> Keras name."""
        roles = ("coefficients", "prototypes", "per_box")
        return {role: name for role in roles if (name := getattr(self, role)) is not None}

    def check(self, shapes: Shapes, count: int, classes: int | None) -> None:
        """Raise if the outputs' shapes (by role) do not fit so many boxes and classes.

        Raises:
            SchemaError: They do not.
        """
        if self.prototypes is not None:
            self._check_prototypes(shapes, count)
            return
        shape = shapes["per_box"]
        if len(shape) not in (3, 4) or shape[0] != count:
            raise SchemaError(
                "per_box", f"must be ({count}, h, w) or ({count}, h, w, classes) for {count} boxes,"
                f" got {list(shape)}"
            )  # fmt: skip
        if len(shape) == 4 and classes is not None and shape[3] not in (1, classes):
            raise SchemaError("per_box", f"must have 1 or {classes} classes, got {shape[3]}")

    def _check_prototypes(self, shapes: Shapes, count: int) -> None:
        shape = shapes["prototypes"]
        if len(shape) != 3:
            raise SchemaError("prototypes", f"must be (h, w, prototypes), got {list(shape)}")
        if "coefficients" not in shapes:
            return
        if prod(shapes["coefficients"]) != count * shape[2]:
            raise SchemaError(
                "coefficients", f"must hold {count} x {shape[2]} values, one for each of {count} "
                f"boxes and {shape[2]} prototypes, got {list(shapes['coefficients'])}"
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class JointRecord:
    """Heatmaps of the joints of several people, as CenterNet's pose nets have them.

    A point is moved to the nearest peak of its joint's map that scores above `score`, if that lies
    in the box and is no farther than `reach` of the box's longer side; else it stays. `heat`:
    (h, w, K), of the head's grid; `shift`: (h, w, 2), a peak's place within its cell, x first, 0.5
    without it. A peak is the highest of 3 x 3 cells, and the 100 best of a map are looked at.
    """

    heat: str
    activation: MaskActivation
    score: float
    reach: float
    shift: str | None = None

    def __post_init__(self) -> None:
        check_share("score", self.score)
        if not 0 < self.reach <= MAX_REACH:
            raise SchemaError("reach", f"must be above 0 and at most {MAX_REACH}, got {self.reach}")

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs that are read: role -> Keras name."""
        shift = {} if self.shift is None else {"joints.shift": self.shift}
        return {"joints.heat": self.heat, **shift}

    def check(self, shapes: Shapes, count: int, points: int) -> None:
        """Raise if the outputs' shapes (by role) do not fit `count` cells and the points.

        Raises:
            SchemaError: With both numbers.
        """
        for role, width in (("joints.heat", points), ("joints.shift", 2)):
            shape = shapes.get(role)
            if shape is not None and (len(shape) != 3 or prod(shape) != count * width):
                problem = f"must be (h, w, {width}) of {count} cells, got {list(shape)}"
                raise SchemaError(role, problem)


@dataclass(frozen=True, slots=True)
class BoxPointsRecord:
    """How the `count` keypoints of each box are read.

    `output` holds M x count x 2 numbers ("xy", "yx") or x 3 ("xys", "yxs": s is a score) in any
    arrangement; without it they are a part of the columns. `units`, `activation`, `score` and
    `skeleton` are as of the task `keypoints`. `labels`: one per point.

    Of a head, `units` may also be "cells", from the box's cell on in its stride, or "anchors", from
    its cell or prior box on in the size of its anchor. `scale` multiplies these numbers (1 without
    it), and `offset` is added to the cell (0). `joints`: heatmaps at whose peaks points are.
    """

    form: BoxPointForm
    units: BoxPointUnits
    activation: MaskActivation
    score: float
    count: int
    output: str | None = None
    labels: tuple[str, ...] | None = None
    skeleton: tuple[int, ...] | None = None
    scale: float | None = None
    offset: float | None = None
    joints: JointRecord | None = None

    def __post_init__(self) -> None:
        check_share("score", self.score)
        if not self.in_head:
            for key in ("scale", "offset", "joints"):
                if getattr(self, key) is not None:
                    problem = f"belongs to points in cells or of anchors, and not {self.units}"
                    raise SchemaError(key, problem)
        if self.joints is not None and (self.units != "cells" or self.has_scores):
            raise SchemaError("joints", "belong to points in cells without scores")
        if self.scale is not None and self.scale <= 0:
            raise SchemaError("scale", f"must be above 0, got {self.scale}")
        if not 1 <= self.count <= MAX_BOX_POINTS:
            raise SchemaError("count", f"must be 1 to {MAX_BOX_POINTS}, got {self.count}")
        if self.activation != "none" and not self.has_scores:
            raise SchemaError("activation", f"the form {self.form} has no scores")
        if self.labels is not None and len(self.labels) != self.count:
            raise SchemaError("labels", f"must be {self.count}, got {len(self.labels)}")
        if self.skeleton is not None and (len(self.skeleton) % 2 or not self.skeleton):
            raise SchemaError("skeleton", f"must be pairs, got {len(self.skeleton)} numbers")
        for number in self.skeleton or ():
            if not 0 <= number < self.count:
                raise SchemaError("skeleton", f"must be below {self.count}, got {number}")

    @property
    def column(self) -> str | None:
        """The part of the columns that it reads, if it does."""
        return "points" if self.output is None else None

    @property
    def in_head(self) -> bool:
        """Whether the points are counted from the cell or the anchor of a head's box."""
        return self.units in ("cells", "anchors")

    @property
    def has_scores(self) -> bool:
        """Whether the model gives a score for each point."""
        return len(self.form) == 3

    @property
    def size(self) -> int:
        """How many numbers a box has."""
        return self.count * len(self.form)

    @property
    def outputs(self) -> dict[str, str]:
        """The output that is read: role -> Keras name."""
        own = {} if self.output is None else {"output": self.output}
        return own if self.joints is None else {**own, **self.joints.outputs}

    def check(self, shapes: Shapes, count: int, _: int | None) -> None:
        """Raise if the output's shape (by role) does not fit `count` boxes.

        Raises:
            SchemaError: It does not.
        """
        if self.joints is not None:
            self.joints.check(shapes, count, self.count)
        if "output" in shapes and prod(shapes["output"]) != count * self.size:
            raise SchemaError(
                "output", f"must hold {count} x {self.size} values, {self.count} points {self.form}"
                f" for each of {count} boxes, got {list(shapes['output'])}"
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class AngleRecord:
    """How the angle of each box is read: that of its width's side from the x axis.

    `output` holds M values. Without it the angle is a part of the columns, or the fifth number of
    `boxes` (..., 5). "clockwise" is as one sees it in the picture, and as OpenCV has it.
    """

    units: AngleUnits
    direction: AngleDirection
    output: str | None = None

    @property
    def column(self) -> str | None:
        """The part of the columns that it reads, unless it is a number of the boxes."""
        return "angle" if self.output is None else None

    @property
    def outputs(self) -> dict[str, str]:
        """The output that is read: role -> Keras name."""
        return {} if self.output is None else {"output": self.output}

    def check(self, shapes: Shapes, count: int, _: int | None) -> None:
        """Raise if the output's shape (by role) does not fit `count` boxes.

        Raises:
            SchemaError: It does not.
        """
        if "output" in shapes and prod(shapes["output"]) != count:
            raise SchemaError(
                "output", f"must hold {count} values for {count} boxes, got "
                f"{list(shapes['output'])}"
            )  # fmt: skip


Belonging = MaskRecord | BoxPointsRecord | AngleRecord
