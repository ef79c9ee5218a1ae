"""Which outputs of a model no input reaches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras2cv_export import check, export
from keras2cv_export.model.constant_outputs import constant_outputs
from keras2cv_export.model.load import load_model

ANCHORS = np.arange(20, dtype=np.float32).reshape(1, 5, 4)


class Beside(layers.Layer):  # type: ignore[misc]
    """Anchors for each image, as detectors give them beside their answers."""

    def call(self, x: Any) -> Any:
        """Repeat them."""
        return ops.zeros_like(x[:, :1, :1, 0]) + ANCHORS


def _model(second: Any) -> keras.Model:
    image = keras.Input((6, 5, 3), name="image")
    rows = layers.Flatten()(layers.Conv2D(4, 3)(image))
    return keras.Model(image, {"rows": rows, "second": second(image)})


def test_anchors_are_constant_and_what_is_saturated_is_not() -> None:
    """By the graph, not by numbers that happen to be the same."""
    saturated = layers.Lambda(lambda x: ops.sigmoid(1e9 * (1.0 + ops.abs(x[:, 0, 0]))))
    assert constant_outputs(load_model(_model(Beside()))) == {"second"}
    assert constant_outputs(load_model(_model(saturated))) == set()


@pytest.mark.parametrize("kind", ["onnx", "frozen"])
def test_they_are_exported_for_every_opencv_and_pass(tmp_path: Path, kind: str) -> None:
    """Importers but one drop an output that is no layer; and the check needs no other samples."""
    model = _model(Beside())
    made = export(model, tmp_path / "m.cv", task="raw", format=kind)
    assert not any("needs OpenCV 5.0" in note for note in made.notes)
    assert check(tmp_path / "m.cv", model).verdict == "pass"
