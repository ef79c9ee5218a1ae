"""The outputs of a detector, their parts and their units: `task.detect`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Final, Literal

from keras2cv.schema.checks import check_share
from keras2cv.schema.fields import SchemaError
from keras2cv.tasks.detect.belonging_checks import check_shapes, check_sources
from keras2cv.tasks.detect.belongings import AngleRecord, Belonging, BoxPointsRecord, MaskRecord
from keras2cv.tasks.detect.columns import check_columns, parts_of, places_of, with_rows_last
from keras2cv.tasks.detect.head import MAX_BOXES, Head, role_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_CLASS: Final = 100_000

BoxFormat = Literal["yxyx", "xyxy", "xywh", "cxcywh"]
BoxUnits = Literal["normalised", "pixels"]
Activation = Literal["none", "sigmoid", "softmax"]
ObjectnessActivation = Literal["none", "sigmoid"]


@dataclass(frozen=True, slots=True)
class Nms:
    """Non-maximum suppression that the runtime does: boxes overlapping a better one are dropped.

    `iou`: the overlap above which they are; `across_classes`: also where the classes differ.
    """

    iou: float
    across_classes: bool

    def __post_init__(self) -> None:
        check_share("iou", self.iou)


@dataclass(frozen=True, slots=True)
class ChosenThresholds:
    """What the export's user chose, where the model's own library has other values.

    Nothing is computed with it: `check` compares the record with it, and with the library for the
    rest. `nms`: the overlap, and `across_classes` as in `Nms`.
    """

    score: float | None = None
    nms: float | None = None
    across_classes: bool | None = None
    max_detections: int | None = None

    def __post_init__(self) -> None:
        for name in ("score", "nms"):
            if getattr(self, name) is not None:
                check_share(name, getattr(self, name))


@dataclass(frozen=True)  # without slots: the table is kept once it is made
class Anchors:
    """Boxes that the model's numbers are offsets from, as in SSD and RetinaNet.

    centre = offset[0:2] * variances[0:2] * anchor_wh + anchor_centre
    size_wh = exp(offset[2:4] * variances[2:4]) * anchor_wh

    `boxes`: cx, cy, w, h of each anchor, one after the other, in the record's `box_units`.
    """

    boxes: tuple[float, ...]
    variances: tuple[float, ...]  # of cx, cy, w, h; ones where the model has none

    def __post_init__(self) -> None:
        if not self.boxes or len(self.boxes) % 4 or len(self.boxes) > 4 * MAX_BOXES:
            raise SchemaError("boxes", f"must be 4 numbers per anchor, got {len(self.boxes)}")
        if len(self.variances) != 4 or min(self.variances) <= 0:
            raise SchemaError("variances", f"must be 4 above 0, got {list(self.variances)}")
        if min(self.boxes[2::4] + self.boxes[3::4]) <= 0:
            raise SchemaError("boxes", "every width and height must be above 0")

    @cached_property
    def table(self) -> NDArray[np.float64]:
        """The boxes as (M, 4)."""
        import numpy as np

        return np.array(self.boxes, np.float64).reshape(-1, 4)


@dataclass(frozen=True, slots=True)
class DetectRecord:
    """How a detector's outputs are read. M is the number of boxes it gives, C that of classes.

    Outputs by Keras name, for a sample: `boxes` (..., 4), M boxes in any arrangement; `scores`,
    M values beside `classes` (M class numbers), else M x C, one per class; `objectness`, M values
    that multiply the scores. Or a single `raw` (..., K) whose `columns` are the parts of a row, as
    `detect.columns` has them: "box+objectness+scores": 5 + C, "box+scores", "box+score+class". Or
    the outputs of a `head`, which makes boxes, scores and objectness of undecoded numbers.

    `box_units`: shares of the input's width and height, or its pixels. With `anchors` the boxes
    are offsets cx, cy, w, h. `activation`: makes probabilities of the scores;
    "none" if they are some. `score`: boxes above it are kept. `background`: the class that is none.
    No `nms`: the model does its own. `chosen`: which of these the user chose against the library.
    `columns_axis`: "first" for a `raw` (K, ...). `masks`, `points` and `angles`: what else there is
    for each box.
    `multi_label`: a box is a candidate for every class that scores enough, not for its best alone.
    """

    box_format: BoxFormat
    box_units: BoxUnits
    activation: Activation
    score: float
    boxes: str | None = None
    scores: str | None = None
    classes: str | None = None
    objectness: str | None = None
    objectness_activation: ObjectnessActivation | None = None
    raw: str | None = None
    columns: str | None = None
    columns_axis: Literal["first"] | None = None
    anchors: Anchors | None = None
    background: int | None = None
    nms: Nms | None = None
    max_detections: int | None = None
    chosen: ChosenThresholds | None = None
    masks: MaskRecord | None = None
    points: BoxPointsRecord | None = None
    angles: AngleRecord | None = None
    head: Head | None = None
    multi_label: bool | None = None

    def __post_init__(self) -> None:
        check_share("score", self.score)
        self._check_roles()
        parts = parts_of(self.columns) if self.head is None else self.head.parts
        check_sources(parts, self.belongings, has_boxes=self.boxes is not None)
        if self.angles is not None and self.box_format != "cxcywh":
            raise SchemaError("box_format", f"rotated boxes are cxcywh, got {self.box_format}")
        if self.has_class_numbers and self.activation == "softmax":
            raise SchemaError("activation", "softmax needs a score per class")
        if self.has_objectness != (self.objectness_activation is not None):
            raise SchemaError("objectness_activation", "belongs to an objectness, and must be said")
        if self.multi_label and self.has_class_numbers:
            raise SchemaError("multi_label", "needs a score per class")
        if self.anchors is not None and self.box_format != "cxcywh":
            raise SchemaError("box_format", f"offsets are cxcywh, got {self.box_format}")
        if self.head is not None:
            self._check_head(self.head)
        if self.background is not None and not 0 <= self.background <= MAX_CLASS:
            raise SchemaError("background", f"must be 0 to {MAX_CLASS}, got {self.background}")
        if self.max_detections is not None and not 1 <= self.max_detections <= MAX_BOXES:
            raise SchemaError("max_detections", f"must be 1 to {MAX_BOXES}")

    def _check_head(self, head: Head) -> None:
        made = {"points": ("xyxy",), "boxes": ("yxyx", "xyxy", "xywh", "cxcywh")}
        if self.box_format not in (wanted := made.get(head.form, ("cxcywh",))):
            problem = f"the head's form {head.form} makes {wanted[0]}, got {self.box_format}"
            raise SchemaError("box_format", problem)
        makes_pixels = head.in_cells or head.form in ("anchors", "points", "peaks")
        if makes_pixels and self.box_units != "pixels":
            raise SchemaError("box_units", f"the head's form {head.form} makes pixels")
        needs_anchors = head.form == "offsets" and head.anchor_format is None
        if (self.anchors is not None) != needs_anchors:
            raise SchemaError("anchors", "belong to offsets whose outputs do not hold them")

        if self.points is not None:
            self._check_points(head, self.points)

    def _check_points(self, head: Head, points: BoxPointsRecord) -> None:
        """Raise unless the head has what the points are counted from, and as many numbers.

        Raises:
            SchemaError: It has not.
        """
        forms = {"cells": ("anchors", "points", "peaks"), "anchors": ("anchors", "offsets")}
        if head.form not in forms.get(points.units, (head.form,)):
            raise SchemaError("points.units", f"the head's form {head.form} has no {points.units}")
        if points.offset is not None and head.form == "offsets":
            raise SchemaError("points.offset", "belongs to cells, and not to prior boxes")
        if head.point_numbers not in (None, points.size):
            problem = f"must be {points.size // points.count} numbers for each of {points.count}"
            raise SchemaError("points.form", f"{problem} points, got {head.point_numbers}")
        if points.joints is not None and (head.form != "peaks" or len(head.levels) > 1):
            raise SchemaError("points.joints", "belong to the peaks of one heatmap")

    def _check_roles(self) -> None:
        if self.head is None and self.points is not None and self.points.in_head:
            raise SchemaError(
                "points.units", f"{self.points.units} are a head's, and there is none"
            )
        if self.head is not None:
            if (self.raw or self.boxes or self.scores or self.classes or self.objectness) or (
                self.columns
            ):
                raise SchemaError("head", "names its outputs itself; leave the others out")
            return
        if (self.raw is None) == (self.boxes is None):
            raise SchemaError("boxes", "either boxes or raw must be there, and not both")
        if (self.raw is None) != (self.columns is None):
            raise SchemaError("columns", "belong to raw, and to no other")
        if self.columns is not None:
            check_columns(self.columns)
        if self.columns is None and self.columns_axis is not None:
            raise SchemaError("columns_axis", "belongs to columns, and to nothing else")
        if (self.raw is None) != (self.scores is not None):
            raise SchemaError("scores", "belong to boxes, and to no other")
        if self.raw is not None and (self.classes or self.objectness) is not None:
            raise SchemaError("raw", "holds everything; leave classes and objectness out")

    @property
    def belongings(self) -> dict[str, Belonging]:
        """What else there is for each box: the key of its record -> the record."""
        pairs = (("masks", self.masks), ("points", self.points), ("angles", self.angles))
        return {key: record for key, record in pairs if record is not None}

    @property
    def box_width(self) -> int:
        """How many numbers a box of `boxes` has: 4, or 5 where its angle is the last one."""
        return 5 if self.boxes and self.angles is not None and not self.angles.outputs else 4

    @property
    def has_class_numbers(self) -> bool:
        """Whether the model names each box's class, rather than score every class."""
        return self.classes is not None or "class" in parts_of(self.columns)

    @property
    def has_objectness(self) -> bool:
        """Whether there is a value per box that multiplies its scores."""
        if self.head is not None:
            return "objectness" in self.head.parts
        return self.objectness is not None or "objectness" in parts_of(self.columns)

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs that are read: role -> Keras name."""
        if self.head is not None:
            own = {role_of(k): each.output for k, each in enumerate(self.head.outputs)}
        else:
            roles = ("boxes", "scores", "classes", "objectness", "raw")
            own = {role: name for role in roles if (name := getattr(self, role)) is not None}
        for key, record in self.belongings.items():
            own.update({f"{key}.{role}": name for role, name in record.outputs.items()})
        return own

    def count_classes(self, shapes: Mapping[str, tuple[int, ...]]) -> int | None:
        """Return C from the outputs' shapes (role -> shape of a sample); None if not known.

        Raises:
            SchemaError: the outputs do not go together.
        """
        if self.head is not None:
            self._check_anchors(self.head.count)
            classes = self._checked(self.head.count_classes(shapes))
            own = shapes.get("masks.prototypes", (self.head.mask_numbers,))[-1]
            if self.head.mask_numbers not in (None, own):
                problem = f"must have {self.head.mask_numbers} prototypes, one for each coefficient"
                raise SchemaError("masks.prototypes", f"{problem}, got {own}")
            check_shapes(self.belongings, shapes, self.head.count, classes)
            return classes
        if self.columns is not None:
            return self._classes_of_columns(self.columns, shapes)
        if shapes["boxes"][-1:] != (self.box_width,):
            wanted = f"(..., {self.box_width})"
            raise SchemaError("boxes", f"must be {wanted}, got {list(shapes['boxes'])}")
        counts = {role: prod(shape) for role, shape in shapes.items()}
        count = counts["boxes"] // self.box_width
        for role in ("classes", "objectness"):
            if counts.get(role, count) != count:
                raise SchemaError(role, f"must hold {count} values, got {counts[role]}")
        self._check_anchors(count)
        classes, rest = divmod(counts["scores"], count)
        if rest or not classes or (self.classes is not None and classes != 1):
            per_box = "" if self.classes is not None else " x classes"
            raise SchemaError(
                "scores", f"must hold {count}{per_box} values, got {counts['scores']}"
            )
        known = None if self.classes is not None else self._checked(classes)
        check_shapes(self.belongings, shapes, count, known)
        return known

    def _classes_of_columns(
        self, columns: str, shapes: Mapping[str, tuple[int, ...]]
    ) -> int | None:
        shape = with_rows_last(shapes["raw"], self.columns_axis)
        count = prod(shape) // max(shape[-1] if shape else 0, 1)
        self._check_anchors(count)
        places = places_of(columns, shape, self.column_sizes(shapes))
        classes = None
        if "scores" in places:
            classes = self._checked(places["scores"].stop - places["scores"].start)
        elif not self.has_class_numbers:
            classes = self._checked(1)
        check_shapes(self.belongings, shapes, count, classes)
        return classes

    def column_sizes(self, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
        """Return how many columns the coefficients and points have (role -> a sample's shape)."""
        prototypes = shapes.get("masks.prototypes", (0,))
        return {
            "coefficients": prototypes[-1] if prototypes else 0,
            "points": 0 if self.points is None else self.points.size,
        }

    def _checked(self, classes: int) -> int:
        if self.background is not None and self.background >= classes:
            raise SchemaError("background", f"must be below {classes}, got {self.background}")
        return classes

    def _check_anchors(self, count: int) -> None:
        if self.anchors is not None and len(self.anchors.boxes) != 4 * count:
            got = len(self.anchors.boxes) // 4
            raise SchemaError("anchors.boxes", f"must be {count} anchors, got {got}")
