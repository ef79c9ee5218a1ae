"""Weights are read where they lie, and large ones are not drawn before."""

from __future__ import annotations

import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from keras2cv_export.model.load import load_model
from keras2cv_export.model.load.stored_weights import weights_in_place, weights_not_drawn

_BIG = 1100  # squared, more than 2^20


@keras.saving.register_keras_serializable(package="test_stored_weights")
class Fixed(keras.layers.Layer):
    """A layer that stores nothing of its large weight."""

    def build(self, shape: Any) -> None:
        """Make the weight, which stays as it begins."""
        self.scale = self.add_weight(shape=(_BIG, shape[-1]), initializer="ones")

    def call(self, x: Any) -> Any:
        """Scale by the mean of the weight."""
        return x * keras.ops.mean(self.scale, axis=0)

    def save_own_variables(self, store: Any) -> None:
        """Store nothing."""

    def load_own_variables(self, store: Any) -> None:
        """Read nothing."""


def _saved(path: Path) -> keras.Model:
    image = keras.Input((_BIG,))
    model = keras.Model(image, keras.layers.Dense(4)(Fixed()(keras.layers.Dense(_BIG)(image))))
    model.save(path)
    return model


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_model_is_the_one_that_was_saved(compression: int, tmp_path: Path) -> None:
    """Whether the archive's member is stored or compressed, and where a layer stores nothing."""
    model = _saved(tmp_path / "a.keras")
    with (
        zipfile.ZipFile(tmp_path / "a.keras") as old,
        zipfile.ZipFile(tmp_path / "b.keras", "w", compression) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    loaded: Any = load_model(tmp_path / "b.keras").keras_model
    for ours, saved in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_array_equal(ours, saved)


def test_large_weights_are_zeros_until_they_are_read() -> None:
    """Small ones, and those of layers that store in their own way, begin as ever."""
    with weights_not_drawn():
        large, small, own = keras.layers.Dense(_BIG), keras.layers.Dense(8), Fixed()
        large.build((None, _BIG))
        small.build((None, 8))
        own.build((None, _BIG))
    assert not np.any(large.kernel)
    assert np.all(small.kernel)
    assert np.all(np.asarray(own.scale) == 1)
    again = keras.layers.Dense(_BIG)
    again.build((None, _BIG))
    assert np.all(again.kernel)


def test_no_copy_of_the_whole_file_is_made(tmp_path: Path) -> None:
    """Python holds one layer's weights at a time, and never the file."""
    image = keras.Input((_BIG,))
    layers = [keras.layers.Dense(_BIG) for _ in range(4)]
    keras.Sequential([image, *layers]).save(tmp_path / "a.keras")
    size = (tmp_path / "a.keras").stat().st_size
    tracemalloc.start()
    try:
        with weights_in_place():
            keras.saving.load_model(tmp_path / "a.keras")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < size
