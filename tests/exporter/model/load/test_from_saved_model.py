"""Folders that model.export() wrote, and folders that it did not."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras2cv.errors import ModelError
from keras2cv_export.model.load import load_model
from support.loaded_models import ask, photo_and_age


def test_a_saved_model_folder_is_a_function(tmp_path: Path) -> None:
    """Inputs in Keras' order, outputs by the names of the signature."""
    photo, age, joined = photo_and_age()
    model = keras.Model([photo, age], layers.Dense(5, name="scores")(joined), name="cat")
    model.export(tmp_path / "cat", verbose=False)
    live, saved = load_model(model), load_model(tmp_path / "cat")
    assert [s.shape for s in saved.inputs] == [s.shape for s in live.inputs]
    assert [s.name for s in saved.inputs] == ["photo", "age"]
    (expected,), (found,) = ask(live).values(), ask(saved).values()
    assert np.allclose(found, expected, rtol=1e-6)
    assert (saved.source.kind, saved.keras_model) == ("savedmodel", None)
    assert saved.open_batch == set(ask(saved))


def test_the_outputs_of_a_saved_model_are_in_keras_order(tmp_path: Path) -> None:
    """output_10 comes after output_9, not after output_1."""
    x = keras.Input((4,), name="x")
    keras.Model(x, [x * k for k in range(12)]).export(tmp_path / "cat", verbose=False)
    found = ask(load_model(tmp_path / "cat"))
    assert list(found) == [f"output_{k}" for k in range(12)]
    first = found["output_1"]
    assert all(np.allclose(found[f"output_{k}"], first * k) for k in range(12))


def test_a_saved_model_with_open_dimensions_needs_a_shape(tmp_path: Path) -> None:
    """As any other model does."""
    x = keras.Input((None, None, 3), name="photo")
    keras.Model(x, layers.Conv2D(4, 3)(x)).export(tmp_path / "cat", verbose=False)
    with pytest.raises(ModelError, match="--input-shape photo:1,SIZE,SIZE,3"):
        load_model(tmp_path / "cat")
    loaded = load_model(tmp_path / "cat", input_shapes=(1, 9, 11, 3))
    assert next(iter(ask(loaded).values())).shape == (1, 7, 9, 4)


def test_a_saved_model_with_one_signature_of_another_name_is_read(tmp_path: Path) -> None:
    """There is no doubt which one is meant."""
    module = tf.Module()
    spec = tf.TensorSpec((1, 4), tf.float32, name="x")
    module.run = tf.function(lambda x: {"y": x * 2}, input_signature=[spec])
    tf.saved_model.save(module, str(tmp_path / "cat"), signatures={"run": module.run})
    assert list(ask(load_model(tmp_path / "cat"))) == ["y"]


def test_a_saved_model_without_a_signature_is_refused(tmp_path: Path) -> None:
    """There is nothing to call."""
    tf.saved_model.save(tf.Module(), str(tmp_path / "cat"))
    with pytest.raises(ModelError, match=r"cat has no signature, so that nothing says"):
        load_model(tmp_path / "cat")


def test_a_saved_model_with_two_other_signatures_is_refused(tmp_path: Path) -> None:
    """The error lists the signatures."""
    module = tf.Module()
    spec = tf.TensorSpec((1, 4), tf.float32, name="x")
    module.run = tf.function(lambda x: {"y": x * 2}, input_signature=[spec])
    both = {"encode": module.run, "decode": module.run}
    tf.saved_model.save(module, str(tmp_path / "cat"), signatures=both)
    with pytest.raises(
        ModelError,
        match=r"'decode' \(x -> y\), 'encode' \(x -> y\)\. Choose one",
    ):
        load_model(tmp_path / "cat")


def test_a_folder_that_is_no_saved_model_is_refused(tmp_path: Path) -> None:
    """The error names the file that is missing in it."""
    with pytest.raises(ModelError, match=r"is a folder without a saved_model\.pb"):
        load_model(tmp_path)


def test_a_broken_saved_model_is_refused(tmp_path: Path) -> None:
    """It is not even read by TensorFlow."""
    (tmp_path / "saved_model.pb").write_bytes(b"no protobuf")
    with pytest.raises(ModelError, match=r"saved_model\.pb is damaged") as caught:
        load_model(tmp_path)
    assert "\n" not in str(caught.value)
