"""Keypoints of one object: joints, corners, features of a face."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import UsageError
from keras2cv.pixels.drawing.points import draw_points
from keras2cv.pixels.images import Image
from keras2cv.tasks.result import DrawnResult
from keras2cv.tasks.to_supervision import points_to_supervision

Array = NDArray[Any]


class Keypoint(NamedTuple):
    """One point: its label (its number as text without labels), number, place and score."""

    label: str
    number: int
    xy: tuple[float, float]  # pixels of the original image
    score: float | None  # None where the model gives none


@dataclass(frozen=True, eq=False, slots=True)
class Keypoints(DrawnResult):
    """K points, each in its own place in the order; it can be iterated over.

    Attributes:
        points_xy: (K, 2) float32, pixels of the original image, (0, 0) at the top left corner of
            its first pixel; a point that the network puts into a letterbox's bars lies outside.
        scores: (K,) float32; None where the model gives none.
        image_wh: The original image's size.
        labels: One per point.
        threshold: Points with a score above it are drawn.
        skeleton: Pairs of points that are joined by a line.
    """

    points_xy: NDArray[np.float32]
    scores: NDArray[np.float32] | None
    image_wh: tuple[int, int]
    labels: tuple[str, ...] | None = None
    threshold: float = 0.0
    skeleton: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        shapes_fit = self.points_xy.ndim == 2 and self.points_xy.shape[1:] == (2,)
        if not shapes_fit or self.points_xy.dtype != np.float32 or not len(self.points_xy):
            raise UsageError(
                f"Keypoints.points_xy must be (K, 2) float32, got {self.points_xy.shape} "
                f"{self.points_xy.dtype}. Give each point x and y."
            )
        for name, values in (("scores", self.scores), ("labels", self.labels)):
            if values is not None and len(values) != len(self.points_xy):
                raise UsageError(
                    f"Keypoints has {len(self.points_xy)} points and {len(values)} {name}. "
                    "Give one for each."
                )

    def __len__(self) -> int:
        """How many points there are."""
        return len(self.points_xy)

    def __iter__(self) -> Iterator[Keypoint]:
        """Yield the points in the model's order."""
        for number, (x, y) in enumerate(self.points_xy.tolist()):
            score = None if self.scores is None else float(self.scores[number])
            label = str(number) if self.labels is None else self.labels[number]
            yield Keypoint(label, number, (x, y), score)

    @property
    def label(self) -> str:
        """The label of the surest point; of the first one where the model gives no scores."""
        return self._best.label

    @property
    def score(self) -> float | None:
        """The score of the surest point; None where the model gives none."""
        return self._best.score

    @property
    def _best(self) -> Keypoint:
        return max(self, key=lambda point: point.score or 0.0)

    def is_shown(self, number: int) -> bool:
        """Whether the point has a score above the threshold, or the model gives no scores."""
        return self.scores is None or bool(self.scores[number] > self.threshold)

    def to_dict(self) -> dict[str, Any]:
        """Return every point, shown or not, and the size of the image that they are in."""
        return {
            "task": "keypoints",
            "image_wh": list(self.image_wh),
            "threshold": self.threshold,
            "points": [{**point._asdict(), "xy": list(point.xy)} for point in self],
        }

    def to_supervision(self) -> Any:
        """Return the points as `supervision.KeyPoints` of one object.

        Raises:
            MissingDependency: supervision is not installed.
        """
        return points_to_supervision(self.points_xy, self.scores)

    def draw(self, image: Array, *, in_place: bool = False) -> Image:
        """Return a new picture with the points that are shown, their labels, and the skeleton.

        Raises:
            UsageError: the image is not of the size that the points are for.
        """
        if (size_wh := (image.shape[1], image.shape[0])) != self.image_wh:
            raise UsageError(
                f"These points are in an image of {self.image_wh[0]}x{self.image_wh[1]}, got one "
                f"of {size_wh[0]}x{size_wh[1]}. Draw on the image that was predicted."
            )
        shown = [number for number in range(len(self)) if self.is_shown(number)]
        lines = [pair for pair in self.skeleton if pair[0] in shown and pair[1] in shown]
        names = dict(enumerate(self.labels)) if self.labels else {}
        return draw_points(image, self.points_xy, shown, lines, names, in_place=in_place)
