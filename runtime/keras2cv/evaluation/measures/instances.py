"""Masks and keypoints of a detector's boxes beside true ones: COCO's numbers for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.evaluation.data.segmentations import check_segmentation, paint
from keras2cv.evaluation.labelled import BadTruthError, TrueBoxes
from keras2cv.evaluation.metrics.box_matches import BoxMatches, match_overlaps_of
from keras2cv.evaluation.metrics.coco import NAMES, ClassMatches, average_recall_of, summary
from keras2cv.evaluation.metrics.instance_overlaps import extents, mask_iou, oks
from keras2cv.tasks.detect.result import Detections

Array = NDArray[Any]

MOST_PEOPLE: Final = 20  # of an image, as COCO has it for keypoints
_POINT_NAMES: Final = ("mAP", "AP50", "AP75", "AP_medium", "AP_large")
MASK_BETTER: Final = MappingProxyType(dict.fromkeys((f"mask_{name}" for name in NAMES), True))
POINT_BETTER: Final = MappingProxyType(
    dict.fromkeys((f"keypoint_{name}" for name in (*_POINT_NAMES, "AR20")), True)
)


class InstanceMatches:
    """What became of the masks and keypoints of every image."""

    def __init__(self, class_count: int, point_order: Sequence[int]) -> None:
        """Begin.

        Args:
            class_count: Of the data.
            point_order: Of each point of the data, the model's number.
        """
        self._masks, self._points = BoxMatches(class_count), BoxMatches(class_count)
        self._order = list(point_order)
        self.seen: set[str] = set()  # of "mask" and "keypoint"

    def of_image(
        self, result: Detections, chosen: Array, classes: Array, true: TrueBoxes
    ) -> dict[str, Any]:
        """Return what `add` takes.

        Args:
            result: The answer.
            chosen: (N,) bool, which of its boxes are of classes that the data has.
            classes: (D,) the data's class of each of those.
            true: The truth, in pixels.

        Raises:
            BadTruthError: A true mask or its points cannot be read.
        """
        found: dict[str, Any] = {}
        places = np.flatnonzero(chosen).tolist()
        given = result.scores[chosen].astype(np.float64), classes
        if result.mask_crops is not None and _have(true, "segmentation"):
            crops = [result.mask_crops[k] for k in places]
            masks = [(crop.pixels, crop.left, crop.top) for crop in crops]
            overlap = mask_iou(masks, _masks_of(true, result.image_wh), true.is_crowd)
            found |= _named("mask", match_overlaps_of(*overlap, given, true))
        if result.keypoints is not None and _have(true, "keypoints"):
            points = np.array([result.keypoints[k].points_xy for k in places], np.float64)
            found |= _named("keypoint", self._of_points(points, given, true))
        return found

    def _of_points(
        self, points: Array, given: tuple[Array, Array], true: TrueBoxes
    ) -> dict[str, Array]:
        count = len(self._order)
        points = points if len(points) else np.zeros((0, max(self._order, default=0) + 1, 2))
        points = points[:, self._order]
        listed = [_points_of(one, count) for one in true.objects]
        known = np.array(listed, np.float64).reshape(-1, count, 3)
        overlap = oks(points, known, true.areas, true.boxes_xywh)
        empty = np.asarray(~(known[..., 2] > 0).any(axis=1))
        return match_overlaps_of(overlap, extents(points), given, true, empty, MOST_PEOPLE)

    def add(self, data: Mapping[str, Any], image: int) -> None:
        """Add what `of_image` found in the image of that number."""
        for kind, matches in (("mask", self._masks), ("keypoint", self._points)):
            own = {k.partition("/")[2]: v for k, v in data.items() if k.startswith(f"{kind}/")}
            if own:
                matches.add_matches(own, image)
            if len(own.get("true_classes", ())):
                self.seen.add(kind)

    def classes(self) -> dict[str, list[ClassMatches]]:
        """Return "mask" and "keypoint", of those that there are, with the matches of each class."""
        kinds = (("mask", self._masks), ("keypoint", self._points))
        return {kind: matches.classes() for kind, matches in kinds if kind in self.seen}

    def metrics(self) -> dict[str, float | None]:
        """Return COCO's numbers of masks and keypoints, of those that there are."""
        found: dict[str, float | None] = {}
        if "mask" in self.seen:
            found |= {f"mask_{k}": v for k, v in summary(self._masks.classes()).items()}
        if "keypoint" in self.seen:
            classes = self._points.classes()
            numbers = summary(classes)
            found |= {f"keypoint_{name}": numbers[name] for name in _POINT_NAMES}
            found["keypoint_AR20"] = average_recall_of(classes, MOST_PEOPLE)
        return found


def _named(kind: str, matches: Mapping[str, Array]) -> dict[str, Array]:
    return {f"{kind}/{key}": value for key, value in matches.items()}


def _have(true: TrueBoxes, key: str) -> bool:
    """Whether the data has it of the image's objects; nothing is said against it by no objects."""
    return true.has_objects and all(isinstance(one, dict) and key in one for one in true.objects)


def _masks_of(true: TrueBoxes, size_wh: tuple[int, int]) -> Array:
    masks = np.zeros((len(true.objects), *size_wh[::-1]), bool)
    for mask, one in zip(masks, true.objects, strict=True):
        if (problem := check_segmentation(one["segmentation"], size_wh)) is not None:
            raise BadTruthError(problem[0], f"annotation {one.get('id')} {problem[1]}")
        paint(mask, one["segmentation"], True)
    return masks


def _points_of(one: Mapping[str, Any], count: int) -> Any:
    points = one["keypoints"]
    if not isinstance(points, list) or len(points) != 3 * count:
        got = len(points) if isinstance(points, list) else 0
        raise BadTruthError(
            "label unreadable",
            f"annotation {one.get('id')} has {got} numbers of keypoints, and {count} points of the "
            f"model need {3 * count}.",
        )
    return points
