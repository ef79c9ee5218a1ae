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
def test_a_file_of_keras_2_is_exported_and_says_who_opened_it(
    files: Path, tmp_path: Path, name: str
) -> None:
    """A file that Keras 3 cannot read passes parity, and a note names tf_keras."""
    report = export(files / name, tmp_path / "m.cv", task="raw")
    assert report.parity is not None
    assert report.parity.verdict == "pass"
    assert any("tf_keras opened it instead" in note for note in report.notes)
    assert keras2cv.load(tmp_path / "m.cv").manifest.source.kind == "h5"


def test_the_reference_is_what_keras_2_predicts(files: Path) -> None:
    """TensorFlow's side of the comparison is tf_keras' own prediction, names included."""
    import tf_keras

    loaded = load.load_model(files / "convolutions.h5")
    image = np.random.default_rng(1).normal(size=(1, 20, 31, 3)).astype(np.float32)
    got = reference(loaded)({"image": image})
    model = tf_keras.models.load_model(files / "convolutions.h5", compile=False)
    np.testing.assert_allclose(got["scores"], model(image, training=False), rtol=1e-5, atol=1e-6)


def test_without_tf_keras_the_error_says_how_to_get_it(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extra [legacy] is named when it would help."""
    monkeypatch.setattr("keras2cv_export.model.load.from_keras_2.has_tf_keras", lambda: False)
    with pytest.raises(ModelError, match=r"pip install 'keras2cv\[legacy\]'"):
        load.load_model(files / "convolutions.h5")
