"""Drawn test images: no two parts, axes or channels alike, so that no mix-up goes unseen."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def draw_image(width: int, height: int, seed: int = 0) -> NDArray[np.uint8]:
    """Return (height, width, 3) uint8: soft blots, stripes on the left, noise at the bottom."""
    rng = np.random.default_rng((seed, width, height))
    blots = rng.integers(0, 256, (height // 12 + 2, width // 9 + 2, 3), np.uint8)
    image = np.array(cv2.resize(blots, (width, height), interpolation=cv2.INTER_CUBIC))
    image[:, : width // 3, 0] = np.where(np.arange(width // 3) % 7 < 3, 255, 0)
    image[: height // 2, : width // 4, 2] = np.where(np.arange(height // 2) % 5 < 2, 0, 255)[
        :, None
    ]
    noise = image[height * 3 // 4 :]
    noise[:] = rng.integers(0, 2, noise.shape) * 255
    return image.astype(np.uint8)
