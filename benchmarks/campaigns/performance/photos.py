"""The pictures that are read, answered and drawn: JPEG files of a size that data sets have."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from keras2cv_export.verifying.stimuli import draw

COUNT: Final = 24
SIZE_WH: Final = (640, 480)  # most of COCO's
_SEED: Final = 83
_QUALITY: Final = 92


def photos_in(work: Path) -> Path:
    """Return the folder of the pictures; draw those that are missing."""
    folder = work / "photos"
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(COUNT):
        path = folder / f"{number:02}.jpg"
        if not path.exists():
            cv2.imwrite(str(path), _drawn(number), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return folder


def _drawn(number: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    shape = (SIZE_WH[1], SIZE_WH[0], 3)
    share = (number + 0.5) / COUNT
    found = draw(shape, np.dtype(np.uint8), (0, 255), share, _SEED + number)
    return found.astype(np.uint8)
