"""From the outputs to what belongs to each box that was kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.geometry import Placement
from keras2cv.tasks.activations import sigmoid
from keras2cv.tasks.detect.belongings import BoxPointsRecord, MaskRecord
from keras2cv.tasks.detect.columns import places_of
from keras2cv.tasks.detect.instance_masks import MaskCrop, box_masks, prototype_masks
from keras2cv.tasks.detect.record import DetectRecord
from keras2cv.tasks.keypoints_result import Keypoints

Array = NDArray[Any]
Sample = Mapping[str, Array]


def split_columns(record: DetectRecord, sample: Sample) -> dict[str, Array]:
    """Return the parts that lie side by side in a single output: part -> (M, its columns)."""
    raw = sample["raw"]
    raw = np.moveaxis(raw, 0, -1) if record.columns_axis == "first" else raw
    table = raw.reshape(-1, raw.shape[-1])
    sizes = record.column_sizes({role: array.shape for role, array in sample.items()})
    places = places_of(str(record.columns), table.shape, sizes)
    return {part: table[:, place] for part, place in places.items()}


def tables_of_outputs(record: DetectRecord, sample: Sample) -> dict[str, Array]:
    """Return what belongs to boxes and has outputs of its own: part -> (M, width)."""
    found = {}
    if "masks.coefficients" in sample:
        width = sample["masks.prototypes"].shape[-1]
        found["coefficients"] = sample["masks.coefficients"].reshape(-1, width)
    if "points.output" in sample and record.points is not None:
        found["points"] = sample["points.output"].reshape(-1, record.points.size)
    if "angles.output" in sample:
        found["angle"] = sample["angles.output"].reshape(-1, 1)
    return found


def masks_in(
    record: MaskRecord,
    sample: Sample,
    tables: Mapping[str, Array],
    found: tuple[Array, Array, Array],
    placement: Placement,
) -> tuple[MaskCrop, ...]:
    """Return the mask of each box that was kept.

    Args:
        record: How masks are read.
        sample: Role -> array.
        tables: Part -> (M, width), as of `candidates.tables_of_record`.
        found: Of each box its place among the model's (N,), its class (N,), and its corners in the
            original image (N, 4), not yet clipped to it.
        placement: Where the original image lies in the network's input.
    """
    places, class_ids, boxes = found
    if record.per_box is not None:
        masks = sample["masks.per_box"][places]
        return box_masks(record, masks, class_ids, boxes, placement.source_wh)
    weights = tables["coefficients"][places]
    return prototype_masks(record, sample["masks.prototypes"], weights, boxes, placement)


def input_points(
    record: BoxPointsRecord,
    numbers: Array,
    frames: tuple[Array, Array] | None,
    placement: Placement,
) -> tuple[Array, Array | None]:
    """Return points (N, K, 2) in pixels of the input, and their scores (N, K) if they have some.

    Args:
        record: How points are read.
        numbers: (N, K x 2 or 3), of each box its points' numbers.
        frames: What x and y are counted from and multiplied by, in pixels of the input, (N, 2)
            each; None where the units say so.
        placement: Where the original image lies in the network's input.
    """
    tables = numbers.reshape(-1, record.count, len(record.form)).astype(np.float64)
    points_xy = tables[..., :2] if record.form.startswith("xy") else tables[..., 1::-1]
    if frames is not None:
        points_xy = frames[0][:, None] + points_xy * frames[1][:, None]
    elif record.units == "normalised":
        points_xy = points_xy * placement.size_wh
    scores = tables[..., 2].astype(np.float32) if record.has_scores else None
    if scores is not None and record.activation == "sigmoid":
        scores = sigmoid(scores)
    return points_xy, scores


def points_in(
    record: BoxPointsRecord, points_xy: Array, scores: Array | None, placement: Placement
) -> tuple[Keypoints, ...]:
    """Return the keypoints of each box that was kept, in pixels of the original image.

    Args:
        record: How points are read.
        points_xy: (N, K, 2) in pixels of the input.
        scores: (N, K), if they have some.
        placement: Where the original image lies in the network's input.
    """
    points_xy = placement.to_source(points_xy).astype(np.float32)
    pairs = record.skeleton or ()
    skeleton = tuple(zip(pairs[::2], pairs[1::2], strict=True))
    return tuple(
        Keypoints(
            points_xy[k], None if scores is None else scores[k], placement.source_wh,
            record.labels, record.score, skeleton,
        )
        for k in range(len(points_xy))
    )  # fmt: skip
