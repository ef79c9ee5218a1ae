"""Check sends pictures through both pipelines where the model has further inputs, too."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras2cv_export import check, export

HEIGHT, WIDTH = 20, 31


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[keras.Model, Path]:
    """Return a model of numbers and a picture, which it takes second, and its bundle."""
    keras.utils.set_random_seed(3)
    numbers, picture = keras.Input((4,), name="numbers"), keras.Input((HEIGHT, WIDTH, 3), name="p")
    y = layers.Conv2D(8, 3, activation="relu")(picture)
    y = layers.Concatenate()([layers.GlobalAveragePooling2D()(y), numbers])
    model = keras.Model([numbers, picture], layers.Dense(3)(layers.Dense(8, activation="relu")(y)))
    folder = tmp_path_factory.mktemp("two") / "two.cv"
    export(model, folder, preprocess="caffe", task="regress")
    return model, folder


@pytest.mark.parametrize(
    ("changes", "stage"),
    [
        ({}, ""),
        ({"color": "RGB"}, "normalise"),
        ({"mean": [100.0, 100.0, 100.0]}, "normalise"),
        ({"interpolation": "nearest"}, "resize"),
    ],
)
def test_its_picture_is_compared(
    changes: dict[str, Any], stage: str, exported: tuple[keras.Model, Path], tmp_path: Path
) -> None:
    """Drawn pictures go in beside drawn numbers; a wrong mean, order or resize is named."""
    model, right = exported
    folder = tmp_path / "two.cv"
    shutil.copytree(right, folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["preprocessing"] |= changes
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    report = check(folder, model, engine="classic", reference_resize="linear", speed=not stage)
    assert report.journey is not None
    assert report.journey.report.pictures == ("drawn 1.png", "drawn 2.png")
    if not stage:
        assert report.verdict == "pass", report.reasons
        assert not report.not_compared
        assert report.speed is not None
        return
    assert report.verdict == "fail"
    assert stage in report.stages_at_fault


def test_its_further_inputs_are_in_the_samples(exported: tuple[keras.Model, Path]) -> None:
    """Every sample has all inputs, in the model's order."""
    report = check(exported[1], exported[0], engine="classic", samples=3)
    shapes = {tuple(array.shape for array in sample) for sample in report.question.samples}
    assert shapes == {((1, 4), (1, HEIGHT, WIDTH, 3))}
    assert len(report.question.samples) == 5
    assert not np.array_equal(report.question.samples[3][0], report.question.samples[4][0])
