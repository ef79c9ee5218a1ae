"""Make the blob that a net was trained on: blob = (pixel - mean) * scale / std.

`cv2.dnn.blobFromImage` does the arithmetic in float32, with the mean and the scale as given
(1/255 is not 0.00392). It also resizes, by cv2's "linear", where this OpenCV does that as every
other (`resize/canary.py`); every other rule is `geometry.fit`'s.
It knows one scale for all channels, so a std per channel is divided out here. It takes neither 16
bits nor more than four channels: for those, NumPy does the arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import InputError
from keras2cv.pixels.geometry import Placement, fit, place
from keras2cv.pixels.images import Image, as_bgr, as_channels, as_gray
from keras2cv.pixels.preprocessing import Preprocessing
from keras2cv.pixels.resize.canary import linear_route

Blob = NDArray[np.float32]


class Preprocessor:
    """Turns images into a net's input; make it once, call it often."""

    def __init__(self, rules: Preprocessing) -> None:
        """Prepare for `rules`."""
        self._rules = rules
        self._size_wh = (rules.size_wh[0], rules.size_wh[1])
        self._as_image = _conversion(rules)
        self._by_cv2 = rules.depth is None and rules.color in ("RGB", "BGR", "GRAY")
        # blobFromImage's own resize is a stretch by cv2.INTER_LINEAR, on the pixels as they are.
        is_linear = rules.resize == "stretch" and rules.interpolation == "linear"
        is_right = self._by_cv2 and is_linear and linear_route(rules.channels) == "cv2"
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

        Other kinds of images are converted as in `keras2cv.pixels.images`.

        Raises:
            InputError: no images, or one of another shape or dtype.
        """
        if not images:
            raise InputError("There are no images, got an empty list. Give one image or more.")
        if not self._by_cv2:
            return self._by_numpy([self._fit(image) for image in images])
        blob: Any
        if len(images) == 1:
            blob = cv2.dnn.blobFromImage(self._fit(images[0]), **self._arguments)
        else:
            blob = cv2.dnn.blobFromImages([self._fit(i) for i in images], **self._arguments)
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
        if not self._by_cv2:
            fitted = fitted.reshape(*fitted.shape[:2], rules.channels)
            return fitted.transpose(1, 0, 2) if rules.transpose else fitted
        return cv2.transpose(fitted) if rules.transpose else fitted

    def _by_numpy(self, images: Sequence[NDArray[Any]]) -> Blob:
        """Return fitted images (h, w, C) as a blob, computed in float64 and rounded once."""
        rules = self._rules
        pixels = in_order(np.stack(images), rules.color).astype(np.float64)
        values = (pixels - np.array(rules.mean)) * rules.scale / np.array(rules.std)
        return np.ascontiguousarray(values.transpose(0, 3, 1, 2), np.float32)


def in_order(images: NDArray[Any], color: str) -> NDArray[Any]:
    """Return images (..., C) as cv2 has them, blue first, in the order of a net's channels."""
    if color == "RGB":
        return images[..., ::-1]
    return images[..., [2, 1, 0, 3]] if color == "RGBA" else images


def _conversion(rules: Preprocessing) -> Any:
    """Return the function that checks an image, and gives it the net's channels and depth."""
    if rules.color == "GRAY":
        return partial(as_gray, bits=rules.bits)
    if rules.color in ("RGB", "BGR"):
        return partial(as_bgr, bits=rules.bits)
    return partial(as_channels, count=rules.channels, bits=rules.bits)
