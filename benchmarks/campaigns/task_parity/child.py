"""Predict images with bundles in this Python's OpenCV: `python child.py JOBS.json`.

Started as a file by Pythons that have cv2, NumPy and a copy of `keras2cv`, and nothing else. A job
names a bundle, an engine, an .npz of images and where to write the answers, as
`<image>/<part of the answer>`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

_PARTS = ("boxes_xyxy", "scores", "class_ids", "label_map")


def main(jobs_file: str) -> int:
    """Do every job, and say so in a JSON line."""
    with Path(jobs_file).open(encoding="utf-8") as file:
        jobs = json.load(file)
    for job in jobs:
        print(json.dumps({"job": job["job"], "started": True}), flush=True)
        print(json.dumps({"job": job["job"], "problem": answer(job)}), flush=True)
    return 0


def answer(job: dict[str, Any]) -> str:
    """Write the answers of one job; return why there are none, or nothing."""
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
