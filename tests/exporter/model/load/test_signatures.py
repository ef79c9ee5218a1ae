"""SavedModels with several signatures: one is chosen by name or by what OpenCV can take."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import keras2cv
from keras2cv.errors import ModelError, UsageError
from keras2cv_export import check, export
from keras2cv_export.model.load import load_model


class Model(tf.Module):  # type: ignore[misc]
    """Two functions of numbers and one of text, with weights of their own."""

    def __init__(self) -> None:
        rng = np.random.default_rng(7)
        self.w = tf.Variable(rng.normal(size=(8, 3)).astype(np.float32))

    @tf.function(input_signature=(tf.TensorSpec([None, 8], tf.float32, name="x"),))
    def features(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the features."""
        return {"features": tf.nn.relu(x @ self.w)}

    @tf.function(input_signature=(tf.TensorSpec([None, 8], tf.float32, name="x"),))
    def scores(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the scores."""
        return {"scores": 2 * x @ self.w - 1}

    @tf.function(input_signature=(tf.TensorSpec([None], tf.string, name="files"),))
    def decoded(self, files: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the scores of encoded rows."""
        return {"scores": tf.reshape(tf.io.decode_raw(files, tf.float32), (-1, 8)) @ self.w}


@pytest.fixture(scope="module")
def model() -> Model:
    """The module, built once."""
    return Model()


def saved(model: Model, folder: Path, **names: str) -> Path:
    """Save `model` with signatures: name -> method."""
    signatures = {name: getattr(model, method) for name, method in names.items()}
    tf.saved_model.save(model, str(folder), signatures=signatures)
    return folder


def test_a_signature_is_exported_by_its_name_and_checked_against(
    model: Model, tmp_path: Path
) -> None:
    """The manifest records the name, so that a later check compares with the same function."""
    folder = saved(model, tmp_path / "m", serving_default="scores", embed="features")
    report = export(folder, tmp_path / "m.cv", task="raw", signature="embed")
    assert report.manifest.source.signature == "embed"
    assert any("'serving_default' (x -> scores)" in note for note in report.notes)
    x = np.random.default_rng(1).normal(size=(5, 8)).astype(np.float32)
    [got] = keras2cv.load(tmp_path / "m.cv").infer(x)
    np.testing.assert_allclose(got, model.features(x)["features"], atol=1e-5)
    assert check(tmp_path / "m.cv", folder).parity.verdict == "pass"


def test_the_default_is_taken_and_the_others_are_listed(model: Model, tmp_path: Path) -> None:
    """A note lists what else there is."""
    folder = saved(model, tmp_path / "m", serving_default="scores", embed="features")
    loaded = load_model(folder)
    assert loaded.notes == (
        "m has several signatures, and 'serving_default' is exported. --signature chooses "
        "another: 'embed' (x -> features).",
    )


def test_a_default_that_takes_text_leads_to_the_one_behind_it(model: Model, tmp_path: Path) -> None:
    """Exports for TensorFlow Serving decode files first; the function of numbers is beside it."""
    folder = saved(model, tmp_path / "m", serving_default="decoded", predict="scores")
    loaded = load_model(folder)
    assert loaded.source.signature == "predict"
    assert [spec.name for spec in loaded.inputs] == ["x"]


@pytest.mark.parametrize(
    ("names", "wanted", "words"),
    [
        ({"a": "scores", "b": "features"}, None, r"several signatures: 'a' .* with --signature"),
        ({"a": "scores"}, "c", r"has no signature 'c'\. It has: 'a' \(x -> scores\)"),
        ({"a": "decoded"}, None, r"takes text .*save a signature for the part that follows"),
        ({"a": "decoded", "b": "scores"}, "a", r"These take numbers: 'b' .*with --signature"),
        ({}, None, r"has no signature, so that nothing says how it is called"),
    ],
)
def test_what_cannot_be_chosen_is_one_sentence(
    model: Model, tmp_path: Path, names: dict[str, str], wanted: str | None, words: str
) -> None:
    """The error lists what there is."""
    folder = saved(model, tmp_path / "m", **names)
    with pytest.raises(ModelError, match=words) as caught:
        load_model(folder, signature=wanted)
    assert "\n" not in str(caught.value)


def test_files_without_signatures_refuse_the_option(tmp_path: Path) -> None:
    """A signature of a .keras file is a mistake, which is told at once."""
    import keras

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    with pytest.raises(UsageError, match="Only a SavedModel folder has signatures"):
        export(model, tmp_path / "m.cv", task="raw", signature="a")
