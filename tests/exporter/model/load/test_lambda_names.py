"""Lambda layers whose functions read names that their file does not hold."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras2cv.errors import ModelError
from keras2cv_export.model.load import load_model

Array = np.ndarray[Any, Any]
_HELPERS = """
def halved(x):
    return x * HALF
HALF = 0.5
"""


def _apart(source: str) -> Any:
    """Return a function made among names of its own, as a script has them."""
    from tf_keras import backend

    space = {"tf": tf, "np": np, "keras": keras, "K": backend, "halved": lambda x: x * 0.5}
    return eval(source, space)  # noqa: S307 - the test's own words


def _saved(library: Any, source: str, path: Path) -> Path:
    layers = [library.Input((4, 6, 3)), library.layers.Lambda(_apart(source), name="own")]
    model = library.Sequential(layers)
    model(np.zeros((1, 4, 6, 3), np.float32))
    model.save(path)
    return path


def _called(path: Path, imports: tuple[str, ...] = ()) -> Array:
    loaded = load_model(path, unsafe=True, imports=imports)
    picture = np.arange(72, dtype=np.float32).reshape(1, 4, 6, 3)
    ((_, output),) = loaded.call(tf.constant(picture))
    return np.asarray(output)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_names_of_common_imports_are_known(tmp_path: Path, suffix: str) -> None:
    """`tf`, `np` and `keras`, in inner functions as well."""
    source = "lambda x: (lambda y: tf.image.resize(y, (2, 3)) + np.float32(1))(keras.ops.abs(x))"
    path = _saved(keras, source, tmp_path / f"m{suffix}")
    assert _called(path).shape == (1, 2, 3, 3)


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_names_of_common_imports_in_keras_2(tmp_path: Path) -> None:
    """Its backend is `K`."""
    import tf_keras

    source = "lambda x: K.resize_images(x, 2, 2, 'channels_last') * np.float32(2)"
    assert _called(_saved(tf_keras, source, tmp_path / "m.h5")).shape == (1, 8, 12, 3)


def test_a_function_of_the_users_module_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--import names the module; without it, the error says so."""
    path = _saved(keras, "lambda x: halved(x) + 1", tmp_path / "m.keras")
    with pytest.raises(ModelError, match=r"'halved' is not defined.*--import"):
        _called(path)
    (tmp_path / "helpers_of_a_test.py").write_text(_HELPERS, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    try:
        assert _called(path, ("helpers_of_a_test",)).ravel()[2] == 2
    finally:
        sys.modules.pop("helpers_of_a_test", None)
