"""Files of Keras 1 and 2 whose layers compute something else in Keras 3."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import keras2cv
from keras2cv.errors import ModelError
from keras2cv_export import export
from keras2cv_export.model.config import read_saved
from keras2cv_export.model.load.changed_meanings import (
    HARD_SIGMOID,
    UNIT_NORMALIZATION,
    changed_meanings,
    is_older,
)

# Keras 2 has to be the only Keras of the process that writes the files: it patches TensorFlow.
WRITE = """
import sys, numpy as np, tf_keras
L, folder = tf_keras.layers, sys.argv[1]
CASES = {
    "activation": ((6,), [L.Activation("hard_sigmoid")]),
    "function": ((6,), [L.Dense(5, activation=tf_keras.activations.hard_sigmoid)]),
    "lstm": ((7, 4), [L.LSTM(5, recurrent_activation="hard_sigmoid")]),
    "gru": ((7, 4), [L.Bidirectional(L.GRU(3, recurrent_activation="hard_sigmoid"))]),
    "conv_lstm": ((3, 6, 7, 2), [L.ConvLSTM2D(3, 3)]),  # hard_sigmoid is its default
    "nested": ((6,), [tf_keras.Sequential([L.Dense(4, activation="hard_sigmoid")])]),
    "unit": ((6, 7, 4), [L.UnitNormalization(axis=(1, 2))]),
    "same": ((6,), [L.Dense(5, activation="sigmoid"), L.UnitNormalization(axis=-1)]),
}
rng, answers = np.random.default_rng(4), {}
for name, (shape, layers) in CASES.items():
    model = tf_keras.Sequential([L.InputLayer(shape, name="x"), *layers], name=name)
    for v in model.weights:
        v.assign(rng.normal(0, 0.7, v.shape))
    samples = rng.normal(0, 2, (3, *shape)).astype("float32")
    answers[name + "/x"], answers[name + "/y"] = samples, np.asarray(model(samples))
    model.save(f"{folder}/{name}.h5")
    model.save(f"{folder}/{name}.keras")
np.savez(f"{folder}/answers.npz", **answers)
"""
CHANGED = ("activation", "function", "lstm", "gru", "conv_lstm", "nested", "unit")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with each model as .h5 and .keras, and with Keras 2's own predictions."""
    folder = tmp_path_factory.mktemp("meanings")
    command = [sys.executable, "-W", "ignore", "-c", WRITE, str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("suffix", [".h5", ".keras"])
@pytest.mark.parametrize("name", [*CHANGED, "same"])
def test_the_bundle_predicts_what_keras_2_predicts(
    files: Path, tmp_path: Path, name: str, suffix: str
) -> None:
    """Keras 2 is the reference for a file that Keras 2 wrote, and a note names the difference."""
    report = export(files / f"{name}{suffix}", tmp_path / "m.cv", task="raw")
    with np.load(files / "answers.npz") as answers:
        samples, expected = answers[f"{name}/x"], answers[f"{name}/y"]
    [got] = keras2cv.load(tmp_path / "m.cv").infer(samples)
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    noted = any("saved by Keras 1 or 2, so tf_keras opened it" in note for note in report.notes)
    assert noted == (name in CHANGED or suffix == ".keras")


@pytest.mark.parametrize("name", ["lstm.h5", "unit.keras"])
def test_without_keras_2_the_difference_is_named(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The file is refused rather than read with another meaning."""
    monkeypatch.setattr("keras2cv_export.model.load.from_keras_2.has_tf_keras", lambda: False)
    difference = HARD_SIGMOID if name == "lstm.h5" else UNIT_NORMALIZATION
    with pytest.raises(ModelError, match=r"keras2cv\[legacy\]") as caught:
        export(files / name, tmp_path / "m.cv", task="raw")
    assert difference in str(caught.value)
    assert not (tmp_path / "m.cv").exists()


def test_a_file_of_keras_3_keeps_its_own_meaning(files: Path, tmp_path: Path) -> None:
    """The same layers, saved by Keras 3, are Keras 3's."""
    import keras

    model = keras.Sequential([keras.Input((6,)), keras.layers.Activation("hard_sigmoid")])
    model.save(tmp_path / "three.keras")
    report = export(tmp_path / "three.keras", tmp_path / "m.cv", task="raw")
    samples = np.linspace(-4, 4, 18, dtype=np.float32).reshape(3, 6)
    [got] = keras2cv.load(tmp_path / "m.cv").infer(samples)
    np.testing.assert_allclose(got, model.predict(samples, verbose=0), atol=1e-6)
    assert not any("tf_keras" in note for note in report.notes)


def test_the_version_is_read_from_both_kinds_of_file(files: Path, tmp_path: Path) -> None:
    """A file without one is taken for Keras 1's; a strange one is nobody's."""
    assert is_older(read_saved(files / "lstm.h5").keras_version)
    assert is_older(read_saved(files / "lstm.keras").keras_version)
    shutil.copy(files / "lstm.h5", tmp_path / "bare.h5")
    with h5py.File(tmp_path / "bare.h5", "r+") as file:
        del file.attrs["keras_version"]
    assert read_saved(tmp_path / "bare.h5").keras_version is None
    with (
        zipfile.ZipFile(files / "lstm.keras") as old,
        zipfile.ZipFile(tmp_path / "odd.keras", "w") as new,
    ):
        for name in old.namelist():
            new.writestr(name, "[1]" if name == "metadata.json" else old.read(name))
    assert read_saved(tmp_path / "odd.keras").keras_version is None


@pytest.mark.parametrize(
    ("version", "older"),
    [(None, True), ("1.2.2", True), ("2.15.0", True), ("3.0.0", False), ("dev", False)],
)
def test_whose_file_it_is(version: str | None, older: bool) -> None:
    """Keras 1 and 2 are older; an unreadable version is left to Keras 3."""
    assert is_older(version) == older


@pytest.mark.parametrize(
    ("settings", "changed"),
    [
        ({"activation": "hard_sigmoid"}, [HARD_SIGMOID]),
        (
            {"recurrent_activation": {"class_name": "function", "config": "hard_sigmoid"}},
            [HARD_SIGMOID],
        ),
        ({"inner_activation": "hard_sigmoid"}, [HARD_SIGMOID]),  # Keras 1's name
        ({"activation": "sigmoid", "name": "hard_sigmoid"}, []),
        ({"axis": [1, 2]}, []),
    ],
)
def test_what_differs(settings: dict[str, Any], changed: list[str]) -> None:
    """By every name that Keras has recorded it under, and nothing else."""
    config = json.loads(json.dumps({"class_name": "LSTM", "config": settings}))
    assert changed_meanings(config) == changed
