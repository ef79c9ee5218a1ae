"""Whether a model is opened in a child process: a path is, unless that could not work."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from keras2cv.isolation import confinement
from keras2cv_export.model.other_files import is_onnx

HERE: Final = "KERAS2CV_OPEN_HERE"
"""The variable by which a program has its models opened in its own process, as for a debugger."""


def needs_child(model: Any, *, unsafe: bool) -> bool:
    """Whether `model` is a file or folder for Keras or TensorFlow, and a child can lose its rights.

    ONNX files have children of their own, and answers in an .npz are arrays. A program that has
    called `own_process` loses its own rights instead.

    Args:
        model: As `export` and `check` take it.
        unsafe: Whether the user trusts it.
    """
    if unsafe or not isinstance(model, str | os.PathLike) or os.environ.get(HERE):
        return False
    if confinement.version() == 0 or confinement.can_confine():
        return False
    path = Path(model)
    return path.suffix != ".npz" and (path.is_dir() or not is_onnx(path))


def knows_any(names: Iterable[str]) -> bool:
    """Whether the user's program has registered one of these classes or functions in a Keras.

    They are the program's own code. No child knows them, and they run in the program's process.
    """
    libraries = [sys.modules[name] for name in ("keras", "tf_keras") if name in sys.modules]
    known = {name for one in libraries for name in one.saving.get_custom_objects()}
    known |= {name.rpartition(">")[2] for name in known}
    return any({name, name.rpartition(".")[2], name.rpartition(">")[2]} & known for name in names)
