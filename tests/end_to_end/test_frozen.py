"""A frozen graph is exported, checked and run as an ONNX file is."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

import keras2cv
from keras2cv.errors import UnsupportedError
from keras2cv.net import ENGINES
from keras2cv_export import export


def small_net() -> keras.Model:
    """Return a convolutional net with the usual layers, for images of 13 x 18."""
    keras.utils.set_random_seed(3)
    image = keras.Input((13, 18, 3), name="image")
    h = keras.layers.Conv2D(8, 3, strides=2, padding="same", activation="relu6")(image)
    h = keras.layers.BatchNormalization(beta_initializer="random_normal")(h)
    side = keras.layers.DepthwiseConv2D(3, padding="same", bias_initializer="random_normal")(h)
    h = keras.layers.Add()([h, keras.layers.Activation("swish")(side)])
    h = keras.layers.MaxPooling2D()(h)
    rows = keras.layers.Dense(5)(keras.layers.Flatten()(h))
    mean = keras.layers.Dense(4, activation="softmax")(keras.layers.GlobalAveragePooling2D()(h))
    return keras.Model(image, {"rows": rows, "mean": mean})


def test_a_frozen_graph_predicts_what_keras_predicts(tmp_path: Path) -> None:
    """On every engine of this OpenCV, in a bundle whose net is called model.pb."""
    model = small_net()
    report = export(model, tmp_path / "net.cv", format="frozen", preprocess="none", task="raw")
    assert report.parity is not None
    assert report.parity.verdict == "pass"
    assert report.manifest.model.file == "model.pb"
    assert report.manifest.model.format == "frozen"
    assert report.manifest.evidence is not None
    assert [run.engine for run in report.manifest.evidence.runs] == list(ENGINES)
    pixels = np.random.default_rng(5).uniform(0, 255, (2, 13, 18, 3)).astype(np.float32)
    expected = model.predict(pixels, verbose=0)
    for engine in ENGINES:
        net = keras2cv.load(tmp_path / "net.cv", engine=engine)
        found = dict(zip(net.output_names, net.infer(pixels), strict=True))
        for name, wanted in expected.items():
            np.testing.assert_allclose(found[name], wanted, atol=1e-4 * np.abs(wanted).max())


def test_what_the_importer_lacks_is_refused_with_its_layer(tmp_path: Path) -> None:
    """The op, the Keras layer, the reason, and the advice to use ONNX; nothing is written."""
    volume = keras.Input((6, 7, 8, 2))
    dilated = keras.layers.Conv3D(3, 2, dilation_rate=2, name="wide")(volume)
    with pytest.raises(UnsupportedError, match=r"Conv in .*wide.*: .*dilations.*--format onnx"):
        export(keras.Model(volume, dilated), tmp_path / "net.cv", format="frozen", task="raw")
    assert not (tmp_path / "net.cv").exists()
