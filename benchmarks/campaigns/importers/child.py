"""Run probes in this Python's OpenCV (the child's side of `measure.py`).

Started as a file, by any Python that has cv2 and NumPy. A job names an engine, the file with
`engine_options`, and the stem of an .onnx file, with an .npz beside it: in/RUN/NAME, out/RUN/NAME.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from runpy import run_path
from typing import Any

import cv2
import numpy as np


def answer(job: dict[str, str], _: Callable[..., None]) -> dict[str, float | str]:
    """Return the error of the probe "stem" in an engine, relative to max|out|, or cv2's message."""
    cv2.setNumThreads(1)
    try:
        return {"error": _error(Path(job["stem"]), job["engine"], job["asking"])}
    except Exception as error:  # of any kind: the probe has no answer
        return {"error": str(error)[-200:] or type(error).__name__}


def _error(stem: Path, engine: str, asking: str) -> float:
    """Return the largest error of all runs and outputs; 1e9 for another shape, or no number."""
    options = run_path(asking)["engine_options"](cv2)
    net = cv2.dnn.readNetFromONNX(str(stem.with_suffix(".onnx")), **options[engine])
    worst = 0.0
    with np.load(stem.with_suffix(".npz")) as arrays:
        for run in sorted({name.split("/")[1] for name in arrays.files}):
            for name in (n for n in arrays.files if n.startswith(f"in/{run}/")):
                net.setInput(_as_mat(arrays[name]), name.split("/", 2)[2])
            wanted = {n.split("/", 2)[2]: arrays[n] for n in arrays.files if f"out/{run}/" in n}
            got = net.forward(list(wanted))
            worst = max(worst, *map(_distance, got, wanted.values()))
    return worst


def _distance(got: Any, wanted: Any) -> float:
    shape = got.shape if wanted.ndim > 1 else got.shape[: wanted.ndim]  # up to 4.14, n is (n, 1)
    if shape != wanted.shape or got.size != wanted.size:
        return 1e9
    difference = np.abs(got.reshape(wanted.shape).astype(np.float64) - wanted).max()
    largest = np.abs(wanted).max() or 1.0  # all zeros are a right answer, too
    return float(difference / largest) if np.isfinite(difference) else 1e9


def _as_mat(array: Any) -> Any:
    """Wrap an array as a Mat: up to 4.10, a bare one of rank 3 means an image with channels."""
    return cv2.Mat(array) if array.ndim == 3 else array  # type: ignore[no-untyped-call]
