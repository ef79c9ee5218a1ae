"""How near a picture is to another: PSNR and SSIM, as `tf.image` computes them."""

from __future__ import annotations

import math
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

WINDOW: Final = 11
_SIGMA: Final = 1.5
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def psnr(one: Array, other: Array) -> float:
    """Return the peak signal-to-noise ratio in dB of two uint8 pictures; infinity for equal ones.

    Raises:
        ValueError: their shapes differ.
    """
    if one.shape != other.shape:
        raise ValueError(f"shapes {one.shape} and {other.shape}")
    error = float(((one.astype(np.float64) - other.astype(np.float64)) ** 2).mean())
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def ssim(one: Array, other: Array) -> float:
    """Return the structural similarity of two uint8 pictures, the mean of channels and windows.

    Wang et al., 2004: a Gaussian window of 11 x 11 with sigma 1.5, inside the picture only.

    Raises:
        ValueError: their shapes differ, or a side is shorter than the window.
    """
    if one.shape != other.shape or min(one.shape[:2]) < WINDOW:
        raise ValueError(f"shapes {one.shape} and {other.shape}")
    x, y = one.astype(np.float64), other.astype(np.float64)
    mean_x, mean_y = _blurred(x), _blurred(y)
    luminance = (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1)
    squares = _blurred(x**2 + y**2) - mean_x**2 - mean_y**2
    structure = (2 * (_blurred(x * y) - mean_x * mean_y) + _C2) / (squares + _C2)
    return float((luminance * structure).mean())


def _blurred(values: Array) -> Array:
    half = WINDOW // 2
    kernel = cv2.getGaussianKernel(WINDOW, _SIGMA, cv2.CV_64F)
    return cv2.sepFilter2D(values, cv2.CV_64F, kernel, kernel)[half:-half, half:-half]
