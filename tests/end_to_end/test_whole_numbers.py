"""Tensors of int32: computed as floats where an engine takes no integers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from conformance.child import ANSWERS, Child, ChildOf
from keras2cv.net.engines import ENGINES
from keras2cv_export import export

OPS: Mapping[str, Callable[[Any], Any]] = {
    "negative": lambda t: -t,
    "size": tf.abs,
    "positive part": tf.nn.relu,
    "bounds": lambda t: tf.clip_by_value(t, -2, 5),
    "upper bound": tf.nn.relu6,
    "quotient": lambda t: t // 3,
    "remainder": lambda t: t % 3,
    "running sum": lambda t: tf.cumsum(t, 1),
    "copies": lambda t: tf.tile(t, [1, 2]),
    "each twice": lambda t: tf.repeat(t, 2, 1),
    "spread": lambda t: tf.broadcast_to(t[:, None] + 1, [tf.shape(t)[0], 3, 8]),
    "product": lambda t: tf.matmul(tf.reshape(t, [-1, 2, 4]), tf.reshape(t, [-1, 4, 2])),
    "mean": lambda t: tf.reduce_mean(t, 1, keepdims=True),
    "choice": lambda t: tf.where(t > 2, t, -t),
    "order": lambda t: tf.sort(t, 1),
}


def model() -> keras.Model:
    """Return a model that computes all of them, of whole numbers of both signs."""
    x = keras.Input((8,))
    whole = layers.Lambda(lambda v: tf.cast(tf.round(v * 4.0), tf.int32))(x)
    return keras.Model(x, {name: layers.Lambda(op)(whole) for name, op in OPS.items()})


def write(folder: Path, **options: Any) -> Path:
    """Write the bundle, with TensorFlow's answers beside it."""
    net = model()
    export(net, folder / "whole.cv", task="raw", check=False, **options)
    arrays = {}
    for k in range(3):
        x = np.random.default_rng(k).uniform(-2, 2, (1, 8)).astype(np.float32)
        arrays[f"in/{k}/0"] = x
        for j, y in enumerate(keras.tree.flatten(net(x))):
            arrays[f"out/{k}/{j}"] = y.numpy()
    np.savez(folder / ANSWERS, **arrays)
    return folder / "whole.cv"


@pytest.fixture(scope="module")
def portable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the bundle for every OpenCV."""
    return write(tmp_path_factory.mktemp("portable"))


@pytest.mark.parametrize("engine", ENGINES)
def test_each_engine_computes_whole_numbers(portable: Path, engine: str, child: Child) -> None:
    """To the last one."""
    assert child.worst_error(portable, engine) == 0


@pytest.mark.parametrize("version", ["4.6", "4.14"])
def test_older_opencvs_do(portable: Path, version: str, child_of: ChildOf) -> None:
    """The same file; where it needs a newer one, it says so."""
    try:
        assert child_of(version).worst_error(portable, "classic") == 0
    except AssertionError as error:
        if "or newer" not in str(error):
            raise


@pytest.mark.skipif("new" not in ENGINES, reason="this OpenCV has no new engine")
def test_a_file_for_the_new_engine_alone_does(tmp_path: Path, child: Child) -> None:
    """Many of its ops refuse int32, too."""
    assert child.worst_error(write(tmp_path, engine="new"), "new") == 0


@keras.saving.register_keras_serializable("whole_numbers")
class Checked(layers.Layer):
    """A layer that takes numbers below 5 alone."""

    def call(self, x: Any) -> Any:
        """Assert it."""
        tf.debugging.assert_less(x, 5.0, "Only five classes.")
        return x + 0.0


def test_stress_that_a_layer_refuses_is_left_out(tmp_path: Path) -> None:
    """The user's samples are what the model takes, and numbers beyond their range are not."""
    x = keras.Input((6,))
    model = keras.Model(x, layers.Dense(3)(Checked()(x)))
    np.save(tmp_path / "x.npy", np.linspace(0, 4.9, 48, dtype=np.float32).reshape(8, 6))
    report = export(model, tmp_path / "c.cv", task="raw", samples=tmp_path / "x.npy")
    assert report.manifest.status == "verified"
