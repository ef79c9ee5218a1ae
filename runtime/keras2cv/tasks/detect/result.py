"""Boxes around things."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import UsageError
from keras2cv.pixels.drawing.boxes import draw_boxes
from keras2cv.pixels.drawing.masks import draw_masks
from keras2cv.pixels.drawing.points import draw_points
from keras2cv.pixels.images import Image
from keras2cv.tasks.detect.instance_masks import MaskCrop
from keras2cv.tasks.keypoints_result import Keypoints
from keras2cv.tasks.result import DrawnResult
from keras2cv.tasks.to_supervision import add_to_boxes, boxes_to_supervision

Array = NDArray[Any]


class Detection(NamedTuple):
    """One box: its class' label (the number as text without labels), number, score and corners."""

    label: str
    class_id: int
    score: float
    box_xyxy: tuple[float, float, float, float]  # pixels of the original image


class Instance(Detection):
    """A box with what belongs to it; None for each that the model does not give.

    Attributes:
        mask: (H, W) bool, of the original image.
        keypoints: Its keypoints, as the task `keypoints` gives those of one object.
        polygon_xy: Its four corners in pixels of the original image, if it is rotated.
        angle: In degrees, clockwise: that of the side from the first corner to the second.
    """

    mask: NDArray[np.bool_] | None = None
    keypoints: Keypoints | None = None
    polygon_xy: tuple[tuple[float, float], ...] | None = None
    angle: float | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Detections(DrawnResult):
    """The boxes found in an image, best first; it may hold none, and can be iterated over.

    Attributes:
        boxes_xyxy: (N, 4) float32, left, top, right and bottom edge in pixels of the original
            image, (0, 0) at the top left corner of its first pixel; within the image.
        scores: (N,) float32.
        class_ids: (N,) int32.
        image_wh: The original image's size.
        labels: One per class; a class beyond them is called by its number.
        track_ids: (N,) int32, the number of each object in its video, -1 for one that is too new;
            None where nothing is tracked.
        mask_crops: The mask of each box, as the part of the image that it covers; None where the
            model gives none. `masks` has them as arrays of the whole image.
        keypoints: The keypoints of each box; None where the model gives none.
        polygons: (N, 4, 2) float32, the corners of rotated boxes in pixels of the original image,
            in the order of `cv2.boxPoints`; they may lie outside of it, and `boxes_xyxy` are the
            upright boxes around them. None where boxes are not rotated.
        angles: (N,) float32, degrees, clockwise: of the side from the first corner to the second.
    """

    boxes_xyxy: NDArray[np.float32]
    scores: NDArray[np.float32]
    class_ids: NDArray[np.int32]
    image_wh: tuple[int, int]
    labels: tuple[str, ...] | None = None
    track_ids: NDArray[np.int32] | None = None
    mask_crops: tuple[MaskCrop, ...] | None = None
    keypoints: tuple[Keypoints, ...] | None = None
    polygons: NDArray[np.float32] | None = None
    angles: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        count = len(self.scores)
        for name in ("mask_crops", "keypoints", "polygons", "angles"):
            own = getattr(self, name)
            if own is not None and len(own) != count:
                raise UsageError(
                    f"Detections has {count} boxes and {len(own)} {name}. Give one for each."
                )
        for name, shape, dtype in (
            ("boxes_xyxy", (count, 4), np.float32),
            ("scores", (count,), np.float32),
            ("class_ids", (count,), np.int32),
        ):
            array = getattr(self, name)
            if array.shape != shape or array.dtype != dtype:
                raise UsageError(
                    f"Detections.{name} must be {shape} {np.dtype(dtype)}, got {array.shape} "
                    f"{array.dtype}. Give each box a score and a class."
                )

    def __len__(self) -> int:
        """How many boxes there are."""
        return len(self.scores)

    def __iter__(self) -> Iterator[Detection]:
        """Yield the boxes, best first."""
        rows = (self.class_ids.tolist(), self.scores.tolist(), self.boxes_xyxy.tolist())
        for k, (class_id, score, box) in enumerate(zip(*rows, strict=True)):
            found = Detection(self.label_of(class_id), class_id, score, tuple(box))
            yield self._with_belongings(found, k) if self._has_belongings else found

    @property
    def _has_belongings(self) -> bool:
        return any(own is not None for own in (self.mask_crops, self.keypoints, self.polygons))

    def _with_belongings(self, found: Detection, k: int) -> Instance:
        instance = Instance(*found)
        if self.mask_crops is not None:
            instance.mask = self.mask_crops[k].on_image(self.image_wh)
        if self.keypoints is not None:
            instance.keypoints = self.keypoints[k]
        if self.polygons is not None and self.angles is not None:
            corners = self.polygons[k].tolist()
            instance.polygon_xy = tuple((x, y) for x, y in corners)
            instance.angle = float(self.angles[k])
        return instance

    @property
    def masks(self) -> NDArray[np.bool_] | None:
        """The mask of each box as (N, H, W) bool of the original image; None without masks.

        It is made when asked for: 100 masks of an image of 12 megapixels take 1.2 GB.
        """
        if self.mask_crops is None:
            return None
        masks = [crop.on_image(self.image_wh) for crop in self.mask_crops]
        return np.stack(masks) if masks else np.zeros((0, *self.image_wh[::-1]), bool)

    @property
    def label(self) -> str:
        """The best box' label; "" without boxes."""
        return self.label_of(int(self.class_ids[0])) if len(self) else ""

    @property
    def score(self) -> float | None:
        """The best box' score; None without boxes."""
        return float(self.scores[0]) if len(self) else None

    def label_of(self, class_id: int) -> str:
        """Return the label of the class, or its number as text."""
        known = self.labels is not None and 0 <= class_id < len(self.labels)
        return self.labels[class_id] if self.labels and known else str(class_id)

    def to_dict(self) -> dict[str, Any]:
        """Return every box, and the size of the image that they are in.

        A mask is run lengths by columns, as COCO has them and pycocotools reads them.
        """
        records = [self._record(k) for k in range(len(self))]
        if self.track_ids is not None:
            for record, track in zip(records, self.track_ids.tolist(), strict=True):
                record["track_id"] = track if track >= 0 else None
        return {"task": "detect", "image_wh": list(self.image_wh), "detections": records}

    def _record(self, k: int) -> dict[str, Any]:
        class_id = int(self.class_ids[k])
        record: dict[str, Any] = {
            "label": self.label_of(class_id),
            "class_id": class_id,
            "score": float(self.scores[k]),
            "box_xyxy": self.boxes_xyxy[k].tolist(),
        }
        if self.mask_crops is not None:
            counts = self.mask_crops[k].runs(self.image_wh)
            record["mask"] = {"size": list(self.image_wh[::-1]), "counts": counts}
        if self.keypoints is not None:
            record["keypoints"] = self.keypoints[k].to_dict()["points"]
        if self.polygons is not None and self.angles is not None:
            record["polygon_xy"] = self.polygons[k].tolist()
            record["angle"] = float(self.angles[k])
        return record

    def to_supervision(self) -> Any:
        """Return the boxes as `supervision.Detections`, for its trackers, zones and annotators.

        Its `mask` are the masks, its data `xyxyxyxy` the corners of rotated boxes, and its data
        `keypoints` the places of keypoints, (N, K, 2).

        Raises:
            MissingDependency: supervision is not installed.
        """
        found = boxes_to_supervision(
            self.boxes_xyxy, self.scores, self.class_ids, [d.label for d in self]
        )
        if self.track_ids is not None:
            found.tracker_id = self.track_ids.astype(int)
        points = self.keypoints
        places = np.stack([one.points_xy for one in points]) if points else None
        add_to_boxes(found, self.masks, self.polygons, places)
        return found

    def draw(self, image: Array, *, in_place: bool = False) -> Image:
        """Return a new picture with every box, its label and score; the best on top.

        Masks lie in the boxes, in the colour of the class. Rotated boxes are drawn as they lie.

        Raises:
            UsageError: the image is not of the size that the boxes are for.
        """
        if (size_wh := (image.shape[1], image.shape[0])) != self.image_wh:
            raise UsageError(
                f"These boxes are in an image of {self.image_wh[0]}x{self.image_wh[1]}, got one of "
                f"{size_wh[0]}x{size_wh[1]}. Draw on the image that was predicted."
            )
        tracks = [-1] * len(self) if self.track_ids is None else self.track_ids.tolist()
        texts = [
            f"{f'#{track} ' if track >= 0 else ''}{d.label} {d.score:.2f}"
            for d, track in zip(self, tracks, strict=True)
        ]
        numbers = self.class_ids.tolist()
        canvas = image
        if self.mask_crops is not None:
            masks = [(crop.pixels, crop.left, crop.top) for crop in self.mask_crops]
            canvas, in_place = draw_masks(image, masks, numbers, in_place=in_place), True
        canvas = draw_boxes(
            canvas, self.boxes_xyxy, texts, numbers, polygons=self.polygons, in_place=in_place
        )
        return self._with_points(canvas, canvas.shape[0] // image.shape[0])

    def _with_points(self, canvas: Image, factor: int) -> Image:
        """Draw the keypoints on a picture that is `factor` times as large as the image."""
        for one in self.keypoints or ():
            shown = [number for number in range(len(one)) if one.is_shown(number)]
            lines = [pair for pair in one.skeleton if pair[0] in shown and pair[1] in shown]
            canvas = draw_points(canvas, one.points_xy * factor, shown, lines, {}, in_place=True)
        return canvas
