"""What the right pixels cost a machine, printed as JSON: `python costs_child.py`.

Processor time of keras2cv's `linear` by that of `cv2.resize`, for each size: other processes take
an emulated machine's turn away too often for a clock to be of use.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from time import process_time

import cv2

from keras2cv.pixels.resize import resize
from keras2cv.pixels.resize.canary import noise

SIZES = ((640, 480), (500, 375), (1280, 720), (256, 256))
TARGET_WH = (224, 224)
ROUNDS = 15


def costs() -> dict[str, float]:
    """Return the ratio for each size, colour and gray."""
    found = {}
    for width, height in SIZES:
        for channels in (3, 1):
            image = noise((width, height), channels)
            ours = _seconds(lambda i=image: resize(i, TARGET_WH, "linear"))  # type: ignore[misc]
            plain = _seconds(lambda i=image: cv2.resize(i, TARGET_WH))  # type: ignore[misc]
            found[f"{width}x{height}x{channels}"] = ours / plain
    return found


def _seconds(call: Callable[[], object]) -> float:
    call()
    measured = []
    for _ in range(ROUNDS):
        start = process_time()
        call()
        measured.append(process_time() - start)
    return min(measured)


if __name__ == "__main__":
    cv2.setNumThreads(1)
    print(json.dumps(costs()))
