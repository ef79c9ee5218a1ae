"""OpenCV in a process of its own, for many bundles: it may crash on one, and goes on with the next.

    child = Child()
    child.worst_error(folder, "new")      # of max|reference|, over samples and outputs

`folder` is a bundle, and beside it lies `answers.npz` with what went into TensorFlow and what came
out: in/<sample>/<input>, out/<sample>/<output>.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ANSWERS = "answers.npz"
TIMEOUT_S = 120.0
_SOURCES = Path(__file__).parents[2] / "runtime"


class Child:
    """A process that loads bundles and compares their answers; restarted when it dies."""

    def __init__(
        self, python: str = sys.executable, environment: Mapping[str, str] | None = None
    ) -> None:
        """Take note of who runs: this Python, or one with another OpenCV and its environment."""
        self._python = python
        self._environment = environment or {**os.environ, "PYTHONPATH": str(_SOURCES)}
        self._process: subprocess.Popen[str] | None = None

    def worst_error(self, folder: Path, engine: str) -> float:
        """Return the largest |difference| over max |reference|, of all samples and outputs.

        Raises:
            AssertionError: OpenCV refuses the net, crashes on it, hangs, or answers with another
                shape or dtype than Keras.
        """
        process = self._process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        alarm = threading.Timer(TIMEOUT_S, process.kill)
        alarm.start()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps({"folder": str(folder), "engine": engine}) + "\n")
            process.stdin.flush()
        line = _answer(process.stdout)
        alarm.cancel()
        if line is None:
            code = process.wait()
            self.close()
            raise AssertionError(f"OpenCV's process ended with {code}: it crashed or hung")
        if "problem" in line:
            raise AssertionError(line["problem"])
        return float(line["error"])

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self._python, __file__],
            env=dict(self._environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )


def _answer(stdout: Any) -> dict[str, Any] | None:
    """Return the child's next answer, or None when it is gone; cv2 may print there too."""
    for line in stdout:
        if line.startswith('{"'):
            return dict(json.loads(line))
    return None


def _serve() -> None:
    """Answer one line of stdin after another."""
    import cv2

    from keras2cv.errors import Keras2cvError, Keras2cvWarning

    cv2.setNumThreads(2)
    warnings.simplefilter("ignore", Keras2cvWarning)  # nobody has verified these bundles yet
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer: dict[str, Any] = {"error": _compare(question["folder"], question["engine"])}
        except (Keras2cvError, ValueError) as error:
            answer = {"problem": str(error)}
        print(json.dumps(answer), flush=True)


def _compare(folder: str, engine: str) -> float:
    import numpy as np

    import keras2cv

    model = keras2cv.load(folder, engine=engine)
    worst = 0.0
    with np.load(Path(folder).parent / ANSWERS) as arrays:
        samples = {name.split("/")[1] for name in arrays if name.startswith("in/")}
        for i in sorted(samples):
            found = model.infer(*[arrays[f"in/{i}/{k}"] for k in range(len(model.input_names))])
            for k, got in enumerate(found):
                wanted = arrays[f"out/{i}/{k}"]
                if (got.shape, got.dtype) != (wanted.shape, wanted.dtype):
                    here, there = (got.shape, got.dtype), (wanted.shape, wanted.dtype)
                    raise ValueError(f"output {k} is {here} in OpenCV and {there} in Keras")
                difference = np.abs(got.astype(float) - wanted.astype(float)).max()
                worst = max(worst, float(np.nan_to_num(difference / _scale(wanted), nan=np.inf)))
    return worst


def _scale(wanted: Any) -> float:
    return max(float(abs(wanted.astype(float)).max()), 1e-30)


if __name__ == "__main__":
    _serve()
