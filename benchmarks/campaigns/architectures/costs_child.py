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
            ours, plain = _seconds(
                lambda i=image: resize(i, TARGET_WH, "linear"),  # type: ignore[misc]
                lambda i=image: cv2.resize(i, TARGET_WH),  # type: ignore[misc]
            )
            found[f"{width}x{height}x{channels}"] = ours / plain
    return found


def _seconds(*calls: Callable[[], object]) -> list[float]:
    """Return the least time of each call; they take turns, so that a busy machine slows both."""
    least = [float("inf")] * len(calls)
    for turn in range(ROUNDS + 1):  # the first one prepares
        for number, call in enumerate(calls):
            start = process_time()
            call()
            if turn:
                least[number] = min(least[number], process_time() - start)
    return least


if __name__ == "__main__":
    cv2.setNumThreads(1)
    print(json.dumps(costs()))
