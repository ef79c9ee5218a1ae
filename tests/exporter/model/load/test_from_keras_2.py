"""Files of Keras 2 that Keras 3 cannot read: tf_keras opens them, and a note names it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import keras2cv
from keras2cv.errors import ModelError
from keras2cv_export import export
from keras2cv_export.model import load
from keras2cv_export.model.reference import reference

# Keras 2 has to be the only Keras of the process that writes the files: it patches TensorFlow.
WRITE = """
import sys, numpy as np, tensorflow as tf, tf_keras
layers = tf_keras.layers
image = tf_keras.Input((20, 31, 3), name="image")
x = layers.DepthwiseConv2D(3, padding="same")(image)   # saved with `groups`, which Keras 3 refuses
x = layers.BatchNormalization()(x)
x = (tf.nn.relu(x) * 2.0)[:, 1:-1, ::2]                # TFOpLambda and SlicingOpLambda
x = layers.Conv2D(5, 3)(x)
scores = layers.Dense(4, name="scores")(tf.reduce_mean(x, (1, 2)))
model = tf_keras.Model(image, scores)
rng = np.random.default_rng(0)
for v in model.weights:
    low = 0.5 if "variance" in v.name else -0.7
    v.assign(rng.uniform(low, low + 1.3, v.shape))
model.save(sys.argv[1] + "/convolutions.h5")

steps = tf_keras.Input((7, 4), name="steps")
x = layers.Bidirectional(layers.LSTM(5, return_sequences=True))(steps)
x = tf.nn.leaky_relu(layers.LSTM(6)(x))
model = tf_keras.Model(steps, layers.Dense(3, name="y")(x))
for v in model.weights:
    v.assign(rng.normal(0, 0.5, v.shape))
model.save(sys.argv[1] + "/recurrent.h5")
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two .h5 files that Keras 2 saved."""
    folder = tmp_path_factory.mktemp("keras2")
    command = [sys.executable, "-W", "ignore", "-c", WRITE, str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("name", ["convolutions.h5", "recurrent.h5"])
def test_a_file_of_keras_2_is_exported_and_a_note_names_the_reader(
    files: Path, tmp_path: Path, name: str
) -> None:
    """A file that Keras 3 cannot read passes parity, and a note names tf_keras."""
    report = export(files / name, tmp_path / "m.cv", task="raw")
    assert report.parity is not None
    assert report.parity.verdict == "pass"
    assert any("so tf_keras opened it" in note for note in report.notes)
    assert keras2cv.load(tmp_path / "m.cv").manifest.source.kind == "h5"


def test_the_reference_is_what_keras_2_predicts(files: Path) -> None:
    """TensorFlow's side of the comparison is tf_keras' own prediction, names included."""
    import tf_keras

    loaded = load.load_model(files / "convolutions.h5")
    image = np.random.default_rng(1).normal(size=(1, 20, 31, 3)).astype(np.float32)
    got = reference(loaded)({"image": image})
    model = tf_keras.models.load_model(files / "convolutions.h5", compile=False)
    np.testing.assert_allclose(got["scores"], model(image, training=False), rtol=1e-5, atol=1e-6)


def test_without_tf_keras_the_error_explains_how_to_get_it(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extra [legacy] is named when it would help."""
    monkeypatch.setattr("keras2cv_export.model.load.from_keras_2.has_tf_keras", lambda: False)
    with pytest.raises(ModelError, match=r"pip install 'keras2cv\[legacy\]'"):
        load.load_model(files / "convolutions.h5")


WILD = """
import sys, numpy as np, tensorflow as tf
sys.path.insert(0, sys.argv[1])
import tf_keras, old_layers
from tf_keras.src.layers.rnn import cudnn_gru, cudnn_lstm
L = tf_keras.layers
CASES = {
    "registered": ((8,), [L.Dense(6), old_layers.Scale(), L.Activation(old_layers.swishy)]),
    "bare": ((8,), [old_layers.Shift(), L.Dense(4, activation=old_layers.bent)]),
    "gpu": ((7, 5), [cudnn_lstm.CuDNNLSTM(6, return_sequences=True), cudnn_gru.CuDNNGRU(4)]),
    "gpu_both": ((7, 5), [L.Bidirectional(cudnn_lstm.CuDNNLSTM(3))]),
    "old_gru": ((7, 5), [L.GRU(4, reset_after=False)]),
    "cells": ((7, 5), [L.RNN([L.LSTMCell(5), L.GRUCell(3)])]),
    "nested": ((9, 8, 2), [tf_keras.Sequential([L.Conv2D(3, 3), L.ReLU()]), L.Flatten()]),
    "lambda": ((7, 5), [L.LSTM(3), L.Lambda(old_layers.halved)]),
    "first": ((2, 9, 8), [L.Conv2D(3, 3, data_format="channels_first"), L.Flatten()]),
}
rng, answers = np.random.default_rng(5), {}
for name, (shape, layers) in CASES.items():
    model = tf_keras.Sequential([L.InputLayer(shape, name="x"), *layers], name=name)
    for v in model.weights:
        v.assign(rng.normal(0, 0.5, v.shape))
    model.save(f"{sys.argv[1]}/{name}.h5")
    model.save(f"{sys.argv[1]}/{name}.keras")
    if name.startswith("gpu"):
        continue  # it has no kernel on a CPU
    samples = rng.normal(0, 1, (3, *shape)).astype("float32")
    model = tf_keras.Sequential([L.Permute((2, 3, 1)), L.Conv2D.from_config(
        {**layers[0].get_config(), "data_format": "channels_last"}), L.Permute((3, 1, 2)),
        L.Flatten()]) if name == "first" else model
    if name == "first":
        model(samples); model.set_weights(layers[0].get_weights())
    answers[name + "/x"], answers[name + "/y"] = samples, np.asarray(model(samples))
np.savez(sys.argv[1] + "/answers.npz", **answers)
"""
OLD_LAYERS = """
import tensorflow as tf, tf_keras

@tf_keras.utils.register_keras_serializable("mine")
class Scale(tf_keras.layers.Layer):
    def build(self, shape):
        self.g = self.add_weight(name="g", shape=(shape[-1],))
        super().build(shape)
    def call(self, x):
        return x * self.g

@tf_keras.utils.register_keras_serializable("mine")
def swishy(x):
    return x * tf.sigmoid(x)

class Shift(tf_keras.layers.Layer):
    def call(self, x):
        return x + 1.5

def bent(x):
    return tf.abs(x) - 0.5

HALF = 0.5

def halved(x):
    return x * HALF
"""
OWN = ("registered", "bare")


