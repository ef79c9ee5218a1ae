"""Points of several people at the peaks of their joints' heatmaps (Zhou et al. 2019, CenterNet).

As `multi_pose_decode` of its repository: each box has a point for each joint, counted from its
cell; the nearest peak of the joint's map takes its place if it lies in the box, edges included, and
is no farther than a share of the longer side. Of peaks at the same distance the higher one counts,
and of equal scores the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.tasks.activations import sigmoid
from keras2cv.tasks.detect.belongings import JointRecord
from keras2cv.tasks.detect.peaks import highest

Array = NDArray[Any]
MOST: Final = 100  # peaks of a map
_WINDOW: Final = 3


def at_peaks(
    record: JointRecord,
    sample: Mapping[str, Array],
    points: Array,
    boxes: Array,
    stride_wh: tuple[float, ...],
) -> NDArray[np.float64]:
    """Return the points (N, K, 2) with those moved that a peak of their map is near to.

    Args:
        record: How the maps are read.
        sample: Role -> array.
        points: In pixels of the input.
        boxes: Corners (N, 4) in pixels of the input.
        stride_wh: Of the maps' cells.
    """
    heat = sample["points.joints.heat"].astype(np.float32, copy=False)
    heat = sigmoid(heat) if record.activation == "sigmoid" else heat
    shift = sample.get("points.joints.shift")
    cells, edges = points / stride_wh, boxes / (*stride_wh, *stride_wh)
    moved = cells.copy()
    reach = record.reach * np.maximum(edges[:, 2] - edges[:, 0], edges[:, 3] - edges[:, 1])
    for joint in range(heat.shape[-1]):
        peaks = _peaks_of(heat[..., joint], record.score, shift)
        if not len(peaks):
            continue
        gaps = np.sqrt(((cells[:, joint, None] - peaks[None]) ** 2).sum(axis=-1))
        gaps = np.where(np.isnan(gaps), np.inf, gaps)
        nearest = gaps.argmin(axis=1)
        place = peaks[nearest]
        inside = (place >= edges[:, :2]).all(axis=1) & (place <= edges[:, 2:]).all(axis=1)
        near = gaps[np.arange(len(gaps)), nearest] <= reach
        moved[:, joint] = np.where((inside & near)[:, None], place, cells[:, joint])
    return np.asarray(moved * stride_wh)


def _peaks_of(heat: Array, score: float, shift: Array | None) -> NDArray[np.float64]:
    """Return x, y in cells of the best peaks of a map (h, w), the best first."""
    is_peak = (heat == highest(highest(heat, 0, _WINDOW), 1, _WINDOW)) & (heat > np.float32(score))
    rows, columns = np.nonzero(is_peak)
    order = np.argsort(-heat[rows, columns], kind="stable")[:MOST]
    rows, columns = rows[order], columns[order]
    within = np.full((len(rows), 2), 0.5) if shift is None else shift[rows, columns]
    return np.asarray(np.stack([columns, rows], axis=1) + within.astype(np.float64))
