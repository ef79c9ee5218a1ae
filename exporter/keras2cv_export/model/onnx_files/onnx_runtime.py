"""The answers of ONNX Runtime to samples, from a child process that opens the file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from keras2cv.errors import MissingDependency, ModelError
from keras2cv.isolation import ChildLost, Conversation, Entry, Limits
from keras2cv_export.model.refused_sample import NoSuchRowError, SampleRefusedError

from .onnx_runtime_child import packed, unpacked

Array = np.ndarray[Any, Any]

NAME: Final = "ONNX Runtime"
_ENTRY: Final = Entry(
    "keras2cv_export.model.onnx_files.onnx_runtime_child:answer", ("keras2cv", "keras2cv_export")
)
_LIMITS: Final = Limits(300.0, start_seconds=120.0)
# onnxruntime/core/providers/cpu/tensor/gather.cc
_NO_SUCH_ROW: Final = re.compile(r"idx=-?\d+ must be within the inclusive range \[-?\d+,(\d+)\]")


def require_onnx_runtime(path: Path) -> None:
    """Refuse to judge an ONNX file by nothing.

    Raises:
        MissingDependency: ONNX Runtime is not installed.
    """
    if find_spec("onnxruntime") is None:
        raise MissingDependency(
            f"{path} is judged by {NAME}, which is not installed. Install onnxruntime, or give "
            "its inputs and outputs with --against answers.npz."
        )


class OnnxRuntime:
    """A model in a child process, which starts with the first question."""

    def __init__(self, path: Path, names: Sequence[str], *, exact: bool = False) -> None:
        """Ask for the answers of the file at `path`, whose inputs have these names.

        `exact`: those of ONNX' reference implementation in float64.
        """
        self._path, self._names, self._exact = path, tuple(names), exact
        self._child: Conversation | None = None

    def __call__(self, *arrays: Any) -> list[tuple[str, Array]]:
        """Return (name, array) of each output, in the file's order.

        Raises:
            ModelError: ONNX Runtime does not take the file, or crashes on it.
            SampleRefusedError: It cannot compute the model on these arrays.
        """
        require_onnx_runtime(self._path)
        inputs = {n: packed(np.asarray(a)) for n, a in zip(self._names, arrays, strict=True)}
        try:
            if self._child is None:
                self._child = Conversation(_ENTRY, _LIMITS)
                self._child.ask({"path": str(self._path.absolute()), "exact": self._exact})
            reply = self._child.ask({"inputs": inputs})
        except ChildLost as lost:
            raise ModelError(
                f"{NAME} {lost.how} on {self._path.name} ({lost.last_words}). "
                "Give answers of your own with --against answers.npz."
            ) from lost
        if "problem" in reply:
            raise self._refused(str(reply["problem"]))
        return [(name, unpacked(value)) for name, value in reply["outputs"].items()]

    def _refused(self, problem: str) -> SampleRefusedError:
        sentence = (
            f"{NAME} cannot compute the model {self._path.name!r} on a sample: {problem} Give "
            "samples that it takes, with --samples."
        )
        found = _NO_SUCH_ROW.search(problem)
        return (
            SampleRefusedError(sentence)
            if found is None
            else NoSuchRowError(sentence, int(found[1]) + 1)
        )

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.end()
            self._child = None

    def __del__(self) -> None:
        """End the child with the last reader."""
        self.close()
