"""How this OpenCV's own resizes differ from those of OpenCV's wheels for x86-64."""

from __future__ import annotations

import re
from collections.abc import Iterator
from time import perf_counter
from typing import Final

import cv2

from keras2cv.pixels.resize import canary, resize
from keras2cv.pixels.resize.canary import noise

_CHANNELS: Final = {3: "colour", 1: "gray"}
_SOURCE_WH, _TARGET_WH = (640, 480), (224, 224)
_ROUNDS: Final = 5


def resize_faults() -> Iterator[str]:
    """Yield a line for each way in which they differ; none on most machines."""
    wrong = [channels for channels in _CHANNELS if canary.linear_route(channels) != "cv2"]
    if wrong:
        kinds = " and ".join(_CHANNELS[channels] for channels in wrong)
        costs = " and ".join(f"{_cost(channels):.1f}" for channels in wrong)
        yield (
            f"this OpenCV resizes 8-bit {kinds} images differently from others "
            f"({_vendor()}), with INTER_LINEAR and in blobFromImage; keras2cv takes another "
            f"route, {costs} times the cost"
        )
        yield (
            "builds with KleidiCV also read past the end of images there, and may crash: "
            "in code of your own, give cv2.resize a view into a larger array"
        )
    if not all(map(canary.area_is_exact, _CHANNELS)):
        yield "INTER_AREA rounds some pixels differently; keras2cv computes those again"


def _vendor() -> str:
    """Return what this OpenCV is built with for such calls, in its own words."""
    found = re.search(r"Custom HAL:\s*YES\s*\((.*)\)", cv2.getBuildInformation())
    return found.group(1) if found else "no library for it is named in its build information"


def _cost(channels: int) -> float:
    """Return the time of keras2cv's route by that of the plain call."""
    image = noise(_SOURCE_WH, channels)
    ours, plain = [], []
    for _ in range(_ROUNDS):
        start = perf_counter()
        resize(image, _TARGET_WH, "linear")
        middle = perf_counter()
        cv2.resize(image, _TARGET_WH, interpolation=cv2.INTER_LINEAR)
        plain.append(perf_counter() - middle)
        ours.append(middle - start)
    return min(ours) / min(plain)
