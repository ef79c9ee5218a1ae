"""Load an ONNX file in one OpenCV, run it on one sample, and time it: cv2 and NumPy alone.

    python child.py FILE SAMPLE.npz ENGINE

SAMPLE.npz holds `in/NAME` and `out/NAME` for the names of the file. It prints one JSON map:
`error`, or `worst`, the largest difference relative to the largest number, `load_ms` and `run_ms`.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import cv2
import numpy as np


def read(path: str, engine: str) -> Any:
    """Return the net, on the engine where there are several."""
    chosen = getattr(cv2.dnn, f"ENGINE_{engine.upper()}", None)
    return cv2.dnn.readNetFromONNX(path, chosen) if chosen else cv2.dnn.readNetFromONNX(path)


def run(net: Any, inputs: dict[str, Any], names: list[str]) -> Any:
    """Return the outputs; an array of three axes is said to have no channels."""
    for name, array in inputs.items():
        as_mat: Any = getattr(cv2, "Mat", None)
        plain = array.ndim == 3 and as_mat is not None
        net.setInput(as_mat(array, wrap_channels=False) if plain else array, name)
    return net.forward(names)


def difference(theirs: Any, ours: Any) -> float:
    """Return the largest difference, relative to the largest number."""
    if theirs.size != np.asarray(ours).size:
        raise ValueError(f"it gives {np.asarray(ours).shape}, not {theirs.shape}")
    a, b = theirs.reshape(-1).astype(np.float64), np.asarray(ours).reshape(-1).astype(np.float64)
    return float(np.abs(a - b).max() / max(1e-30, np.abs(a).max()))


def main() -> None:
    """Try the file, with whole numbers as floats first, as 4.x takes them."""
    path, sample, engine = sys.argv[1:4]
    arrays = np.load(sample)
    inputs = {k[3:]: arrays[k] for k in arrays.files if k.startswith("in/")}
    outputs = {k[4:]: arrays[k] for k in arrays.files if k.startswith("out/")}
    names = list(outputs)
    found: dict[str, Any] = {"error": ""}
    for cast in (np.float32, None):
        try:
            started = time.perf_counter()
            net = read(path, engine)
            loaded = time.perf_counter()
            given = {k: np.ascontiguousarray(a.astype(cast or a.dtype)) for k, a in inputs.items()}
            results = run(net, given, names)
            worst = max(difference(outputs[n], r) for n, r in zip(names, results, strict=True))
            times = []
            for _ in range(15):
                begun = time.perf_counter()
                run(net, given, names)
                times.append(time.perf_counter() - begun)
            again = {
                "worst": worst,
                "load_ms": 1e3 * (loaded - started),
                "run_ms": 1e3 * np.median(times),
            }
            if "worst" not in found or worst < found["worst"]:
                found = again
        except Exception as error:
            if "worst" not in found:
                found = {"error": " ".join(str(error).split())[:200]}
    print(json.dumps(found))


if __name__ == "__main__":
    cv2.setNumThreads(2)
    main()
