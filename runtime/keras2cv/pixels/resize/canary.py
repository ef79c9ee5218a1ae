"""Which of this OpenCV's own resizes give the pixels of x86-64's, found out on small images.

Nothing is read off versions or build options. Each kind of call is tried once a process, when it is
first needed, on images of noise in buffers that go on behind them: some builds read past the end.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.resize.beyond_hal import padded, resize_beyond_hal
from keras2cv.pixels.resize.fixed_point import resize_linear
from keras2cv.pixels.resize.rounding import cubic_floats, resize_area
from keras2cv.pixels.resize.tf_bilinear import resize_bilinear

LinearRoute = Literal["cv2", "beyond_hal", "integers"]
Size = tuple[int, int]

# From, to: each kind that a build was seen to treat by itself. Smaller by less than a pixel in ten,
# by less than two, by two, by less than three, by more; larger by two, and by other factors.
_LINEAR_CASES: Final[tuple[tuple[Size, Size], ...]] = (
    ((33, 33), (32, 32)),
    ((66, 41), (40, 28)),
    ((48, 40), (24, 20)),
    ((72, 60), (26, 24)),
    ((150, 90), (32, 20)),
    ((24, 20), (48, 40)),
    ((31, 22), (72, 40)),
)
_BEYOND_CASES: Final = tuple(case for case in _LINEAR_CASES if case[1] != (48, 40))
_AREA_CASES: Final[tuple[tuple[Size, Size], ...]] = (  # of many sums that end in a half
    ((40, 100), (20, 40)),
    ((76, 68), (38, 45)),
    ((44, 44), (35, 22)),
)
_BILINEAR_CASES: Final[tuple[tuple[Size, Size], ...]] = (  # sizes whose positions need few bits
    ((48, 40), (24, 20)),
    ((60, 45), (20, 15)),
    ((48, 36), (32, 24)),
    ((50, 40), (40, 32)),
    ((24, 20), (48, 40)),
    ((21, 16), (84, 64)),
)
_FLOAT_CASE: Final[tuple[Size, Size]] = ((211, 150), (96, 64))

# Grey levels by which floats of exact positions differ by rounding alone; of rounded ones, 10 times
# as much and more.
_FLOAT_NOISE: Final = 2e-4


@lru_cache(maxsize=32)
def linear_route(channels: int) -> LinearRoute:
    """Return by which function 8-bit images of so many channels get x86-64's INTER_LINEAR."""
    if all(_is_linear(noise(source, channels), target) for source, target in _LINEAR_CASES):
        return "cv2"
    images = [(noise(source, channels), target) for source, target in _BEYOND_CASES]
    if all(_equal(resize_beyond_hal(i, wh), resize_linear(i, wh)) for i, wh in images):
        return "beyond_hal"
    return "integers"


@lru_cache(maxsize=32)
def area_is_exact(channels: int) -> bool:
    """Return whether INTER_AREA rounds as on x86-64."""
    images = [(noise(source, channels), target) for source, target in _AREA_CASES]
    return all(
        _equal(cv2.resize(image, target, interpolation=cv2.INTER_AREA), resize_area(image, target))
        for image, target in images
    )


@lru_cache(maxsize=1)
def cubic_floats_are_exact() -> bool:
    """Return whether INTER_CUBIC of floats goes by positions that are not rounded to float32."""
    source, target = _FLOAT_CASE
    image = noise(source, 1)
    resized = cv2.resize(image.astype(np.float32), target, interpolation=cv2.INTER_CUBIC)
    difference = np.asarray(resized) - cubic_floats(image, target)[..., 0]
    return bool(np.abs(difference).max() < _FLOAT_NOISE)


@lru_cache(maxsize=32)
def floats_are_exact(channels: int) -> bool:
    """Return whether INTER_LINEAR of floats rounds nothing that needs no rounding."""
    images = [(noise(source, channels), target) for source, target in _BILINEAR_CASES]
    return all(
        _equal(resize_bilinear(image, target, by_cv2=True), resize_bilinear(image, target))
        for image, target in images
    )


def noise(size_wh: Size, channels: int) -> NDArray[np.uint8]:
    """Return the same noise every time, (H, W, C), in a buffer that goes on behind it."""
    count = size_wh[0] * size_wh[1] * channels
    hashed = np.arange(count, dtype=np.uint32) * np.uint32(2_654_435_761)  # Knuth's hash
    hashed ^= hashed >> np.uint32(15)
    hashed *= np.uint32(2_246_822_519)
    values = (hashed >> np.uint32(24)).astype(np.uint8)
    return padded(values.reshape(size_wh[1], size_wh[0], channels))


def _is_linear(image: NDArray[Any], size_wh: Size) -> bool:
    """Ask cv2.resize, and blobFromImage where it takes that number of channels."""
    expected = resize_linear(image, size_wh)
    if not _equal(cv2.resize(image, size_wh, interpolation=cv2.INTER_LINEAR), expected):
        return False
    if image.shape[2] not in (1, 3, 4):
        return True
    blob = np.asarray(cv2.dnn.blobFromImage(image, size=size_wh, ddepth=cv2.CV_32F))
    return _equal(blob[0].transpose(1, 2, 0), expected)


def _equal(resized: Any, expected: NDArray[Any]) -> bool:
    return np.array_equal(np.asarray(resized).reshape(expected.shape), expected)
