"""Models whose bundle could not be described, or loaded: a sentence, before anything is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import pytest

from keras2cv.bundle import reading
from keras2cv.errors import BundleError, ModelError
from keras2cv_export import export


class FirstNone(keras.layers.Layer):
    """Gives none of its numbers."""

    def call(self, inputs: Any) -> Any:
        """Cut all of them off."""
        return inputs[:, :0]


def model_of(*layers: keras.layers.Layer) -> keras.Model:
    """Return a model of four numbers."""
    return keras.Sequential([keras.Input((4,), name="numbers"), *layers], name="odd")


def test_an_output_without_numbers(tmp_path: Path) -> None:
    """The output is named, and not the field of a manifest."""
    with pytest.raises(ModelError, match=r"'first_none.*' has the shape \(1, 0\), which holds no"):
        export(model_of(FirstNone()), tmp_path / "x.cv")


def test_an_output_of_more_axes_than_a_bundle_has(tmp_path: Path) -> None:
    """What a manifest does not take is said of the model."""
    with pytest.raises(ModelError, match="'odd' cannot be described in a bundle: keras_shape"):
        export(model_of(keras.layers.Reshape((1,) * 9 + (4,))), tmp_path / "x.cv")


def test_a_run_of_minutes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence is that of a load, and the variable that it names helps."""
    monkeypatch.setattr(reading, "MAX_WORK", 100)
    small = model_of(keras.layers.Dense(50, name="scores"))
    with pytest.raises(BundleError, match=r"multiply-adds .* set KERAS2CV_MAX_WORK=") as refused:
        export(small, tmp_path / "x.cv", check=False)
    assert not (tmp_path / "x.cv").exists()
    name, _, value = str(refused.value).rstrip(".").rpartition(" ")[2].partition("=")
    monkeypatch.setenv(name, value)
    export(small, tmp_path / "x.cv", check=False)


def test_a_value_that_no_run_may_have(tmp_path: Path) -> None:
    """Each value has 2^27 numbers at most, as a load requires."""
    layers = [
        keras.layers.RepeatVector(2**14, name="rows"),
        keras.layers.Dense(2**14, name="wide"),
    ]
    with pytest.raises((BundleError, ModelError), match="numbers"):
        export(model_of(*layers), tmp_path / "x.cv", check=False)
