"""OpenCV in a process of its own, for many bundles: it may crash on one, and goes on with the next.

    child = Child()
    child.worst_error(folder, "new")      # of max|reference|, over samples and outputs

`folder` is a bundle, with `answers.npz` beside it: TensorFlow's inputs and outputs,
in/<sample>/<input> and out/<sample>/<output>.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from keras2cv.errors import Keras2cvError, Keras2cvWarning
from keras2cv.isolation import ChildLost, Conversation, Entry, Limits

ANSWERS = "answers.npz"
TIMEOUT_S = 120.0
_SOURCES = Path(__file__).parents[2] / "runtime"


class Child:
    """A process that loads bundles and compares their answers; restarted when it dies."""

    def __init__(
        self, python: str = sys.executable, environment: Mapping[str, str] | None = None
    ) -> None:
        """Keep the Python that runs: this one, or one with another OpenCV and its environment."""
        paths = os.pathsep.join([str(_SOURCES), os.environ.get("PYTHONPATH", "")])
        variables = environment or {**os.environ, "PYTHONPATH": paths}
        self._entry = Entry(f"{Path(__file__).resolve()}:answer", (), python, variables)
        self._process: Conversation | None = None

    @property
    def pid(self) -> int:
        """The number of the process that runs."""
        assert self._process is not None
        return self._process.pid

    def worst_error(self, folder: Path, engine: str) -> float:
        """Return the largest |difference| over max |reference|, of all samples and outputs.

        Raises:
            AssertionError: OpenCV refuses the net, crashes on it, hangs, or answers with another
                shape or dtype than Keras.
        """
        self._process = self._process or Conversation(self._entry, Limits(TIMEOUT_S))
        try:
            reply = self._process.ask({"folder": str(folder), "engine": engine})
        except ChildLost as lost:
            self.close()
            raise AssertionError(f"OpenCV's process {lost.how}: {lost.last_words}") from lost
        if "problem" in reply:
            raise AssertionError(reply["problem"])
        return float(reply["error"])

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.end()
            self._process = None


ChildOf = Callable[[str], Child]
"""Gives a child with an older OpenCV; skips the test where none can be had."""


def answer(question: Mapping[str, str], _: Callable[..., None]) -> dict[str, Any]:
    """Compare one bundle's answers, as the child's entry."""
    import cv2

    cv2.setNumThreads(2)
    warnings.simplefilter("ignore", Keras2cvWarning)  # nobody has verified these bundles yet
    try:
        return {"error": _compare(question["folder"], question["engine"])}
    except (Keras2cvError, ValueError) as error:
        return {"problem": str(error)}


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