@pytest.fixture(scope="module")
def wild(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files of Keras 2 in both formats, its answers, and a module of layers."""
    folder = tmp_path_factory.mktemp("wild")
    (folder / "old_layers.py").write_text(OLD_LAYERS, encoding="utf-8")
    command = [sys.executable, "-W", "ignore", "-c", WILD, str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("suffix", [".h5", ".keras"])
@pytest.mark.parametrize("name", ["registered", "bare", "old_gru", "cells", "nested", "first"])
def test_whatever_keras_2_wrote_predicts_as_there(
    wild: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, suffix: str
) -> None:
    """Registered names, bare classes and functions, old cells, channels_first: as in Keras 2."""
    monkeypatch.syspath_prepend(str(wild))
    imports = ["old_layers"] if name in OWN else []
    report = export(wild / f"{name}{suffix}", tmp_path / "m.cv", task="raw", imports=imports)
    assert report.parity is not None
    assert report.parity.verdict == "pass"
    with np.load(wild / "answers.npz") as answers:
        samples, expected = answers[f"{name}/x"], answers[f"{name}/y"]
    [got] = keras2cv.load(tmp_path / "m.cv").infer(samples)
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("name", ["gpu", "gpu_both"])
def test_layers_of_gpus_become_their_plain_forms(wild: Path, tmp_path: Path, name: str) -> None:
    """CuDNNLSTM and CuDNNGRU have no CPU kernel; LSTM and GRU with the same weights have."""
    report = export(wild / f"{name}.h5", tmp_path / "m.cv", task="raw")
    assert report.parity is not None
    assert report.parity.verdict == "pass"


def test_unknown_classes_of_keras_2_are_named(wild: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the user's module, the error names the class and the option."""
    import tf_keras

    monkeypatch.delitem(tf_keras.saving.get_custom_objects(), "mine>Scale", raising=False)
    with pytest.raises(ModelError, match=r"mine>Scale.*--import") as caught:
        load.load_model(wild / "registered.h5")
    assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:old_layers is not loaded")
def test_what_stops_keras_2_is_told_of_its_own_file(
    wild: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Lambda misses its module; that Keras 3 does not know the file's LSTM helps nobody."""
    monkeypatch.delitem(sys.modules, "old_layers", raising=False)
    with pytest.raises(ModelError, match=r"'HALF' is not defined.*--import") as caught:
        load.load_model(wild / "lambda.h5", unsafe=True)
    assert "time_major" not in str(caught.value)


@pytest.mark.parametrize("kind", ["functional", "subclassed"])
def test_a_live_model_of_keras_2_is_exported(tmp_path: Path, kind: str) -> None:
    """A tf_keras.Model in memory is taken as it is."""
    import tf_keras

    class Own(tf_keras.Model):  # type: ignore[misc]
        """A subclassed model, which knows its input from its first call."""

        def __init__(self) -> None:
            super().__init__()
            self.dense = tf_keras.layers.Dense(4, activation="relu")

        def call(self, x: object) -> object:
            """Return the features."""
            return self.dense(x)

    layers = [tf_keras.layers.InputLayer((6,)), tf_keras.layers.Dense(4, activation="tanh")]
    model = Own() if kind == "subclassed" else tf_keras.Sequential(layers)
    samples = np.random.default_rng(0).normal(size=(3, 6)).astype(np.float32)
    expected = np.asarray(model(samples))
    report = export(model, tmp_path / "m.cv", task="raw")
    assert report.manifest.source.kind == "live"
    [got] = keras2cv.load(tmp_path / "m.cv").infer(samples)
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_a_live_subclassed_model_that_was_never_called_says_so(tmp_path: Path) -> None:
    """Its input shapes are not known."""
    import tf_keras

    class Never(tf_keras.Model):  # type: ignore[misc]
        """A model that nobody called."""

    with pytest.raises(ModelError, match="has never been called"):
        export(Never(), tmp_path / "m.cv", task="raw")
