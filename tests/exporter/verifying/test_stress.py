"""The inputs beside the drawn ones, and the values that a model expects."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import layers

from keras2cv_export.model.load import load_model
from keras2cv_export.model.spec import TensorSpec
from keras2cv_export.verifying.ranges import embedding_rows, ranges_of
from keras2cv_export.verifying.samples import default_samples
from keras2cv_export.verifying.stress import (
    FEW_ABOVE_BYTES,
    KINDS,
    stress_samples,
    unseen_rows,
)
from support.tiny_bundle import Classifier

MANIFEST = replace(Classifier().manifest(), preprocessing=None)
PHOTO = TensorSpec("photo", (None, 8, 9, 3), "float32")


def kinds(spec: TensorSpec, low: float, high: float) -> dict[str, np.ndarray]:
    """Return the array of each kind."""
    return {
        name: sample[0] for name, sample in stress_samples([spec], {spec.name: (low, high)}, {}, 1)
    }


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-2.0, 6.0)])
def test_each_kind_is_what_it_is_called(low: float, high: float) -> None:
    """Black is the lowest value everywhere, and so on; only one leaves the range."""
    found = kinds(PHOTO, low, high)
    span = high - low
    assert list(found) == list(KINDS)
    assert (found["black"] == np.float32(low)).all()
    assert (found["white"] == np.float32(high)).all()
    assert np.ptp(found["flat"]) == 0.0
    assert 0.0 < np.ptp(found["nearly flat"]) < 0.03 * span
    assert found["dark"].max() <= low + 0.06 * span
    assert found["bright"].min() >= low + 0.89 * span
    assert found["beyond the usual range"].min() < low
    assert found["beyond the usual range"].max() > high
    assert all(one.shape == (1, 8, 9, 3) and one.dtype == np.float32 for one in found.values())


def test_whole_numbers_keep_their_range() -> None:
    """A picture of bytes goes from 0 to 255 and not beyond."""
    found = kinds(replace(PHOTO, dtype="uint8"), 0, 255)
    assert (found["black"].max(), found["white"].min()) == (0, 255)
    assert found["flat"].dtype == np.uint8


def test_a_large_model_gets_few() -> None:
    """Each costs TensorFlow and both engines a run."""
    few = list(stress_samples([PHOTO], {"photo": (0.0, 1.0)}, {}, FEW_ABOVE_BYTES + 1))
    assert len(few) == 3


def test_every_row_of_an_embedding_is_looked_up() -> None:
    """Seventy rows by samples of ten words."""
    spec = TensorSpec("words", (None, 10), "int32")
    drawn = stress_samples([spec], {"words": (0, 69)}, {"words": 70}, 1)
    samples = [sample for name, sample in drawn if "rows" in name]
    assert len(samples) == 7
    assert unseen_rows({"words": 70}, samples, ["words"]) == 0


def test_a_normalization_says_what_its_input_is_like() -> None:
    """Features around 1000 that spread by 0.1 are drawn so, each by its own statistics."""
    rng = np.random.default_rng(0)
    layer = layers.Normalization()
    layer.adapt(rng.normal([1000, -5], [0.1, 3], (400, 2)).astype(np.float32))
    x = keras.Input((2,), name="features")
    loaded = load_model(keras.Model(x, layers.Dense(3)(layer(x))))
    ranges = ranges_of(loaded, MANIFEST)
    (low, high) = ranges["features"]
    np.testing.assert_allclose(low, [999.7, -14], rtol=0.1)
    np.testing.assert_allclose(high, [1000.3, 4], rtol=0.1)
    values = np.stack([s[0] for s in default_samples(loaded.inputs, 6, 1, value_range=ranges)])
    assert (values >= low - 1e-3).all()
    assert (values <= high + 1e-3).all()


def test_an_embedding_says_the_rows_of_its_input() -> None:
    """Of two inputs each has its own vocabulary."""
    one, two = (
        keras.Input((4,), dtype="int32", name="a"),
        keras.Input((3,), dtype="int32", name="b"),
    )
    joined = layers.Concatenate(axis=1)([layers.Embedding(9, 2)(one), layers.Embedding(50, 2)(two)])
    loaded = load_model(keras.Model([one, two], layers.Flatten()(joined)))
    assert embedding_rows(loaded) == {"a": 9, "b": 50}
    assert ranges_of(loaded, MANIFEST) == {"a": (0, 8), "b": (0, 49)}
