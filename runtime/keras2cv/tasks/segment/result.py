"""A class for every pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import UsageError
from keras2cv.pixels.drawing.regions import draw_regions
from keras2cv.pixels.geometry import Placement
from keras2cv.pixels.images import Image
from keras2cv.pixels.pixelmap import on_canvas, spread_linear
from keras2cv.tasks.result import DrawnResult
from keras2cv.tasks.to_supervision import masks_to_supervision

Array = NDArray[Any]

UNSEEN: Final = -1  # pixels that a center-crop cut off: the network never saw them


@dataclass(frozen=True, eq=False, slots=True)
class Grid:
    """Probabilities as the network gives them, and where they lie in the original image.

    Attributes:
        probabilities: (h, w, C) float32 over the network's input; C is 1 for a binary mask.
        placement: Where the original image lies in that input.
    """

    probabilities: NDArray[np.float32]
    placement: Placement


@dataclass(frozen=True, eq=False, slots=True)
class Segmentation(DrawnResult):
    """The class of every pixel of the original image.

    Attributes:
        label_map: (H, W) int32, the number of the class; -1 where the network saw nothing.
        class_count: How many classes there are; None if it is not known.
        labels: One per class.
        threshold: Of a binary mask: class 1 is where its probability is above it.
        grid: The probabilities that decided the classes; None where the model itself decides.
    """

    label_map: NDArray[np.int32]
    class_count: int | None = None
    labels: tuple[str, ...] | None = None
    threshold: float | None = None
    grid: Grid | None = None

    def __post_init__(self) -> None:
        if self.label_map.ndim != 2 or self.label_map.dtype != np.int32 or not self.label_map.size:
            raise UsageError(
                f"Segmentation.label_map must be (H, W) int32, got {self.label_map.shape} "
                f"{self.label_map.dtype}. Pass one image's classes."
            )
        if self.labels is not None and self.class_count not in (None, len(self.labels)):
            raise UsageError(
                f"Segmentation has {self.class_count} classes and {len(self.labels)} labels. "
                "Give one label per class."
            )

    def label_of(self, class_id: int) -> str:
        """Return the label of the class, or its number as text."""
        known = self.labels is not None and 0 <= class_id < len(self.labels)
        return self.labels[class_id] if self.labels and known else str(class_id)

    @property
    def label(self) -> str:
        """The class that covers most of the image; yes, where a binary mask has any of it."""
        return "" if self._most is None else self.label_of(self._most)

    @property
    def score(self) -> float | None:
        """The mean probability of that class where it is; None where the model gives none."""
        if self.grid is None or self._most is None:
            return None
        return float(self.probabilities(self._most)[self.mask(self._most)].mean())

    @property
    def _most(self) -> int | None:
        """The number of that class; None where the network saw nothing."""
        areas = self.areas()
        return 1 if self.threshold is not None and 1 in areas else next(iter(areas), None)

    def mask(self, class_id: int) -> NDArray[np.bool_]:
        """Return (H, W) bool: where the class is."""
        return np.asarray(self.label_map == class_id)

    def probabilities(self, class_id: int) -> NDArray[np.float32]:
        """Return the class' probability at every pixel of the original image.

        It is computed when asked for: an image of 12 megapixels and 150 classes would take 7 GB.

        Args:
            class_id: Its number; for a binary mask 1 (yes) or 0 (1 - yes).

        Returns:
            (H, W) float32, NaN where the network saw nothing.

        Raises:
            UsageError: the model gives classes without probabilities, or has no such class.
        """
        if self.grid is None:
            raise UsageError(
                "This model gives the class of each pixel and no probabilities. Use label_map, or "
                "export the model without its argmax."
            )
        count = self.class_count or 0
        if not 0 <= class_id < count:
            raise UsageError(f"There is no class {class_id!r}. Give one from 0 to {count - 1}.")
        is_mask = self.grid.probabilities.shape[2] == 1
        channel = self.grid.probabilities[..., 0 if is_mask else class_id]
        visible = spread_linear(channel, self.grid.placement)
        if is_mask and class_id == 0:
            visible = 1 - visible
        return on_canvas(visible, self.grid.placement, np.nan)

    def areas(self) -> dict[int, int]:
        """Return how many pixels each class has that has any, the largest first."""
        ids, counts = np.unique(self.label_map, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        pairs = zip(ids[order].tolist(), counts[order].tolist(), strict=True)
        return {class_id: count for class_id, count in pairs if class_id != UNSEEN}

    def to_dict(self) -> dict[str, Any]:
        """Return the classes that are there, with their area in pixels and as a share of all."""
        height, width = self.label_map.shape
        return {
            "task": "segment",
            "image_wh": [width, height],
            "classes": [
                {
                    "label": self.label_of(class_id),
                    "index": class_id,
                    "pixels": pixels,
                    "share": pixels / (width * height),
                }
                for class_id, pixels in self.areas().items()
            ],
        }

    def to_supervision(self) -> Any:
        """Return each class that is there as one mask of `supervision.Detections`.

        Class 0 of a binary mask, the background, is left out, as in `draw`.

        Raises:
            MissingDependency: supervision is not installed.
        """
        shown = self._shown
        masks = [self.mask(class_id) for class_id in shown]
        return masks_to_supervision(masks, shown, [self.label_of(i) for i in shown])

    @property
    def _shown(self) -> list[int]:
        return [i for i in self.areas() if i != 0 or self.threshold is None]

    def draw(self, image: Array, *, in_place: bool = False) -> Image:
        """Return a new picture with each class in its colour over the image, and their names.

        Class 0 of a binary mask, the background, is left as it is.

        Raises:
            UsageError: the image is not of the size of the mask.
        """
        if image.shape[:2] != self.label_map.shape:
            height, width = self.label_map.shape
            raise UsageError(
                f"This mask is of an image of {width}x{height}, got one of "
                f"{image.shape[1]}x{image.shape[0]}. Draw on the image that was predicted."
            )
        names = {i: self.label_of(i) for i in self._shown}
        return draw_regions(image, self.label_map, names, in_place=in_place)
