"""Run bundles, whose folders come on stdin, in this Python's OpenCV: a fork for each."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import warnings
from pathlib import Path

import cv2
import numpy as np

from keras2cv.bundle.reading import read_bundle
from keras2cv.errors import Keras2cvError
from keras2cv.predictor import Predictor

_PERTURB = -6  # M_PERTURB of malloc.h
_LIMIT_S = 60


def attempt(folder: Path) -> str:
    """Return "answer", "refused" or what is wrong."""
    warnings.simplefilter("ignore")
    answers = []
    try:
        bundle = read_bundle(folder)
        for fill in (85, 170):
            ctypes.CDLL(None).mallopt(_PERTURB, fill)
            model = Predictor(bundle)
            rng = np.random.default_rng(1)
            shapes = [(t.keras_shape, t.dtype) for t in model.manifest.own_inputs]
            if sum(np.prod(shape) for shape, _ in shapes) > 2**22:
                return "refused"
            inputs = [rng.integers(0, 2, shape).astype(dtype) for shape, dtype in shapes]
            answers.append(model.infer(*inputs))
    except Keras2cvError as error:
        return "refused" if "\n" not in str(error) else f"not one line: {error}"
    except Exception as error:  # any kind: the campaign looks for them
        return f"{type(error).__name__}: {error}"
    pairs = zip(*answers, strict=True)
    same = all(np.array_equal(one, other, equal_nan=True) for one, other in pairs)
    return "answer" if same else "memory in an answer"


def main() -> None:
    """Print a JSON line for each."""
    cv2.setNumThreads(1)
    for line in sys.stdin.read().split("\n"):
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
                signal.alarm(_LIMIT_S)
                os.write(writing, attempt(Path(line)).encode()[:2000])
            finally:
                os._exit(0)
        os.close(writing)
        verdict = os.read(reading, 4096).decode()
        os.close(reading)
        _, status = os.waitpid(pid, 0)
        if os.WIFSIGNALED(status):
            verdict = signal.Signals(os.WTERMSIG(status)).name
        print(json.dumps({"bundle": Path(line).name, "verdict": verdict}), flush=True)


if __name__ == "__main__":
    main()
