"""An answer that depends on the samples beside it is said so, and no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras2cv_export import export
from keras2cv_export.verifying.neighbours import leaning_rows


class OfRows(keras.layers.Layer):
    """A function of the whole batch, as a layer."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.function = function

    def call(self, inputs: Any) -> Any:
        """Calls it."""
        return self.function(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's."""
        return input_shape


def _model(function: Callable[[Any], Any]) -> keras.Model:
    keras.utils.set_random_seed(2)
    given = keras.Input((6,))
    return keras.Model(given, keras.layers.Dense(3)(OfRows(function)(given)))


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(lambda x: x / ops.mean(ops.square(x)), id="mean_of_all"),
        pytest.param(lambda x: x + ops.tensordot(x, x, 2), id="product_over_the_batch"),
        pytest.param(lambda x: x - ops.max(x, axis=0), id="largest_of_the_batch"),
        pytest.param(lambda x: x - tf.reduce_max(x, axis=-2), id="counted_from_the_end"),
    ],
)
def test_an_answer_that_leans_on_others_is_said(
    function: Callable[[Any], Any], tmp_path: Path
) -> None:
    """The note names the layer and the batch at which the answers are Keras'."""
    report = export(_model(function), tmp_path / "m.cv", task="raw")
    (note,) = [n for n in report.notes if "beside it" in n]
    assert "computes over the batch" in note
    assert "of_rows" in note


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(lambda x: x / ops.mean(ops.square(x), axis=1, keepdims=True), id="each_row"),
        pytest.param(lambda x: x * ops.mean(ops.stack([x, x + 1.0]), axis=0), id="of_a_stack"),
        pytest.param(lambda x: x - tf.reduce_max(x[:, None], axis=-2), id="counted_from_the_end"),
    ],
)
def test_one_that_does_not_is_left_alone(function: Callable[[Any], Any], tmp_path: Path) -> None:
    """Sums within a sample, and over the first axis of another tensor, join no samples."""
    report = export(_model(function), tmp_path / "m.cv", task="raw")
    assert not [n for n in report.notes if "beside it" in n]


@pytest.mark.parametrize(("leans", "function"), [(True, ops.mean), (False, ops.square)])
def test_a_fixed_batch_is_answered_as_a_whole(
    leans: bool, function: Callable[[Any], Any], tmp_path: Path
) -> None:
    """Rows in another order are another question to a model that computes over them."""
    given = keras.Input(batch_shape=(2, 6))
    table = np.ones((2, 6), np.float32)
    model = keras.Model(given, given * table + function(given))
    report = export(model, tmp_path / "m.cv", task="raw")
    assert bool([n for n in report.notes if "beside it" in n]) == leans


def test_the_same_infinity_is_no_difference() -> None:
    """And no warning: infinity less infinity is no number."""
    samples = [(np.ones((2, 3), np.float32),), (np.zeros((2, 3), np.float32),)]
    answer = np.full((2, 1), np.inf, np.float32)
    assert not leaning_rows(lambda _: {"y": answer}, samples, [{"y": answer}] * 2)
