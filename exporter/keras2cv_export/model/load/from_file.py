"""Open a .keras or .h5 file, after a look into it before Keras runs anything of it."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import keras

from keras2cv.bundle.manifest import ModelSource
from keras2cv.bundle.reading import sha256_of
from keras2cv.errors import ModelError
from keras2cv_export.model.config import read_saved
from keras2cv_export.model.untrusted.danger import refuse
from keras2cv_export.model.untrusted.dangers import dangers

from .allocation import no_more_weights
from .changed_meanings import changed_meanings, is_older
from .from_keras import keras_model
from .from_keras_2 import legacy_model, meant_for_keras_2, unreadable
from .loaded import LoadedModel, Shapes
from .own_code import own_objects, refuse_unknown


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
    own = own_objects(imports, saved.config)
    refuse_unknown(path, saved.config, own)
    changed = changed_meanings(saved.config) if is_older(saved.keras_version) else []
    if changed:
        return meant_for_keras_2(path, source, shapes, batch, changed, saved.weight_bytes)
    try:
        with no_more_weights(keras.layers.Layer, path, saved.weight_bytes):
            model = keras.saving.load_model(path, own, compile=False, safe_mode=not unsafe)
    except ModelError:
        raise
    except Exception as error:  # Keras raises any error of a layer's constructor
        if source.kind != "h5":
            raise unreadable(path, f"Keras {keras.__version__} cannot", error) from error
        return legacy_model(path, source, shapes, batch, error, saved.weight_bytes)
    return keras_model(model, source, shapes, batch)


def _check_suffix(path: Path) -> None:
    """Raise ModelError if Keras would mistake the file's format for another because of its name."""
    legal = (".keras",) if zipfile.is_zipfile(path) else (".h5", ".hdf5")
    if path.suffix not in legal:
        raise ModelError(
            f"{path} holds a {legal[0]} model, which Keras does not recognise by this name. "
            f"Rename it to {path.with_suffix(legal[0]).name}."
        )
