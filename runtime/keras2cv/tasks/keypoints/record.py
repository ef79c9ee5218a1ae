"""The output that holds the keypoints, and the form of its numbers: `task.keypoints`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Final, Literal

from keras2cv.schema.fields import SchemaError

PointForm = Literal["heatmaps", "xy", "yx", "xys", "yxs"]
PointUnits = Literal["normalised", "pixels", "cells"]
PointActivation = Literal["none", "sigmoid"]
Refinement = Literal["none", "quarter"]

MAX_POINTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class KeypointsRecord:
    """How K keypoints are read from `output`, for one object per image.

    `form`: "heatmaps" (N, h, w, K): each point is where its map is highest, its score how high;
    else numbers, K x 2 ("xy", "yx") or K x 3 ("xys", "yxs": s is a score) in any arrangement.
    `units`: "cells" for heatmaps; else shares of the input's width and height, or its pixels.
    `activation`: makes probabilities of the scores; "none" if they are some, or missing.
    `refine`: "quarter" moves a heatmap's point a quarter of a cell towards its higher neighbour.
    `score`: points above it are drawn. `skeleton`: numbers of points joined by a line, in pairs.
    """

    output: str
    form: PointForm
    units: PointUnits
    activation: PointActivation
    refine: Refinement
    score: float
    skeleton: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.score <= 1:
            raise SchemaError("score", f"must be 0 to 1, got {self.score}")
        if (self.form == "heatmaps") != (self.units == "cells"):
            raise SchemaError("units", "cells belong to heatmaps, and to no other form")
        if self.refine != "none" and self.form != "heatmaps":
            raise SchemaError("refine", "belongs to heatmaps, and to no other form")
        if self.activation != "none" and not self.has_scores:
            raise SchemaError("activation", f"the form {self.form} has no scores")
        if self.skeleton is not None and (len(self.skeleton) % 2 or not self.skeleton):
            raise SchemaError("skeleton", f"must be pairs, got {len(self.skeleton)} numbers")

    @property
    def has_scores(self) -> bool:
        """Whether the model gives a score for each point."""
        return self.form not in ("xy", "yx")

    @property
    def outputs(self) -> dict[str, str]:
        """The output that is read: role -> Keras name."""
        return {"output": self.output}

    def count_classes(self, shapes: Mapping[str, tuple[int, ...]]) -> int:
        """Return the number of points, each of which may have a label.

        Raises:
            SchemaError: the output's shape (of a sample) does not hold points of this form.
        """
        shape = shapes["output"]
        if self.form == "heatmaps":
            if len(shape) != 3:
                raise SchemaError("output", f"heatmaps are (h, w, K), got {list(shape)}")
            count = shape[2]
        else:
            count, rest = divmod(prod(shape), len(self.form))
            if rest or not count:
                wanted = f"K x {len(self.form)} numbers"
                raise SchemaError("output", f"{self.form} needs {wanted}, got {list(shape)}")
        if count > MAX_POINTS:
            raise SchemaError("output", f"at most {MAX_POINTS} points are read, got {count}")
        for number in self.skeleton or ():
            if not 0 <= number < count:
                raise SchemaError("skeleton", f"must be below {count}, got {number}")
        return count
