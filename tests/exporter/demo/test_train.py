"""The trained model: a network with what matters in deployment, and both of Keras' files of it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from keras2cv_export.demo.data import SIZE_WH
from keras2cv_export.demo.train import build, predict_classes, save, train

keras = pytest.importorskip("keras")
Array = NDArray[Any]


@pytest.fixture(scope="module")
def untrained() -> Any:
    """The network as it starts."""
    keras.utils.set_random_seed(1)
    return build(SIZE_WH, 6)


def halves(count: int, seed: int) -> tuple[Array, Array]:
    """Images that are bright (class 1) or dark (class 0): a moment's lesson."""
    rng = np.random.default_rng(seed)
    classes = np.arange(count) % 2
    images = rng.uniform(0, 0.4, (count, 16, 16, 3)) + 0.5 * classes[:, None, None, None]
    return images.astype(np.float32), classes


def test_the_network_has_what_makes_deployment_interesting(untrained: Any) -> None:
    """Normalisation to fold, a sum, a depthwise convolution, and few enough weights for a demo."""
    kinds = [type(layer).__name__ for layer in untrained.layers]
    assert kinds.count("BatchNormalization") >= 5
    assert {"Add", "DepthwiseConv2D", "MaxPooling2D", "GlobalAveragePooling2D"} <= set(kinds)
    assert 50_000 < untrained.count_params() < 150_000
    assert untrained.input_shape == (None, *SIZE_WH[::-1], 3)
    assert untrained.output_shape == (None, 6)
    assert untrained.layers[-1].activation.__name__ == "softmax"


def test_training_learns_and_reports_every_step() -> None:
    """The labels reach the images that they belong to, through shuffling and turning."""
    steps: list[tuple[int, int]] = []
    images, classes = halves(96, seed=3)
    model = train(images, classes, epochs=8, seed=4, on_step=lambda *counts: steps.append(counts))
    assert steps == [(k, 24) for k in range(1, 25)]
    unseen, truth = halves(50, seed=5)
    assert (predict_classes(model, unseen) == truth).mean() > 0.9


def test_both_files_hold_the_same_model(untrained: Any, tmp_path: Path) -> None:
    """Whoever has an .h5 gets what whoever has a .keras gets."""
    keras_path, h5_path = save(untrained, tmp_path)
    assert (keras_path.name, h5_path.name) == ("shapes.keras", "shapes.h5")
    images = np.random.default_rng(0).random((3, *SIZE_WH[::-1], 3), np.float32)
    expected = untrained.predict(images, verbose=0)
    assert expected.std() > 1e-4
    for path in (keras_path, h5_path):
        loaded = keras.models.load_model(path, compile=False)
        np.testing.assert_array_equal(loaded.predict(images, verbose=0), expected)


def test_saving_h5_is_silent_and_silences_nothing_else(
    untrained: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: Any
) -> None:
    """Only the advice against .h5 is held back, and only while saving."""
    logger = logging.getLogger("absl")
    monkeypatch.setattr(logger, "propagate", True)
    save(untrained, tmp_path)
    assert "HDF5" not in caplog.text
    logger.warning("HDF5 is mentioned by someone else")
    assert "mentioned by someone else" in caplog.text
