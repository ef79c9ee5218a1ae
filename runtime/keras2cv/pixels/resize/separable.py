"""Separable resampling as a few small matrix products.

Along one axis every target row is a weighted sum of neighbouring source rows. As one matrix the
weights are nearly all zeros, and a gather per tap is slow in numpy; so the target rows are taken a
few at a time, each *band* with the dense little matrix over just the source rows that it reads:

    target[band.target] = band.weights @ source[band.source]        # (rows, span) @ (span, columns)

which BLAS runs while the rows are in the cache, in a tenth of the time of the whole matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[Any]  # (H, W, C), uint8 or float32

# Source rows that a band should span: fewer leave BLAS too little to do per call, more fill the
# matrix with zeros. Measured flat between 24 and 40.
_BAND_SPAN = 24

# Multiplications per product. OpenBLAS wakes its threads above this (SMP_THRESHOLD_MIN *
# GEMM_MULTITHREAD_THRESHOLD in its interface/gemm.c); for work of a few ms they gain nothing on an
# idle machine and spin for 100 ms when another process, or cv2's own threads, hold the cores.
_PRODUCT_SIZE = 4 * 65536


@dataclass(frozen=True, eq=False)
class Band:
    """Consecutive target rows, the source rows that they read, and the (target, source) weights."""

    target: slice
    source: slice
    weights: NDArray[np.floating[Any]]


def split_into_bands(
    indices: NDArray[np.intp], weights: NDArray[np.floating[Any]], source_size: int
) -> tuple[Band, ...]:
    """Turn taps into bands.

    Args:
        indices: (target, taps) source rows; those outside the source are moved to its nearest row.
        weights: (target, taps), the weight of each; its dtype is the one computed in.
        source_size: Number of source rows.
    """
    indices = indices.clip(0, source_size - 1)
    target_size = len(indices)
    rows = int(np.clip(_BAND_SPAN * target_size // source_size, 4, 32))
    return tuple(
        _band(indices[start : start + rows], weights[start : start + rows], start)
        for start in range(0, target_size, rows)
    )


def _band(indices: NDArray[np.intp], weights: NDArray[np.floating[Any]], target_start: int) -> Band:
    first, last = int(indices.min()), int(indices.max())
    dense = np.zeros((len(indices), last + 1 - first), weights.dtype)
    # `add.at`, not assignment: two taps that were moved to the edge read the same row.
    np.add.at(dense, (np.arange(len(indices))[:, np.newaxis], indices - first), weights)
    return Band(slice(target_start, target_start + len(indices)), slice(first, last + 1), dense)


def resample_rows(
    image: Image, bands: Sequence[Band], finish: Callable[[Image], Image], dtype: type[np.generic]
) -> Image:
    """Apply `bands` along the height of an (H, W, C) image.

    Args:
        image: (H, W, C), any dtype.
        bands: Those of `split_into_bands`, for H source rows.
        finish: Turns the sums of one band into `dtype`; it may work in place.
        dtype: Dtype of the result.
    """
    _, width, channels = image.shape
    source = image.reshape(-1, width * channels)
    target = np.empty((bands[-1].target.stop, width * channels), dtype)
    for band in bands:
        step = max(1, _PRODUCT_SIZE // band.weights.size)
        for start in range(0, width * channels, step):
            part = slice(start, start + step)
            # Converted piece by piece: the float copy of a whole frame would not fit the cache.
            pixels = source[band.source, part].astype(band.weights.dtype, copy=False)
            target[band.target, part] = finish(band.weights @ pixels)
    return target.reshape(-1, width, channels)


def swap_height_and_width(image: Image) -> Image:
    """Return the transposed (W, H, C) image, contiguous."""
    height, width, channels = image.shape
    if channels <= 4:  # cv2.transpose knows no other channel counts in every version; 10x faster
        return np.asarray(cv2.transpose(image)).reshape(width, height, channels)
    return np.ascontiguousarray(image.swapaxes(0, 1))
