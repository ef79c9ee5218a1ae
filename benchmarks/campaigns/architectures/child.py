"""What a machine computes, printed as JSON: `python child.py TARGETS STEP`."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import sys
from typing import Any

import cv2
import numpy as np

from keras2cv.pixels.preprocess import Preprocessor
from keras2cv.pixels.preprocessing import Preprocessing
from keras2cv.pixels.resize import canary, resize

INTERPOLATIONS = ("nearest", "linear", "area", "cubic", "lanczos4", "tf-bilinear")
RULES = ("stretch", "letterbox", "center-crop", "pad")
SIZES = (((131, 97), (64, 48)), ((66, 66), (64, 64)), ((96, 128), (48, 64)), ((40, 30), (64, 64)))
PAGE = 4096
READ_WRITE, PRIVATE_ANONYMOUS = 3, 0x22


def blobs() -> dict[str, str]:
    """Return a digest of the blob for each rule, interpolation, depth, colour and size."""
    found = {}
    for rule in RULES:
        for interpolation in INTERPOLATIONS:
            for color in ("RGB", "GRAY"):
                for source_wh, size_wh in SIZES:
                    for dtype in ("uint8", "uint16"):
                        blob = _blob(rule, interpolation, color, source_wh, size_wh, dtype)
                        name = f"{rule} {interpolation} {color} {dtype} {source_wh}->{size_wh}"
                        # Half of 1e-6, of pixels of 0 to 255, is far above what float32 rounds.
                        digest = np.rint(blob * 64).astype(np.int32).tobytes()
                        found[name] = hashlib.sha256(digest).hexdigest()
    return found


def _blob(
    rule: Any, interpolation: str, color: Any, source_wh: Any, size_wh: Any, dtype: str
) -> Any:
    channels = 1 if color == "GRAY" else 3
    pad = 7 if rule in ("letterbox", "pad") else None
    rules = Preprocessing(
        "x", color, size_wh, rule, interpolation, (0.0,) * channels, 1.0, (1.0,) * channels, "", pad
    )  # fmt: skip
    image: Any = canary.noise(source_wh, 3)
    return Preprocessor(rules)([image.astype(np.uint16) * 257 if dtype == "uint16" else image])


def crashes(targets: list[int], step: int) -> dict[str, int]:
    """Return how many resizes per kind read past the end of an image, of how many."""
    cases = [
        ((target + n, target + other), target, channels)
        for target in targets
        for n in range(1, 65, step)
        for other in (n, 2 * n + 1)
        for channels in (1, 3, 4)
    ]
    kinds = {"plain": None, "linear": "linear", "area": "area", "nearest": "nearest"}
    counted = {kind: sum(_dies(name, *case) for case in cases) for kind, name in kinds.items()}
    return {**counted, "cases": len(cases)}


def _dies(name: str | None, source_wh: tuple[int, int], target: int, channels: int) -> bool:
    child = os.fork()
    if not child:
        image = _guarded(np.array(canary.noise(source_wh, channels)))
        if name is None:
            cv2.resize(image, (target, target))
        else:
            resize(image, (target, target), name)
        os._exit(0)
    return os.waitpid(child, 0)[1] != 0


def _guarded(image: Any) -> Any:
    """Return a copy that ends where a page without rights begins."""
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    pages = -(-image.nbytes // PAGE) * PAGE
    start = libc.mmap(None, pages + PAGE, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0)
    libc.mprotect(start + pages, PAGE, 0)
    place = (ctypes.c_uint8 * image.nbytes).from_address(start + pages - image.nbytes)
    copy = np.frombuffer(place, np.uint8).reshape(image.shape)
    copy[:] = image
    return copy


if __name__ == "__main__":
    cv2.setNumThreads(1)
    targets = [int(word) for word in sys.argv[1].split(",")]
    print(
        json.dumps(
            {
                "opencv": cv2.__version__,
                "routes": {c: canary.linear_route(c) for c in (1, 3)},
                "blobs": blobs(),
                "crashes": crashes(targets, int(sys.argv[2])) if targets[0] else {},
            }
        )
    )
