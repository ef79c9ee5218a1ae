"""The mask of each box: the part of the image that it covers, and its pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import NetError
from keras2cv.pixels.geometry import Box, Placement, Size
from keras2cv.pixels.pixelmap import spread_linear_within, stretch_linear
from keras2cv.tasks.activations import sigmoid
from keras2cv.tasks.detect.belongings import MaskEdges, MaskRecord

Array = NDArray[Any]

_DECIMALS: Final = 3  # of an edge in pixels: rounding decides nothing about whole and half ones


@dataclass(frozen=True, eq=False, slots=True)
class MaskCrop:
    """The mask of one object, of which nothing lies outside of a part of the image.

    Attributes:
        pixels: (h, w) bool.
        left: The column of the image in which the part begins.
        top: The row.
    """

    pixels: NDArray[np.bool_]
    left: int
    top: int

    def on_image(self, image_wh: Size) -> NDArray[np.bool_]:
        """Return the mask as (H, W) bool of the whole image."""
        whole = np.zeros(image_wh[::-1], bool)
        height, width = self.pixels.shape
        whole[self.top : self.top + height, self.left : self.left + width] = self.pixels
        return whole

    def runs(self, image_wh: Size) -> list[int]:
        """Return COCO's run lengths of the whole image, by columns, beginning outside the mask."""
        width, height = image_wh
        columns = self.pixels.T.astype(np.int8)
        steps = np.diff(columns, axis=1, prepend=0, append=0)
        firsts = (self.left + np.arange(len(columns)))[:, None] * height + self.top
        places = firsts + np.arange(steps.shape[1])
        starts, ends = places[steps == 1], places[steps == -1]
        joined = np.isin(starts, ends)  # a run that goes on in the next column
        turns = np.sort(np.concatenate([starts[~joined], ends[~np.isin(ends, starts)]]))
        return [int(n) for n in np.diff(np.concatenate([[0], turns, [width * height]]))]


def prototype_masks(
    record: MaskRecord,
    prototypes: Array,
    coefficients: Array,
    boxes: Array,
    placement: Placement,
) -> tuple[MaskCrop, ...]:
    """Return the mask of each box, the weighted sum of the prototypes inside of the box.

    Args:
        record: How the masks are read.
        prototypes: (h, w, P) over the network's input.
        coefficients: (N, P).
        boxes: (N, 4) corners in the original image.
        placement: Where the original image lies in the input.
    """
    height, width, channels = prototypes.shape
    weights = coefficients.astype(np.float32, copy=False)
    sums = weights @ prototypes.reshape(-1, channels).T.astype(np.float32, copy=False)
    grids = _activated(sums, record).reshape(-1, height, width)
    crops = []
    for grid, box in zip(grids, boxes, strict=True):
        if record.cut == "prototypes":
            part = _within(_cut(grid, box, record.edges, placement), placement.visible_xyxy)
        else:
            part = _within(whole_edges(box, record.edges), placement.visible_xyxy)
        crops.append(_crop(spread_linear_within(grid, placement, part), part, record))
    return tuple(crops)


def box_masks(
    record: MaskRecord, masks: Array, class_ids: Array, boxes: Array, source_wh: Size
) -> tuple[MaskCrop, ...]:
    """Return the mask of each box, stretched over it.

    Args:
        record: How the masks are read.
        masks: (N, h, w), or (N, h, w, C) of which the mask of the box's class is taken.
        class_ids: (N,).
        boxes: (N, 4) corners in the original image, which may lie outside of it.
        source_wh: The original image's size.

    Raises:
        NetError: A class has no mask.
    """
    crops = []
    for grid, number, box in zip(masks, class_ids.tolist(), boxes, strict=True):
        chosen = _activated(_of_class(grid, number).astype(np.float32, copy=False), record)
        whole = whole_edges(box, record.edges)
        part = _within(whole, (0, 0, *source_wh))
        over = box if record.edges == "exact" else np.array(whole, np.float64)
        crops.append(_crop(stretch_linear(chosen, over, part), part, record))
    return tuple(crops)


def whole_edges(box: Sequence[float] | Array, edges: MaskEdges) -> Box:
    """Return the first column and row of a box's pixels, and the first ones after them."""
    exact = np.round(box, _DECIMALS)
    if edges == "exact":  # the first centre that is not before the edge
        found = np.ceil(exact - 0.5)
    else:
        found = {"round": np.rint, "floor": np.floor, "ceil": np.ceil}[edges](exact)
    x0, y0, x1, y1 = found.astype(int).tolist()
    return x0, y0, x1, y1


def _cut(grid: Array, box: Array, edges: MaskEdges, placement: Placement) -> Box:
    """Make a grid (h, w) zero outside of a box, and return the pixels that it may still reach."""
    cells = np.divide(grid.shape[::-1], placement.size_wh)
    corners = (box.reshape(2, 2) * placement.scale_xy + placement.offset_xy) * cells
    x0, y0, x1, y1 = _within(whole_edges(corners.ravel(), edges), (0, 0, *grid.shape[::-1]))
    kept = np.zeros_like(grid)
    kept[y0:y1, x0:x1] = grid[y0:y1, x0:x1]
    grid[:] = kept
    reached = placement.to_source(np.array([(x0 - 1, y0 - 1), (x1 + 1, y1 + 1)]) / cells)
    (left, top), (right, bottom) = np.floor(reached[0]), np.ceil(reached[1])
    return int(left), int(top), int(right), int(bottom)


def _of_class(grid: Array, number: int) -> Array:
    if grid.ndim == 2:
        return grid
    if grid.shape[2] == 1:
        return np.asarray(grid[..., 0])
    if not 0 <= number < grid.shape[2]:
        raise NetError(
            f"The net names class {number}, and there are masks of {grid.shape[2]} classes. "
            "Export the model again, with the masks of every class."
        )
    return np.asarray(grid[..., number])


def _activated(values: Array, record: MaskRecord) -> Array:
    return sigmoid(values) if record.activation == "sigmoid" else values


def _within(box: Box, limits: Box) -> Box:
    """Return the part of `box` in `limits`; one without pixels at its corner, if there is none."""
    x0, y0 = max(box[0], limits[0]), max(box[1], limits[1])
    x1, y1 = min(box[2], limits[2]), min(box[3], limits[3])
    return x0, y0, max(x0, x1), max(y0, y1)


def _crop(values: Array, part: Box, record: MaskRecord) -> MaskCrop:
    with np.errstate(invalid="ignore"):  # NaN is above nothing
        return MaskCrop(np.asarray(values > record.threshold), part[0], part[1])
