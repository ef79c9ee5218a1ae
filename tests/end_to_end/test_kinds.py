"""Every kind of Keras model is exported, loaded, and run with any number of samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras2cv
from keras2cv_export import export
from support.keras_kinds import KINDS


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("name", KINDS)
def test_a_bundle_answers_as_keras_does(name: str, batch: int, tmp_path: Path) -> None:
    """For one to five samples, whatever batch the file has; on every engine."""
    kind = KINDS[name]
    model = kind.model()
    settings: dict[str, Any] = dict(kind.settings)
    if "input_shapes" in settings:  # they hold the batch
        shapes = settings["input_shapes"]
        settings["input_shapes"] = {k: (batch, *shape[1:]) for k, shape in shapes.items()}
    policies = [str(layer.dtype_policy) for layer in model._flatten_layers()]
    report = export(model, tmp_path / "cat.cv", batch=batch, **settings)
    assert [str(layer.dtype_policy) for layer in model._flatten_layers()] == policies
    assert report.parity is not None
    assert report.parity.verdict == "pass"
    assert report.manifest.engine.name == "any"
    assert report.manifest.model.batch == batch
    assert kind.note in " ".join(report.notes)
    predictor = keras2cv.load(tmp_path / "cat.cv")
    for count in range(1, 6):
        arrays = kind.inputs(count, seed=count)
        expected, found = kind.answer(model, arrays), predictor.infer(*arrays)
        assert len(found) == len(expected)
        for got, wanted in zip(found, expected, strict=True):
            assert (got.shape, got.dtype) == (wanted.shape, wanted.dtype)
            largest = np.abs(wanted.astype(float)).max()
            assert np.ptp(wanted.astype(float)) > 0.05 * largest or wanted.size == 1
            assert np.abs(got.astype(float) - wanted.astype(float)).max() <= 1e-4 * largest
