"""Run bundles and plain ONNX files in this Python's OpenCV (the child's side of the atlas).

Started as a file by Pythons that have cv2, NumPy and a copy of `keras2cv`, and nothing else. Each
job names the model, the engine, and an .npz with `in/<sample>/<input>` and `out/<sample>/<output>`
in Keras' layout.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

LIMIT = 1e-4  # max|got - Keras| / max|Keras|, in float32
FACTOR = 8.0  # what float32's rounding may be of TensorFlow's own: as `parity.exactness` has it


def answer(job: dict[str, Any], _: Callable[..., None]) -> dict[str, Any]:
    """Return the verdict on one job, as the child's entry."""
    warnings.simplefilter("ignore")  # bundles are `unverified`: this run verifies them
    return verdict_on(job)


def verdict_on(job: dict[str, Any]) -> dict[str, Any]:
    """Return the verdict on one job."""
    import cv2

    from keras2cv.errors import Keras2cvError
    from keras2cv.net.error_messages import condensed

    if not Path(job["io"]).exists():
        return {"verdict": "crash", "reason": "Keras itself gave no answer to compare with"}
    try:
        return judge(run_plain(job) if job["kind"] == "plain" else run_bundle(job), job["io"])
    except Keras2cvError as error:
        return {"verdict": "fails", "reason": " ".join(str(error).split())}
    except (cv2.error, SystemError) as error:
        return {"verdict": "fails", "reason": condensed(error)}
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return {"verdict": "crash", "reason": reason[:300]}


def samples(io: str) -> list[list[Any]]:
    """Return the inputs of every sample."""
    import numpy as np

    with np.load(io, allow_pickle=False) as arrays:
        count = 1 + max(int(name.split("/")[1]) for name in arrays.files)
        inputs = [name for name in arrays.files if name.startswith("in/0/")]
        return [[arrays[f"in/{i}/{k}"] for k in range(len(inputs))] for i in range(count)]


def run_bundle(job: dict[str, Any]) -> list[list[Any]]:
    """Return the outputs of `infer` for every sample."""
    import keras2cv

    model = keras2cv.load(job["path"], engine=job["engine"], check_hash=False)
    return [model.infer(*sample) for sample in samples(job["io"])]


def run_plain(job: dict[str, Any]) -> list[list[Any]]:
    """Feed Keras' arrays to a net under the net's own names, as a user would."""
    import cv2
    import numpy as np

    net = cv2.dnn.readNetFromONNX(job["path"])
    found = []
    for sample in samples(job["io"]):
        # A graph may have more inputs than the model: constants that conversion left open.
        for name, array in zip(job["inputs"], sample, strict=False):
            blob = np.ascontiguousarray(array, np.float32)
            mat = cv2.Mat(blob) if blob.ndim == 3 else blob  # type: ignore[no-untyped-call]
            net.setInput(mat, name) if len(sample) > 1 else net.setInput(mat)
        found.append([np.array(array) for array in net.forward(job["outputs"])])
    return found


def judge(found: list[list[Any]], io: str, limit: float = LIMIT) -> dict[str, Any]:
    """Compare with Keras' outputs: the worst of all decides.

    Where the exact answers are there, an output passes too if it is as near to its exact answer as
    TensorFlow's, within a factor: float32 can do no better.
    """
    import numpy as np

    worst = beyond = 0.0
    with np.load(io, allow_pickle=False) as arrays:
        for i, outputs in enumerate(found):
            for k, got in enumerate(outputs):
                expected = arrays[f"out/{i}/{k}"]
                if [n for n in got.shape if n != 1] != [n for n in expected.shape if n != 1]:
                    reason = f"the shape {got.shape}, and Keras gives {expected.shape}"
                    return {"verdict": "wrong", "reason": reason}
                off = distance(got.reshape(expected.shape), expected)
                worst = max(worst, off)
                exact = arrays.get(f"exact/{i}/{k}")
                if off > limit and not (exact is not None and is_rounding(got, expected, exact)):
                    beyond = max(beyond, off)
    if beyond == 0.0:
        return {"verdict": "pass", "error": worst}
    reason = f"off by {worst:.1e} of the largest value" if math.isfinite(worst) else "NaN"
    return {"verdict": "wrong", "error": worst if math.isfinite(worst) else None, "reason": reason}


def is_rounding(got: Any, expected: Any, exact: Any) -> bool:
    """Return whether `got` is as near to the exact answer as Keras' float32, within a factor."""
    return distance(got.reshape(exact.shape), exact) <= FACTOR * distance(expected, exact)


def distance(got: Any, expected: Any) -> float:
    """Return max|got - expected| / max|expected|; infinite for a NaN that Keras does not have."""
    import numpy as np

    got, expected = np.asarray(got, np.float64), np.asarray(expected, np.float64)
    if not np.array_equal(np.isfinite(got), np.isfinite(expected)):
        return math.inf
    known = np.isfinite(expected)
    if not known.any():
        return math.inf
    scale = max(float(np.abs(expected[known]).max()), 1e-30)
    return float(np.abs(got[known] - expected[known]).max()) / scale
