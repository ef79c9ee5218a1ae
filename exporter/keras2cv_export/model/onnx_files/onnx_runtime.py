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

    def __init__(
        self, path: Path, names: Sequence[str], *, exact: bool = False, inside: Sequence[str] = ()
    ) -> None:
        """Ask for the answers of a file.

        Args:
            path: The file.
            names: Of its inputs.
            exact: Ask ONNX' reference implementation, in float64.
            inside: Values that are no outputs, and may be asked for.
        """
        self._path, self._names, self._exact = path, tuple(names), exact
        self._inside = tuple(inside)
        self._child: Conversation | None = None

    def __call__(self, *arrays: Any) -> list[tuple[str, Array]]:
        """Return (name, array) of each output, in the file's order.

        Raises:
            ModelError: ONNX Runtime does not take the file, or crashes on it.
            SampleRefusedError: It cannot compute the model on these arrays.
        """
        return self._ask(arrays, None)

    def values(self, arrays: Sequence[Any], wanted: Sequence[str]) -> dict[str, Array]:
        """Return values of the file by name: those of `inside` that are floating-point arrays.

        Raises:
            ModelError: ONNX Runtime does not take the file, or crashes on it.
            SampleRefusedError: It cannot compute the model on these arrays.
        """
        return dict(self._ask(arrays, wanted))

    def _ask(self, arrays: Sequence[Any], wanted: Sequence[str] | None) -> list[tuple[str, Array]]:
        require_onnx_runtime(self._path)
        inputs = {n: packed(np.asarray(a)) for n, a in zip(self._names, arrays, strict=True)}
        try:
            if self._child is None:
                self._child = Conversation(_ENTRY, _LIMITS)
                opened = {"path": str(self._path.absolute()), "exact": self._exact}
                self._child.ask({**opened, "inside": self._inside})
            asked = {} if wanted is None else {"wanted": list(wanted)}
            reply = self._child.ask({"inputs": inputs, **asked})
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
