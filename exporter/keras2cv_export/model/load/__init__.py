"""Open a Keras model from a file, a folder or memory, and describe its inputs and outputs.

    path -untrusted-> harmless? -own_code-> known? -from_file-> Keras model
    a Keras model                         -from_keras-> LoadedModel
    an .h5 that only Keras 2 reads        -from_keras_2-> LoadedModel
    a SavedModel folder                   -from_saved_model-> LoadedModel
    an ONNX file of another exporter      -from_onnx-> LoadedModel

`inputs`, `names` and `precision` find a Keras model's inputs, the names of its tensors, and the
type that it computes in.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from keras2cv.bundle.manifest import ModelSource
from keras2cv.errors import ModelError
from keras2cv_export.model.other_files import is_onnx, refuse_other_kinds
from keras2cv_export.model.place import require_model

from .from_file import file_model, hash_of
from .from_keras import keras_model
from .from_keras_2 import is_of_keras_2, keras_2_model
from .from_onnx import onnx_model
from .from_saved_model import saved_model
from .loaded import LoadedModel, Shapes
from .own_code import import_modules
from .precision import as_float32

__all__ = ["LoadedModel", "Shapes", "as_float32", "import_modules", "load_model"]


def load_model(
    model: Any,
    *,
    input_shapes: Shapes = None,
    batch: int = 1,
    unsafe: bool = False,
    imports: Sequence[str] = (),
    signature: str | None = None,
    answers: str | os.PathLike[str] | None = None,
) -> LoadedModel:
    """Open `model`: a live Keras model, a .keras, .h5 or .onnx file, or a SavedModel folder.

    Args:
        model: A Keras model, or the path of a file or folder.
        input_shapes: Sizes for open dimensions: {input name: shape with the batch}, or one shape.
        batch: The batch size to export with, where `input_shapes` leaves it open.
        unsafe: Whether the file may do more than compute: run code of its own (Lambda layers), read
            and write files.
        imports: Modules to import first, which define or register the model's own layers.
        signature: The signature of a SavedModel; None: `serving_default`, or the only one.
        answers: For an ONNX file, its inputs and outputs (.npz); None: ONNX Runtime answers.

    Raises:
        ModelError: The model cannot be opened, or not safely, or its shapes are not known.
    """
    import_modules(imports)
    if isinstance(model, str | os.PathLike):
        path = Path(model)
        require_model(path)
        refuse_other_kinds(path)
        if path.is_dir():
            return saved_model(path, input_shapes, batch, unsafe=unsafe, signature=signature)
        if is_onnx(path):
            found = ModelSource(path.name, "onnx", hash_of(path))
            given = None if answers is None else Path(answers)
            return onnx_model(path, found, input_shapes, batch, given)
        kind = "keras" if path.suffix == ".keras" else "h5"
        source = ModelSource(path.name, kind, hash_of(path))  # type: ignore[arg-type]
        return file_model(path, source, input_shapes, batch, unsafe=unsafe, imports=imports)
    if is_of_keras_2(model):
        return keras_2_model(model, ModelSource(str(model.name), "live"), input_shapes, batch)
    if not isinstance(model, keras.Model):
        raise ModelError(
            f"{type(model).__name__} is not a Keras model. "
            "Give a keras.Model, a .keras, .h5 or .onnx file, or a SavedModel folder."
        )
    return keras_model(model, ModelSource(str(model.name), "live"), input_shapes, batch)
