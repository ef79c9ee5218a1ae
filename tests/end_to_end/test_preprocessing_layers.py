"""Keras' preprocessing layers: those of numbers are exported, those of text refused by name."""

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
from keras2cv.errors import ModelError, UnsupportedError


def behind(layer: Any, *inputs: Any) -> Any:
    """Return a model of a layer and a Dense behind it."""
    keras.utils.set_random_seed(2)
    given = inputs[0] if len(inputs) == 1 else list(inputs)
    return keras.Model(given, layers.Dense(3)(layer(given)))


def codes() -> Any:
    """Return an input of one whole number."""
    return keras.Input((1,), dtype="int64", name="code")


def texts() -> Any:
    """Return an input of one text."""
    return keras.Input((1,), dtype="string", name="city")


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


TEXTS: dict[str, Callable[[], Any]] = {
    "StringLookup": lambda: layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot"),
    "TextVectorization": lambda: layers.TextVectorization(
        vocabulary=["a", "b"], output_mode="multi_hot"
    ),
    "Hashing": lambda: layers.Hashing(8, output_mode="one_hot"),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_layers_of_text_are_refused_by_name(tmp_path: Path, kind: str) -> None:
    """With a way out that works: the layer is called before, and the rest is exported."""
    layer = TEXTS[kind]()
    model = behind(layer, texts())
    with pytest.raises(ModelError, match=rf"the {kind} layer '{layer.name}' turns into numbers"):
        keras2cv_export.export(model, tmp_path / "net.cv", task="raw")
    rest = keras.Model(model.get_layer(layer.name).output, model.output)
    keras2cv_export.export(rest, tmp_path / "net.cv", task="raw")
    words = np.array([["a"], ["b"], ["c"]])
    numbers = np.asarray(layer(words), np.float32).reshape(-1, *rest.inputs[0].shape[1:])
    (ours,) = keras2cv.load(tmp_path / "net.cv").infer(numbers)
    theirs = np.asarray(model(keras.ops.convert_to_tensor(words)))
    np.testing.assert_allclose(ours.reshape(-1), theirs.reshape(-1), atol=1e-5)


def test_hashes_of_numbers_are_refused_by_their_layer(tmp_path: Path) -> None:
    """Hashing and HashedCrossing, which TensorFlow does by way of text."""
    hashed = behind(layers.Hashing(8, output_mode="one_hot", name="bucket"), codes())
    with pytest.raises(UnsupportedError, match=r"in .*bucket.*: it works on text or hashes"):
        keras2cv_export.export(hashed, tmp_path / "net.cv", task="raw")
    pair = [keras.Input((1,), dtype="int64", name=name) for name in "ab"]
    crossing = layers.HashedCrossing(6, output_mode="one_hot", name="cross")
    keras.utils.set_random_seed(2)
    crossed = keras.Model(pair, layers.Dense(3)(crossing(tuple(pair))))
    with pytest.raises(UnsupportedError, match=r"in .*cross.*: it works on text or hashes"):
        keras2cv_export.export(crossed, tmp_path / "net.cv", task="raw")
