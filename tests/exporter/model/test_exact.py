"""The reference in float64: of every op that has no float64 kernel, and of every format."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from conformance import randomize
from keras2cv_export.model.load import load_model
from keras2cv_export.model.reference import exact_reference, reference
from keras2cv_export.quiet.tensorflow import tf

Array = np.ndarray[Any, Any]


def _conv() -> keras.Model:
    x = keras.Input((12, 10, 3))
    y = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(4, 3)(x)))
    y = layers.MaxPooling2D()(layers.DepthwiseConv2D(3)(y))
    return keras.Model(x, layers.Dense(5, activation="softmax")(layers.Flatten()(y)))


def _recurrent() -> keras.Model:
    x = keras.Input((6, 3))
    return keras.Model(
        x, layers.GRU(4)(layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x))
    )


def _attention() -> keras.Model:
    x = keras.Input((7,), dtype="int32")
    y = layers.Embedding(9, 4)(x)
    return keras.Model(x, layers.LayerNormalization()(layers.MultiHeadAttention(2, 3)(y, y)))


CLONED: dict[str, Callable[[], keras.Model]] = {
    "convolutions": _conv,
    "loops": _recurrent,
    "attention": _attention,
}


def sample_of(loaded: Any, seed: int = 0) -> dict[str, Array]:
    """Draw one sample."""
    rng = np.random.default_rng(seed)
    return {
        spec.name: rng.integers(0, 9, [d or 1 for d in spec.shape]).astype(spec.dtype)
        if "int" in spec.dtype
        else rng.uniform(-1, 1, [d or 1 for d in spec.shape]).astype(np.float32)
        for spec in loaded.inputs
    }


def in_float64(model: keras.Model) -> keras.Model:
    """Return the model with Keras' own float64 layers and the same weights."""
    config = json.loads(json.dumps(model.get_config()).replace('"float32"', '"float64"'))
    twin = keras.Model.from_config(config)
    twin.set_weights([w.astype(np.float64) for w in model.get_weights()])
    return twin


@pytest.mark.parametrize("name", CLONED)
def test_it_is_keras_own_answer_in_float64(name: str) -> None:
    """The same as layers of Keras in float64 give, but for constants kept in float32."""
    model = CLONED[name]()
    loaded = load_model(model)
    sample = sample_of(loaded)
    randomize(model, 1, list(sample.values()))
    (found,) = exact_reference(loaded)(sample).values()
    (array,) = sample.values()
    wide = array.astype(np.float64) if array.dtype == np.float32 else array
    expected = np.asarray(in_float64(model)(wide, training=False))
    assert found.dtype == np.float64
    assert np.abs(found - expected).max() <= 1e-9 * np.abs(expected).max()


def _resize(images: Any) -> Any:
    small = tf.image.resize(images, (5, 7), "bicubic", antialias=True)
    return tf.image.resize(tf.image.resize(small, (11, 9)), (6, 13), "area")


def _fused(images: Any) -> Any:
    ones = tf.constant([0.5, 1.5, 1.0])
    return tf.compat.v1.nn.fused_batch_norm(images, ones, ones, ones, ones, is_training=False)[0]


def _spectrum(images: Any) -> Any:
    return tf.abs(tf.signal.rfft(tf.reshape(images, [1, -1])))


def _kept(images: Any) -> Any:
    scores = tf.reshape(images[0, ..., 0], [-1])[:20]
    boxes = tf.reshape(images, [-1, 4])[:20]
    return tf.gather(boxes, tf.image.non_max_suppression(boxes, scores, 5))[None]


@pytest.mark.parametrize("function", [_resize, _fused, _spectrum, _kept])
def test_ops_without_a_float64_kernel_have_a_twin(function: Callable[[Any], Any]) -> None:
    """The answer is float64, and float32's is as near to it as float32 can be."""
    x = keras.Input((10, 8, 3), batch_size=1)
    loaded = load_model(keras.Model(x, layers.Lambda(function)(x)), unsafe=True)
    sample = sample_of(loaded)
    (narrow,), (exact,) = (ask(loaded)(sample).values() for ask in (reference, exact_reference))
    assert exact.dtype == np.float64
    assert np.abs(narrow - exact).max() <= 1e-5 * np.abs(exact).max()


def test_a_saved_model_is_computed_in_float64(tmp_path: Path) -> None:
    """Its functions' bodies and its variables are made wider."""
    model = _conv()
    model.export(tmp_path / "saved", verbose=False)
    loaded = load_model(tmp_path / "saved")
    sample = sample_of(loaded)
    (found,) = exact_reference(loaded)(sample).values()
    (array,) = sample.values()
    expected = np.asarray(in_float64(model)(array.astype(np.float64), training=False))
    assert np.abs(found - expected).max() <= 1e-9 * np.abs(expected).max()
