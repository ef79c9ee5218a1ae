"""Numbers that a model looks up are drawn from the rows that there are, in any kind of file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import keras2cv
from keras2cv.errors import ModelError
from keras2cv_export import export


class Words(tf.Module):  # type: ignore[misc]
    """Two tables, of 5 and 3 rows, as a SavedModel: no layer shows their sizes."""

    def __init__(self, dtype: tf.DType) -> None:
        rng = np.random.default_rng(2)
        self.large = tf.Variable(rng.normal(size=(5, 4)).astype(np.float32))
        self.small = tf.Variable(rng.normal(size=(3, 4)).astype(np.float32))
        spec = tf.TensorSpec([None, 6], dtype, name="words")
        self.run = tf.function(self.look_up, input_signature=(spec,))

    def look_up(self, words: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return a sum over the words."""
        rows = tf.cast(words, tf.int32)
        found = tf.gather(self.large, rows) + tf.gather(self.small, rows)
        return {"y": tf.reduce_sum(tf.nn.relu(found), axis=1)}


@pytest.mark.parametrize("dtype", [tf.int32, tf.int64, tf.float32])
def test_a_saved_model_is_asked_for_rows_of_its_smallest_table(
    tmp_path: Path, dtype: tf.DType
) -> None:
    """The usual 0..9, or -1..1, would be refused by TensorFlow itself."""
    module = Words(dtype)
    tf.saved_model.save(module, str(tmp_path / "m"), signatures={"serving_default": module.run})
    report = export(tmp_path / "m", tmp_path / "m.cv", task="raw")
    assert report.parity is not None
    assert report.parity.verdict == "pass"
    words = np.array([[0, 1, 2, 0, 2, 1], [2, 2, 2, 1, 0, 0]], dtype.as_numpy_dtype)
    [got] = keras2cv.load(tmp_path / "m.cv").infer(words)
    np.testing.assert_allclose(got, module.look_up(tf.constant(words))["y"], atol=1e-5)


def test_the_first_embedding_of_keras_2_takes_floats(tmp_path: Path) -> None:
    """`Sequential([Embedding(...)])` of Keras 2 has an input of float32."""
    import tf_keras

    layers = tf_keras.layers
    model = tf_keras.Sequential(
        [layers.Input((7,)), layers.Embedding(11, 4, mask_zero=True), layers.LSTM(5)]
    )
    model.save(tmp_path / "m.keras")
    report = export(tmp_path / "m.keras", tmp_path / "m.cv", task="raw")
    assert report.parity is not None
    assert report.parity.verdict == "pass"


def test_own_samples_with_a_row_that_is_not_there_are_one_sentence(tmp_path: Path) -> None:
    """TensorFlow's own words, without the graph around them."""
    module = Words(tf.int32)
    tf.saved_model.save(module, str(tmp_path / "m"), signatures={"serving_default": module.run})
    np.save(tmp_path / "s.npy", np.full((2, 6), 4, np.int32))
    with pytest.raises(ModelError, match=r"4 is not in \[0, 3\).*with --samples") as caught:
        export(tmp_path / "m", tmp_path / "m.cv", task="raw", samples=tmp_path / "s.npy")
    assert "\n" not in str(caught.value)
