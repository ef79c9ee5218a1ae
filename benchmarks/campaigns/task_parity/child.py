"""Predict images with bundles in this Python's OpenCV (the child's side of `sweep.py`).

Started as a file by Pythons that have cv2, NumPy and a copy of `keras2cv`, and nothing else. A job
names a bundle, an engine, an .npz of images and the file for the answers, stored as `<image>/<part
of the answer>`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

_PARTS = ("boxes_xyxy", "scores", "class_ids", "label_map")


def answer(job: dict[str, Any], _: Callable[..., None]) -> dict[str, str]:
    """Do one job; return {"problem": why there are no answers, or ""}."""
    return {"problem": predict(job)}


def predict(job: dict[str, Any]) -> str:
    """Write the answers of one job; return why there are none, or ""."""
    import numpy as np

    import keras2cv
    from keras2cv.bundle.npz import read_npz

    try:
        model = keras2cv.load(job["bundle"], engine=job["engine"])
        if model.engine != job["engine"]:
            return f"the {model.engine} engine ran"
        found = {
            f"{name}/{part}": getattr(result, part)
            for name, image in read_npz(Path(job["images"])).items()
            for result in [model.predict(image)]
            for part in _PARTS
            if hasattr(result, part)
        }
    except keras2cv.Keras2cvError as error:
        return " ".join(str(error).split())
    np.savez(job["answers"], **found)
    return ""
