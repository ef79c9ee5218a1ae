"""Make the blob that a net was trained on: blob = (pixel - mean) * scale / std.

`cv2.dnn.blobFromImage` does the arithmetic in float32, with the mean and the scale as given
(1/255 is not 0.00392). It also resizes, by cv2's "linear", where this OpenCV does that as every
other (`resize/canary.py`); every other rule is `geometry.fit`'s.
It knows one scale for all channels, so a std per channel is divided out here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import InputError
from keras2cv.pixels.geometry import Placement, fit, place
from keras2cv.pixels.images import Image, as_bgr, as_gray
from keras2cv.pixels.preprocessing import Preprocessing
from keras2cv.pixels.resize.canary import linear_route

Blob = NDArray[np.float32]


class Preprocessor:
    """Turns images into a net's input; make it once, call it often."""

    def __init__(self, rules: Preprocessing) -> None:
        """Prepare for `rules`."""
        self._rules = rules
        self._size_wh = (rules.size_wh[0], rules.size_wh[1])
        self._as_image = as_gray if rules.color == "GRAY" else as_bgr
        # blobFromImage's own resize is a stretch by cv2.INTER_LINEAR, on the pixels as they are.
        is_plain = rules.resize == "stretch" and rules.interpolation == "linear"
        is_right = is_plain and linear_route(rules.channels) == "cv2"
        self._fused = is_right and not rules.transpose
        self._arguments: dict[str, Any] = {
            "scalefactor": rules.scale,
            "mean": rules.mean,  # in the order of the result: cv2 swaps before it subtracts
            "swapRB": rules.color == "RGB",
            "crop": False,
            "ddepth": cv2.CV_32F,
        }
        if self._fused:
            self._arguments["size"] = self._size_wh
        std = np.array(rules.std, np.float32).reshape(1, -1, 1, 1)
        self._std = None if (std == 1).all() else std

    def __call__(self, images: Sequence[NDArray[Any]]) -> Blob:
        """Return images (H, W, 3) uint8 BGR, each of any size, as one blob (N, C, H, W) float32.

        Gray, BGRA and 16-bit images are converted as in `keras2cv.pixels.images`.

        Raises:
            InputError: no images, or one of another shape or dtype.
        """
        blob: Any
        if len(images) == 1:
            blob = cv2.dnn.blobFromImage(self._fit(images[0]), **self._arguments)
        elif images:
            blob = cv2.dnn.blobFromImages([self._fit(i) for i in images], **self._arguments)
        else:
            raise InputError("There are no images, got an empty list. Give one image or more.")
        if self._std is not None:
            blob /= self._std  # in place: the blob is ours
        return np.asarray(blob, np.float32)

    def placement(self, image: NDArray[Any]) -> Placement:
        """Return where an image (H, W) or (H, W, C) lies in the blob that it becomes."""
        return place((image.shape[1], image.shape[0]), self._size_wh, self._rules.resize)

    def _fit(self, image: NDArray[Any]) -> NDArray[Any]:
        pixels: Image = self._as_image(image)
        if self._fused:
            return pixels
        rules = self._rules
        bars = None if rules.pad is None else (rules.pad,) * rules.channels
        fitted = fit(pixels, self._size_wh, rules.resize, rules.interpolation, bars)[0]
        return cv2.transpose(fitted) if rules.transpose else fitted
