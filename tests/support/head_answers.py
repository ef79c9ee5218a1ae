"""All heads, and results beside the boxes of their own pipelines."""

from __future__ import annotations

from typing import Any, Final

import keras
import numpy as np

from keras2cv.pixels.geometry import Placement, place
from support import heads_other, heads_points, heads_yolo
from support.heads import HEIGHT, WIDTH, Found, HeadCase

CASES: Final[dict[str, HeadCase]] = {
    **heads_yolo.CASES,
    **heads_other.CASES,
    **heads_points.CASES,
}
SAME: Final = place((WIDTH, HEIGHT), (WIDTH, HEIGHT), "stretch")


def outputs_of(model: keras.Model, images: Any) -> dict[str, Any]:
    """Return the model's outputs by name, the batch first."""
    found = model(images, training=False)
    if not isinstance(found, dict):
        found = found if isinstance(found, list) else [found]
        found = dict(zip(model.output_names, found, strict=True))
    return {name: np.array(array) for name, array in found.items()}


def iou(a: Any, b: Any) -> Any:
    """Return the overlap of each box of (N, 4) with the same one of another."""
    low, high = np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, 2:], b[:, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = [np.prod(box[:, 2:] - box[:, :2], axis=1) for box in (a, b)]
    return common / (areas[0] + areas[1] - common)


def assert_same(result: Any, found: Found, placement: Placement = SAME) -> int:
    """Compare a result with a pipeline's boxes in the input; return how many there are."""
    boxes = placement.to_source(found.boxes.reshape(-1, 2, 2)).reshape(-1, 4)
    boxes = np.clip(boxes, 0, placement.source_wh * 2)
    assert result.class_ids.tolist() == found.classes.tolist()
    if len(boxes):
        assert np.abs(result.scores - found.scores).max() <= 1e-4
        assert iou(result.boxes_xyxy.astype(np.float64), boxes).min() >= 0.999
    if found.points is not None and len(boxes):
        points = np.stack([each.points_xy for each in result.keypoints])
        assert np.abs(points - placement.to_source(found.points)).max() <= 0.01
    return len(boxes)
