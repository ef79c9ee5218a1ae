"""The continuous filters that resampling weights are sampled from.

A kernel maps distances to weights: float64 in, float64 out, any shape, in units of source pixels
(of target pixels where the filter is stretched against aliasing). The weights need not add up to
one; whoever samples a kernel normalises.

Pillow (`src/libImaging/Resample.c`) and TensorFlow (`core/kernels/image/sampling_kernels.h`) agree
on triangle, cubic and Lanczos, so they share them here. Those formulas keep Pillow's order of
operations: Pillow rounds weights to integers, and a last bit can turn such a rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]


@dataclass(frozen=True)
class Kernel:
    """A filter and the distance at which it ends."""

    weigh: Callable[[Float64], Float64]
    radius: float


def _box(x: Float64) -> Float64:
    # Open on the left, closed on the right: a pixel on the border of two windows counts once.
    return ((x > -0.5) & (x <= 0.5)).astype(np.float64)


def _triangle(x: Float64) -> Float64:
    return np.maximum(1.0 - np.abs(x), 0.0)


def _hamming(x: Float64) -> Float64:
    # Pillow computes in double, but writes these two constants as C floats.
    window = float(np.float32(0.54)) + float(np.float32(0.46)) * np.cos(np.pi * x)
    return np.where(np.abs(x) < 1.0, np.sinc(x) * window, 0.0)


def _keys_cubic(x: Float64) -> Float64:
    # R. G. Keys, "Cubic convolution interpolation for digital image processing", 1981, with his
    # a = -0.5. cv2.INTER_CUBIC has a = -0.75, so it cannot stand in for Pillow or TensorFlow.
    a, x = -0.5, np.abs(x)
    near = ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
    far = (((x - 5.0) * x + 8.0) * x - 4.0) * a
    return np.where(x < 1.0, near, np.where(x < 2.0, far, 0.0))


def _mitchell_cubic(x: Float64) -> Float64:
    # D. P. Mitchell and A. N. Netravali, "Reconstruction filters in computer graphics", 1988: the
    # one that they recommend, with both parameters 1/3.
    x = np.abs(x)
    near = ((7.0 / 6.0) * x - 2.0) * x * x + 8.0 / 9.0
    far = (((-7.0 / 18.0) * x + 2.0) * x - 10.0 / 3.0) * x + 16.0 / 9.0
    return np.where(x < 1.0, near, np.where(x < 2.0, far, 0.0))


def _gaussian(x: Float64) -> Float64:
    # sigma = 0.5, cut at three sigma (K. Turkowski, "Filters for common resampling tasks", 1990).
    return np.where(np.abs(x) < 1.5, np.exp(-2.0 * x * x), 0.0)


def _lanczos(x: Float64, *, radius: float) -> Float64:
    return np.where(np.abs(x) < radius, np.sinc(x) * np.sinc(x / radius), 0.0)


BOX = Kernel(_box, 0.5)
TRIANGLE = Kernel(_triangle, 1.0)
HAMMING = Kernel(_hamming, 1.0)
KEYS_CUBIC = Kernel(_keys_cubic, 2.0)
MITCHELL_CUBIC = Kernel(_mitchell_cubic, 2.0)
GAUSSIAN = Kernel(_gaussian, 1.5)
LANCZOS3 = Kernel(partial(_lanczos, radius=3.0), 3.0)
LANCZOS5 = Kernel(partial(_lanczos, radius=5.0), 5.0)
