"""Open a .keras or .h5 file, after a look into it before Keras runs anything of it."""

from __future__ import annotations

import gc
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import keras

from keras2cv.bundle.manifest import ModelSource
from keras2cv.bundle.reading import sha256_of
from keras2cv.errors import ModelError
from keras2cv_export.model.config import Saved, foreign_classes, read_saved
from keras2cv_export.model.untrusted.danger import refuse
from keras2cv_export.model.untrusted.dangers import dangers

from .allocation import no_more_weights
from .changed_meanings import changed_meanings, is_older
from .from_keras import keras_model
from .from_keras_2 import (
    Keras2File,
    has_tf_keras,
    is_of_keras_2,
    legacy_model,
    meant_for_keras_2,
)
from .lambda_code import refuse_other_bytecode
from .lambda_names import names_given
from .loaded import LoadedModel, Shapes
from .own_code import own_objects, refuse_unknown
from .stored_weights import weights_in_place, weights_not_drawn
from .unknown_layers import unreadable

_MANY_BYTES: Final = 2**25  # more than a search of all objects for cycles is worth


def hash_of(path: Path) -> str:
    """Return the sha256 of a model's file.

    Raises:
        ModelError: There is no file, or it cannot be read.
    """
    if not path.is_file():
        raise ModelError(f"There is no model at {path}. Check the path.")
    try:
        return sha256_of(path)
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read ({error.strerror}). Check its permissions."
        ) from error


def file_model(
    path: Path,
    source: ModelSource,
    shapes: Shapes,
    batch: int,
    *,
    unsafe: bool,
    imports: Sequence[str],
) -> LoadedModel:
    """Open a .keras or .h5 file.

    Args:
        path: The file.
        source: Its record in the manifest.
        shapes: Sizes for open dimensions, as `load_model` takes them.
        batch: The batch size where the shapes leave it open.
        unsafe: Whether the file may run code of its own.
        imports: Modules to import first, which define the model's own layers.

    Raises:
        ModelError: It is no model, carries code, or names classes that are not known here.
    """
    saved = read_saved(path)
    _check_suffix(path)
    refuse(path, dangers(saved.config), unsafe)
    refuse_other_bytecode(path, saved.config)
    own = own_objects(imports, saved.config)
    refuse_unknown(path, saved.config, own, imports)
    keras_2 = Keras2File(
        path, source, saved.config, saved.keras_version, saved.weight_bytes, own, unsafe, imports
    )
    if reasons := _reasons_for_keras_2(source, saved, own):
        return meant_for_keras_2(keras_2, shapes, batch, reasons)
    try:
        with (
            weights_not_drawn(),
            names_given(keras, imports),
            no_more_weights(keras.layers.Layer, path, saved.weight_bytes),
            weights_in_place(),
        ):
            model = keras.saving.load_model(path, own, compile=False, safe_mode=not unsafe)
    except ModelError:
        raise
    except Exception as error:  # Keras raises any error of a layer's constructor
        if source.kind != "h5" and not is_older(saved.keras_version):
            reader = f"Keras {keras.__version__} cannot"
            raise unreadable(path, reader, error, saved.config, saved.keras_version) from error
        return legacy_model(keras_2, shapes, batch, error)
    if saved.weight_bytes > _MANY_BYTES:
        gc.collect()  # Keras' reader holds its arrays in cycles
    return keras_model(model, source, shapes, batch)


def _reasons_for_keras_2(source: ModelSource, saved: Saved, own: Mapping[str, Any]) -> list[str]:
    """Return why Keras 3 must not open a file, each a half sentence."""
    if not is_older(saved.keras_version):
        return []
    reasons = changed_meanings(saved.config)
    if source.kind == "keras" and saved.keras_version is not None and has_tf_keras():
        reasons.append("Keras 3 reads .keras files of Keras 2 in part")
    called = set(foreign_classes(saved.config))
    named = sorted(name for name, thing in own.items() if name in called and is_of_keras_2(thing))
    return reasons + [f"{', '.join(named)} derived from its layers"] * bool(named)


def _check_suffix(path: Path) -> None:
    """Raise ModelError if Keras would mistake the file's format for another because of its name."""
    legal = (".keras",) if zipfile.is_zipfile(path) else (".h5", ".hdf5")
    if path.suffix not in legal:
        raise ModelError(
            f"{path} holds a {legal[0]} model, which Keras does not recognise by this name. "
            f"Rename it to {path.with_suffix(legal[0]).name}."
        )
