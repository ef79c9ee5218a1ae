"""Boxes around things."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import UsageError
from keras2cv.pixels.drawing.boxes import draw_boxes
from keras2cv.pixels.images import Image
from keras2cv.tasks.result import DrawnResult
from keras2cv.tasks.to_supervision import boxes_to_supervision

Array = NDArray[Any]


class Detection(NamedTuple):
    """One box: its class' label (the number as text without labels), number, score and corners."""

    label: str
    class_id: int
    score: float
    box_xyxy: tuple[float, float, float, float]  # pixels of the original image


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
    """

    boxes_xyxy: NDArray[np.float32]
    scores: NDArray[np.float32]
    class_ids: NDArray[np.int32]
    image_wh: tuple[int, int]
    labels: tuple[str, ...] | None = None
    track_ids: NDArray[np.int32] | None = None

    def __post_init__(self) -> None:
        count = len(self.scores)
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
        for class_id, score, box in zip(*rows, strict=True):
            yield Detection(self.label_of(class_id), class_id, score, tuple(box))

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
        """Return every box, and the size of the image that they are in."""
        records = [{**d._asdict(), "box_xyxy": list(d.box_xyxy)} for d in self]
        if self.track_ids is not None:
            for record, track in zip(records, self.track_ids.tolist(), strict=True):
                record["track_id"] = track if track >= 0 else None
        return {"task": "detect", "image_wh": list(self.image_wh), "detections": records}

    def to_supervision(self) -> Any:
        """Return the boxes as `supervision.Detections`, for its trackers, zones and annotators.

        Raises:
            MissingDependency: supervision is not installed.
        """
        found = boxes_to_supervision(
            self.boxes_xyxy, self.scores, self.class_ids, [d.label for d in self]
        )
        if self.track_ids is not None:
            found.tracker_id = self.track_ids.astype(int)
        return found

    def draw(self, image: Array, *, in_place: bool = False) -> Image:
        """Return a new picture with every box, its label and score; the best on top.

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
        return draw_boxes(image, self.boxes_xyxy, texts, numbers, in_place=in_place)
