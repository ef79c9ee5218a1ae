"""Models of low precision and of few bits: exported as they compute, or refused by name."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import keras2cv
import keras2cv_export
from keras2cv.errors import ModelError

# Of the largest number: what the type itself rounds to, in a net of four layers.
ROUNDING = {"float16": 3e-3, "bfloat16": 2e-2, "float64": 1e-5, "int8": 1e-5, "int4": 1e-5}


def net(policy: str | None) -> Any:
    """Return a small net whose layers have a policy."""
    keras.utils.set_random_seed(3)
    kind = {} if policy is None else {"dtype": policy}
    image = keras.Input((8, 8, 3), name="image")
    x = layers.Conv2D(6, 3, activation="relu", **kind)(image)
    x = layers.GlobalAveragePooling2D(**kind)(layers.BatchNormalization(**kind)(x))
    x = layers.Dense(16, activation="relu", **kind)(x)
    return keras.Model(image, layers.Dense(4, **kind)(x))


def quantised(mode: str) -> Any:
    """Return the net after `quantize`."""
    model = net(None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of layers that are left as they are
        model.quantize(mode)
    return model


@pytest.mark.parametrize("name", ROUNDING)
def test_predictions_are_those_of_keras(tmp_path: Path, name: str) -> None:
    """Within the rounding of the type that Keras computes in, which the bundle does not have."""
    model = quantised(name) if name.startswith("int") else net(name)
    model.save(tmp_path / "net.keras")
    report = keras2cv_export.export(tmp_path / "net.keras", tmp_path / "net.cv", task="raw")
    assert report.manifest.status == "verified"
    assert any(name in note for note in report.notes)
    x = np.random.default_rng(2).random((3, 8, 8, 3), np.float32)
    theirs = np.asarray(model(x, training=False)).astype(np.float64)
    (ours,) = keras2cv.load(tmp_path / "net.cv").infer(x)
    assert np.abs(ours - theirs).max() <= ROUNDING[name] * np.abs(theirs).max()


def test_a_model_of_low_precision_is_left_as_it_was(tmp_path: Path) -> None:
    """The export lends it another policy."""
    model = net("float16")
    policies = [layer.dtype_policy for layer in model.layers]
    keras2cv_export.export(model, tmp_path / "net.cv", task="raw")
    assert [layer.dtype_policy for layer in model.layers] == policies


def test_float8_is_refused_by_name(tmp_path: Path) -> None:
    """It rounds what layers give to each other, and OpenCV cannot."""
    with pytest.raises(ModelError, match=r"2 of the model's layers round to float8 .* 'dense"):
        keras2cv_export.export(quantised("float8"), tmp_path / "net.cv", task="raw")
