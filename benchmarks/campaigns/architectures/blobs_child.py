"""The blobs that a machine makes, printed as JSON: `python blobs_child.py`."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import cv2
import numpy as np

from keras2cv.pixels.preprocess import Preprocessor
from keras2cv.pixels.preprocessing import Preprocessing
from keras2cv.pixels.resize import canary

INTERPOLATIONS = ("nearest", "linear", "area", "cubic", "lanczos4", "tf-bilinear")
RULES = ("stretch", "letterbox", "center-crop", "pad")
SIZES = (((131, 97), (64, 48)), ((66, 66), (64, 64)), ((96, 128), (48, 64)), ((40, 30), (64, 64)))


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


if __name__ == "__main__":
    cv2.setNumThreads(1)
    routes = {c: canary.linear_route(c) for c in (1, 3)}
    print(json.dumps({"opencv": cv2.__version__, "routes": routes, "blobs": blobs()}))
