"""Results as objects of the library `supervision`, which has trackers, zones and annotators.

It is the user's own, or the extra [track], and is imported when somebody asks for it.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import MissingDependency

Array = NDArray[Any]

INSTALL_TRACK: Final = "pip install 'keras2cv[track]'"


def import_tracking(name: str, what: str) -> Any:
    """Return the module `name` of the extra [track]; `what` needs it.

    Raises:
        MissingDependency: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise MissingDependency(
            f"{what} needs {error.name}, which is not installed. Install it: {INSTALL_TRACK}."
        ) from error


def boxes_to_supervision(
    boxes_xyxy: Array, scores: Array, class_ids: Array, labels: Sequence[str]
) -> Any:
    """Return boxes as `supervision.Detections`.

    Args:
        boxes_xyxy: (N, 4) float32, in pixels.
        scores: (N,) float32.
        class_ids: (N,) int32.
        labels: One per box.

    Raises:
        MissingDependency: supervision is not installed.
    """
    return _supervision().Detections(
        xyxy=boxes_xyxy.copy(),
        confidence=scores.copy(),
        class_id=class_ids.astype(int),
        data={"class_name": np.array(labels, dtype=str)},
    )


def add_to_boxes(
    found: Any, masks: Array | None, polygons: Array | None, points_xy: Array | None
) -> None:
    """Give `supervision.Detections` what belongs to each box.

    Args:
        found: The boxes.
        masks: (N, H, W) bool.
        polygons: (N, 4, 2), where supervision keeps the corners of rotated boxes.
        points_xy: (N, K, 2), as data of the name `keypoints`.
    """
    found.mask = masks
    if polygons is not None:
        found.data["xyxyxyxy"] = polygons.copy()
    if points_xy is not None:
        found.data["keypoints"] = points_xy.copy()


def masks_to_supervision(
    masks: Sequence[Array], class_ids: Sequence[int], labels: Sequence[str]
) -> Any:
    """Return masks, each (H, W) bool and not empty, as `supervision.Detections`.

    Raises:
        MissingDependency: supervision is not installed.
    """
    supervision = _supervision()
    if not masks:
        return supervision.Detections.empty()
    return supervision.Detections(
        xyxy=np.array([_box_of(mask) for mask in masks], np.float32),
        mask=np.stack(masks),
        class_id=np.array(class_ids, int),
        data={"class_name": np.array(labels, dtype=str)},
    )


def points_to_supervision(points_xy: Array, scores: Array | None) -> Any:
    """Return the (K, 2) points of one object, and their scores, as `supervision.KeyPoints`.

    Raises:
        MissingDependency: supervision is not installed.
    """
    confidence = None if scores is None else scores[None].copy()
    return _supervision().KeyPoints(xy=points_xy[None].copy(), keypoint_confidence=confidence)


def _supervision() -> Any:
    return import_tracking("supervision", "to_supervision()")


def _box_of(mask: Array) -> tuple[int, int, int, int]:
    """Return the edges of the smallest box around a mask."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
