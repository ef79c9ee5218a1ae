"""Keras' preprocessing layers of numbers, which are part of the net."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import keras2cv
import keras2cv_export


def behind(layer: Any, *inputs: Any) -> Any:
    """Return a model of a layer and a Dense behind it."""
    keras.utils.set_random_seed(2)
    given = inputs[0] if len(inputs) == 1 else list(inputs)
    return keras.Model(given, layers.Dense(3)(layer(given)))


def codes() -> Any:
    """Return an input of one whole number."""
    return keras.Input((1,), dtype="int64", name="code")


NUMBERS: dict[str, tuple[Callable[[], Any], list[float]]] = {
    "integers looked up": (
        lambda: behind(layers.IntegerLookup(vocabulary=[3, 7, 11], output_mode="one_hot"), codes()),
        [3, 11, 4, 7],
    ),
    "bins": (
        lambda: behind(
            layers.Discretization([0.0, 1.0, 2.0], output_mode="one_hot"),
            keras.Input((1,), name="age"),
        ),
        [-1.0, 0.5, 1.0, 9.0],
    ),
    "categories": (
        lambda: behind(layers.CategoryEncoding(5, output_mode="one_hot"), codes()),
        [0, 4, 2, 1],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NUMBERS)
def test_layers_of_numbers_are_exported(tmp_path: Path, name: str) -> None:
    """The drawn samples are categories that there are, and the predictions are Keras' own."""
    build, values = NUMBERS[name]
    model = build()
    report = keras2cv_export.export(model, tmp_path / "net.cv", task="raw")
    assert report.manifest.status == "verified"
    x = np.array(values, model.inputs[0].dtype).reshape(-1, 1)
    (ours,) = keras2cv.load(tmp_path / "net.cv").infer(x)
    np.testing.assert_allclose(ours, np.asarray(model(x)), atol=1e-5)
