"""Play an OpenCV that does not exist yet, in every process that finds this file at its start.

KERAS2CV_PLAYED_OPENCV names it:

    next      5.1 with one engine, the new one, called ENGINE_OPENCV, and no TensorFlow importer
    renamed   5.1 with both engines of 5.0, under other names and numbers

`pytest --opencv-like next` sets it, and the PYTHONPATH by which children find this file.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any

VARIABLE = "KERAS2CV_PLAYED_OPENCV"
_READERS = ("readNet", "readNetFromONNX", "readNetFromTensorflow")
_NEW, _CLASSIC, _AUTO = 2, 1, 3  # OpenCV 5.0's numbers


def play(cv2: Any, which: str) -> None:
    """Change the module `cv2` of OpenCV 5.0 in place, once."""
    if hasattr(cv2.dnn, "ENGINE_OPENCV") or not cv2.__version__.startswith("5.0"):
        return
    cv2.__version__ = "5.1.0"
    for name in [name for name in vars(cv2.dnn) if name.startswith("ENGINE_")]:
        delattr(cv2.dnn, name)
    numbers = _ENGINES[which]
    for name, (number, _) in numbers.items():
        setattr(cv2.dnn, name, number)
    if which == "next":
        del cv2.dnn.readNetFromTensorflow
    real = dict(numbers.values())
    for name in _READERS:
        if hasattr(cv2.dnn, name):
            setattr(cv2.dnn, name, _reader(cv2, getattr(cv2.dnn, name), real))


# Constant -> its number, and the number of the engine of 5.0 that plays it.
_ENGINES: dict[str, dict[str, tuple[int, int]]] = {
    "next": {"ENGINE_OPENCV": (2, _NEW), "ENGINE_AUTO": (3, _NEW)},
    "renamed": {
        "ENGINE_OPENCV": (7, _NEW),
        "ENGINE_LEGACY": (5, _CLASSIC),
        "ENGINE_AUTO": (9, _AUTO),
    },
}


def _reader(cv2: Any, read: Any, real: dict[int, int]) -> Any:
    def played(*args: Any, engine: int | None = None, **named: Any) -> Any:
        if engine is None:
            engine = max(real)  # ENGINE_AUTO
        if engine not in real:
            raise cv2.error(f"Invalid DNN engine selected! {engine}")
        return read(*args, engine=real[engine], **named)

    return played


class _Finder:
    """Finds cv2 where it lies, and plays when it is whole."""

    depth = 0  # cv2's package imports its compiled module under the same name

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name == "cv2" else None
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader:
    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> Any:
        return self._loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        _Finder.depth += 1
        try:
            self._loader.exec_module(module)
        finally:
            _Finder.depth -= 1
        whole = sys.modules.get("cv2", module)
        if _Finder.depth == 0 and hasattr(whole, "dnn"):
            play(whole, os.environ[VARIABLE])


if os.environ.get(VARIABLE):
    sys.meta_path.insert(0, _Finder())  # type: ignore[arg-type]
