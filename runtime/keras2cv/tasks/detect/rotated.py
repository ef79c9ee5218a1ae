"""Boxes at an angle: their corners, how much they overlap, and the best of them.

A box is an outline (4, 2): its left top corner before it was turned, then right top, right bottom
and left bottom, as `cv2.boxPoints` turns them. The overlap is exact, of polygons in float64:
`cv2.dnn.NMSBoxesRotated` computes in float32, and knows no classes before OpenCV 4.7.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import NetError
from keras2cv.tasks.detect.belongings import AngleRecord
from keras2cv.tasks.detect.record import Nms

Array = NDArray[Any]

_MAX_PAIRS: Final = 2_000_000  # to compare: some eight seconds
_NEAR: Final = 1e-9  # of a side; a corner as near to an edge is on it


def outlines_of(corners: Array, angles: Array, record: AngleRecord) -> NDArray[np.float64]:
    """Return the outlines (M, 4, 2) of boxes that are turned around their centres.

    Args:
        corners: (M, 4) x0, y0, x1, y1 before they are turned, in pixels.
        angles: (M,) in the units of the record.
        record: How angles are read.
    """
    turned = clockwise_degrees(angles, record)
    cosine, sine = np.cos(np.deg2rad(turned)), np.sin(np.deg2rad(turned))
    centres = (corners[:, :2] + corners[:, 2:]) / 2
    halves = (corners[:, 2:] - corners[:, :2]) / 2
    signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64)
    x, y = (halves[:, None] * signs).transpose(2, 0, 1)
    along = x * cosine[:, None] - y * sine[:, None]
    down = x * sine[:, None] + y * cosine[:, None]
    return np.asarray(np.stack([along, down], axis=2) + centres[:, None])


def clockwise_degrees(angles: Array, record: AngleRecord) -> NDArray[np.float64]:
    """Return angles in degrees, clockwise as OpenCV has them."""
    turned = angles.astype(np.float64)
    turned = np.rad2deg(turned) if record.units == "radians" else turned
    return -turned if record.direction == "counterclockwise" else turned


def angles_of(outlines: Array) -> NDArray[np.float64]:
    """Return the angle of the first side of each outline (N, 4, 2), in degrees of -180 to 180."""
    sides = outlines[:, 1] - outlines[:, 0]
    return np.asarray(np.rad2deg(np.arctan2(sides[:, 1], sides[:, 0])))


def around(outlines: Array) -> NDArray[np.float64]:
    """Return the upright boxes (N, 4) around outlines (N, 4, 2)."""
    return np.concatenate([outlines.min(axis=1), outlines.max(axis=1)], axis=1)


def suppress_rotated(
    outlines: Array, scores: Array, class_ids: Array, nms: Nms, limit: int | None
) -> NDArray[np.intp]:
    """Return the positions of the boxes that no better one overlaps by more than `nms.iou`.

    Args:
        outlines: (M, 4, 2).
        scores: (M,); of equal ones, the first is better.
        class_ids: (M,).
        nms: How much they may overlap, and whether classes are apart.
        limit: How many are wanted at most.

    Raises:
        NetError: There are so many boxes that to compare them takes minutes.
    """
    left: Array = np.argsort(-scores, kind="stable")
    upright = around(outlines)
    kept: list[int] = []
    pairs = 0
    while len(left) and (limit is None or len(kept) < limit):
        best, left = int(left[0]), left[1:]
        kept.append(best)
        meets = (upright[left, :2] < upright[best, 2:]).all(axis=1)
        meets &= (upright[left, 2:] > upright[best, :2]).all(axis=1)
        if not nms.across_classes:
            meets &= class_ids[left] == class_ids[best]
        near = np.flatnonzero(meets)
        pairs += len(near)
        if pairs > _MAX_PAIRS:
            raise NetError(
                f"{len(outlines)} rotated boxes are above the score, and to compare them takes "
                "minutes. Raise the score (--score)."
            )
        dropped = near[rotated_iou(outlines[best], outlines[left[near]]) > nms.iou]
        left = np.delete(left, dropped)
    return np.array(kept, np.intp)


def rotated_iou(one: Array, others: Array) -> NDArray[np.float64]:
    """Return the intersection over union of an outline (4, 2) with each of (M, 4, 2)."""
    both = _shared_areas(one - one[0], others - one[0])
    union = _areas(one[None])[0] + _areas(others) - both
    return np.asarray(np.divide(both, union, out=np.zeros(len(others)), where=union > 0))


def _shared_areas(one: Array, others: Array) -> Array:
    """Return the area that a convex outline shares with each of others.

    Its corners are the corners of one that lie in the other, and where two sides cross. Sorted by
    their angle from the middle, they go around it; one that is there twice adds nothing.
    """
    count = len(others)
    ones = np.broadcast_to(one, (count, 4, 2))
    crossings, is_crossing = _crossings(ones, others)
    points = np.concatenate([ones, others, crossings], axis=1)
    is_corner = np.concatenate([_inside(ones, others), _inside(others, ones), is_crossing], axis=1)
    counts = is_corner.sum(axis=1)
    weights = is_corner[..., None]
    middle = (points * weights).sum(axis=1) / np.maximum(counts, 1)[:, None]
    spread = points - middle[:, None]
    turn = np.where(is_corner, np.arctan2(spread[..., 1], spread[..., 0]), np.inf)
    order = np.argsort(turn, axis=1)
    spread = np.take_along_axis(spread, order[..., None], axis=1)
    is_corner = np.take_along_axis(is_corner, order, axis=1)
    spread = np.where(is_corner[..., None], spread, spread[:, :1])  # back at the first corner
    return np.where(counts > 2, _areas(spread), 0.0)


def _areas(outlines: Array) -> Array:
    """Return the area of polygons (M, K, 2)."""
    return np.asarray(np.abs(_cross(outlines, np.roll(outlines, -1, axis=1)).sum(axis=1)) / 2)


def _cross(a: Array, b: Array) -> Array:
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])


def _inside(points: Array, outlines: Array) -> Array:
    """Return (M, 4) whether each point (M, 4, 2) is in its outline (M, 4, 2), or on its edge."""
    sides = np.roll(outlines, -1, axis=1) - outlines
    turned = np.sign(_cross(sides[:, 0], sides[:, 1]))[:, None, None]
    from_corner = points[:, :, None] - outlines[:, None]  # (M, 4 points, 4 sides, 2)
    beside = _cross(sides[:, None], from_corner) * turned
    return np.asarray((beside >= -_NEAR * (sides**2).sum(axis=2)[:, None]).all(axis=2))


def _crossings(ones: Array, others: Array) -> tuple[Array, Array]:
    """Return (M, 16, 2) where each side of one crosses each of the other, and whether it does."""
    start, way = ones[:, :, None], (np.roll(ones, -1, axis=1) - ones)[:, :, None]
    begin, other = others[:, None], (np.roll(others, -1, axis=1) - others)[:, None]
    slant = _cross(way, other)
    sizes = np.sqrt((way**2).sum(axis=-1) * (other**2).sum(axis=-1))
    is_slanted = np.abs(slant) > _NEAR * sizes  # parallel sides share corners, or nothing
    safe = np.where(is_slanted, slant, 1.0)
    along = _cross(begin - start, other) / safe
    across = _cross(begin - start, way) / safe
    meets = is_slanted & (along >= 0) & (along <= 1) & (across >= 0) & (across <= 1)
    places = start + way * along[..., None]
    return places.reshape(len(ones), 16, 2), meets.reshape(len(ones), 16)
