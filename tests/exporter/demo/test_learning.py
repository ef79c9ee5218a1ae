"""The trained model: it learns from the bundle's own preprocessing, and both files agree."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from keras2cv_export.demo.learning import SIDE, Dataset, build, draw_dataset, save, train
from keras2cv_export.demo.shapes import LABELS, drawings

keras = pytest.importorskip("keras")


@pytest.fixture(scope="module")
def untrained() -> Any:
    """The network as it starts."""
    keras.utils.set_random_seed(1)
    return build()


def test_inputs_are_the_images_as_the_deployed_code_prepares_them() -> None:
    """RGB, divided by 255, stretched by the runtime's own resize: nothing can drift apart."""
    data = draw_dataset(8, (44, 61), 5)
    assert data.inputs.shape == (8, SIDE, SIDE, 3)
    assert data.inputs.dtype == np.float32
    drawn = list(drawings(8, (44, 61), 5))
    assert [LABELS[k] for k in data.classes] == [label for _, label in drawn]
    for (image, _), same, found in zip(drawn, data.images_bgr, data.inputs, strict=True):
        np.testing.assert_array_equal(image, same)
        expected = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)[..., ::-1] / 255
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_network_has_what_makes_deployment_interesting(untrained: Any) -> None:
    """Normalisation to fold, a sum, a depthwise convolution, and few enough weights for a demo."""
    kinds = [type(layer).__name__ for layer in untrained.layers]
    assert kinds.count("BatchNormalization") >= 5
    assert {"Add", "DepthwiseConv2D", "MaxPooling2D", "GlobalAveragePooling2D"} <= set(kinds)
    assert 50_000 < untrained.count_params() < 150_000
    assert untrained.input_shape == (None, SIDE, SIDE, 3)
    assert untrained.output_shape == (None, 6)
    assert untrained.layers[-1].activation.__name__ == "softmax"


def halves(count: int, seed: int) -> Dataset:
    """Images that are bright (class 1) or dark (class 0): a moment's lesson."""
    rng = np.random.default_rng(seed)
    classes = np.arange(count) % 2
    inputs = rng.uniform(0, 0.4, (count, SIDE, SIDE, 3)) + 0.5 * classes[:, None, None, None]
    return Dataset([], inputs.astype(np.float32), classes)


def test_training_learns_and_reports_every_epoch() -> None:
    """The labels reach the images that they belong to, through shuffling and turning."""
    epochs: list[str] = []
    model = train(halves(96, seed=3), 8, 4, epochs.append)
    assert epochs == [f"epoch {k} of 8" for k in range(1, 9)]
    unseen = halves(50, seed=5)
    found = np.argmax(model.predict(unseen.inputs, verbose=0), axis=1)
    assert (found == unseen.classes).mean() > 0.9


def test_both_files_hold_the_same_model(untrained: Any, tmp_path: Path) -> None:
    """The .h5 and the .keras file predict the same."""
    files = [tmp_path / "shapes.keras", tmp_path / "shapes.h5"]
    save(untrained, files)
    images = np.random.default_rng(0).random((3, SIDE, SIDE, 3), np.float32)
    expected = untrained.predict(images, verbose=0)
    assert expected.std() > 1e-4
    for path in files:
        loaded = keras.models.load_model(path, compile=False)
        np.testing.assert_array_equal(loaded.predict(images, verbose=0), expected)


def test_saving_h5_is_silent_and_silences_nothing_else(
    untrained: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: Any
) -> None:
    """Only the advice against .h5 is held back, and only while saving."""
    logger = logging.getLogger("absl")
    monkeypatch.setattr(logger, "propagate", True)
    save(untrained, [tmp_path / "shapes.h5"])
    assert "HDF5" not in caplog.text
    logger.warning("HDF5 is mentioned by someone else")
    assert "mentioned by someone else" in caplog.text
