"""What a user, or else the family, says of a detector's head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, cast

from keras2cv.errors import UsageError
from keras2cv_export.tasks.outputs import Output

from .head_anchors import Order, Sizes, read_sizes
from .head_belongings import HeadBelongings
from .head_families import FAMILIES, Family
from .head_grids import Grid, Pair, read_strides, spatial_grid
from .head_options import HeadOptions
from .head_prior_sizes import has_prior_sizes, prior_sizes
from .head_priors import is_sizes
from .options import DetectOptions


class HeadDescription:
    """What is said of a head, by the user or else by its family, beside the outputs."""

    def __init__(
        self,
        options: DetectOptions,
        outputs: Sequence[Output],
        size_wh: Pair | None,
        belongings: HeadBelongings,
    ) -> None:
        self.options, self.size_wh, self.belongings = options, size_wh, belongings
        head = cast("HeadOptions", options.head)
        self.head: HeadOptions = head
        self.family: Family = FAMILIES[head.family]
        self.form = self.family.form
        own = {f.name: getattr(head, f.name) for f in fields(head)}
        shared = {f.name: getattr(options, f.name) for f in fields(options) if f.name != "head"}
        stated = {**own, **shared}
        self.stated = {k: v for k, v in stated.items() if v is not None and v is not False}
        self.said: dict[str, Any] = {**self.family.settings, **self.stated}
        self.strides = None if head.strides is None else read_strides(head.strides)
        self.sizes, self.order = self._sizes()
        self.outputs = [self._without_anchor_axis(output) for output in outputs]

    def _sizes(self) -> tuple[list[Sizes], Order]:
        """Return the widths and heights of a cell's anchors, where they are given so."""
        given = self.said.get("anchors")
        if has_prior_sizes(self.head):
            return self._prior_sizes(given), "own"
        around = self.form == "offsets" and given is not None and is_sizes(given)
        if self.form == "anchors" or around:
            return read_sizes(given, self.family, self.head.family)
        return [], "shared"

    def _prior_sizes(self, anchors: Any) -> list[Sizes]:
        """Return those of min_sizes or scales, in the anchors' unit."""
        if self.form != "offsets" or anchors is not None:
            why = "anchors are given, too" if self.form == "offsets" else "its boxes have no priors"
            raise UsageError(
                f"The head {self.head.family} has sizes of prior boxes, and {why}. Leave one out."
            )
        stated = self.strides if self.head.grids is None else self.head.grids
        count = len(stated) if isinstance(stated, list | tuple) else None
        found = prior_sizes(self.head, self.size_wh, count)
        if box_units_of(self) == "pixels":
            return found
        width, height = unit_of("normalised", Grid(1, 1, None), self.size_wh)
        return [tuple((w / width, h / height) for w, h in sizes) for sizes in found]

    def _without_anchor_axis(self, output: Output) -> Output:
        """Return (H * W, A, K) as (H * W * A, K), which holds the same rows."""
        if len(output.shape) != 3 or self.form != "anchors":
            return output
        cells, anchors, width = output.shape
        shared = self.order == "shared" and len(self.sizes[0]) % anchors == 0
        try:
            spatial_grid(output, self.head.axes, self.size_wh, self.strides)
        except UsageError:
            if shared or anchors in {len(each) for each in self.sizes}:
                return replace(output, shape=(cells * anchors, width))
        return output

    @property
    def bins(self) -> int:
        """How many numbers a distance has."""
        return int(self.said["reg_max"]) if self.form == "points" else 1

    @property
    def in_cells(self) -> bool:
        """Whether boxes that are ready are in cells of their grids.

        Raises:
            UsageError: The head makes pixels of its cells itself.
        """
        if self.said.get("box_units") == "cells" and self.form != "boxes":
            raise UsageError(
                f"The head {self.head.family} makes pixels of its cells itself. Leave box_units "
                "out, or take the family decoded."
            )
        return self.said.get("box_units") == "cells"

    @property
    def box_width(self) -> int:
        """How many numbers a box has."""
        return 2 if self.form == "peaks" else 4 * self.bins


def box_units_of(description: HeadDescription) -> Any:
    """Return the unit of the boxes behind the head.

    Raises:
        UsageError: The boxes are as the model gives them, and nobody says in which unit.
    """
    if description.in_cells:
        return "pixels"
    if description.form == "boxes":
        return needed(
            description, "box_units", "normalised or pixels (of the input), or cells in a FILE.json"
        )
    if description.form != "offsets":
        return "pixels"
    stated = description.stated
    return stated.get("box_units") or stated.get("anchor_units") or description.said["box_units"]


def needed(description: HeadDescription, key: str, choices: str) -> Any:
    """Return what is said of a key.

    Raises:
        UsageError: Nobody says it; the message gives the choices.
    """
    if key not in description.said:
        option = key.replace("_", "-")
        raise UsageError(
            f"The head {description.head.family} leaves the boxes as the model gives them. "
            f"Give --{option}: {choices}."
        )
    return description.said[key]


def unit_of(units: str, grid: Grid, size_wh: Pair | None) -> tuple[float, float]:
    """Return the pixels of the input that a unit of width and of height has.

    Raises:
        UsageError: A share of the input is meant, and it has no size.
    """
    if units == "pixels":
        return 1.0, 1.0
    if units == "cells":
        return grid.stride_wh or (1.0, 1.0)
    if size_wh is None:
        raise UsageError(
            "Anchors that are shares of the input need its size, and the model's input is no "
            "image. Give --preprocess, or anchors in pixels."
        )
    return float(size_wh[0]), float(size_wh[1])
