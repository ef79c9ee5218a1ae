"""An image that the model made of an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import UsageError
from keras2cv.pixels.images import Image
from keras2cv.pixels.resize import resize
from keras2cv.tasks.result import DrawnResult

Array = NDArray[Any]


@dataclass(frozen=True, eq=False, slots=True)
class ImageResult(DrawnResult):
    """The image that came out: enlarged, cleaned, coloured, or made again.

    Attributes:
        image_bgr: (h, w, 3) uint8 BGR, pixel for pixel as the network gives it, of the part of the
            image that it saw: without a letterbox's bars.
        visible_wh: The size of that part in the original image.
    """

    image_bgr: NDArray[np.uint8]
    visible_wh: tuple[int, int]

    def __post_init__(self) -> None:
        image = self.image_bgr
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
            raise UsageError(
                f"ImageResult.image_bgr must be (h, w, 3) uint8, got {image.shape} {image.dtype}. "
                "Convert it by its own range first."
            )

    @property
    def label(self) -> str:
        """The size of the image that came out."""
        return f"{self.image_bgr.shape[1]}x{self.image_bgr.shape[0]}"

    @property
    def score(self) -> None:
        """None: the model does not say how sure it is."""
        return

    def to_dict(self) -> dict[str, Any]:
        """Return the image's size and mean colour; the image itself is for --save."""
        height, width = self.image_bgr.shape[:2]
        mean_bgr = self.image_bgr.reshape(-1, 3).mean(axis=0)
        return {"task": "image", "image_wh": [width, height], "mean_bgr": mean_bgr.tolist()}

    def draw(self, image: Array, *, in_place: bool = False) -> Image:  # noqa: ARG002 - it is new anyway
        """Return the image that came out, in the shape of the part of `image` that went in.

        It has the size of that part, or the network's own where that is larger (such networks
        are there to enlarge); the resize is bicubic, by area when it shrinks an axis.

        Raises:
            UsageError: `image` is smaller than the part that this was made of.
        """
        width, height = self.visible_wh
        if image.shape[1] < width or image.shape[0] < height:
            raise UsageError(
                f"This was made of {width}x{height} pixels, got an image of "
                f"{image.shape[1]}x{image.shape[0]}. Draw on the image that was predicted."
            )
        own_height, own_width = self.image_bgr.shape[:2]
        scale = max(1.0, min(own_width / width, own_height / height))
        size_wh = (round(width * scale), round(height * scale))
        if size_wh == (own_width, own_height):
            return np.array(self.image_bgr)
        shrinks = size_wh[0] < own_width or size_wh[1] < own_height
        return resize(self.image_bgr, size_wh, "area" if shrinks else "cubic")
