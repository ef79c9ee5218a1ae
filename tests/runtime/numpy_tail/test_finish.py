"""Steps of a tail compute the same as NumPy; an error names the step that does not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from keras2cv.errors import BundleError
from keras2cv.numpy_tail import Step, finish

Array = NDArray[Any]

X = np.random.default_rng(4).normal(size=(2, 3, 5)).astype(np.float32)
I = np.array([[4, 0, 2, 2], [1, 1, 0, 3]], np.int32)  # noqa: E741
ONE = ("x",)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (Step("cast", ONE, ("y",), dtype="int32"), X.astype(np.int32)),
        (Step("reshape", ONE, ("y",), shape=(6, 5)), X.reshape(6, 5)),
        (
            Step("slice", ONE, ("y",), begin=(0, 2, 1), shape=(2, 3, 2), strides=(1, -1, 3)),
            X[:, ::-1, 1::3],
        ),
        (Step("transpose", ONE, ("y",), shape=(2, 0, 1)), X.transpose(2, 0, 1)),
        (Step("concat", ("x", "x"), ("y",), axis=1), np.concatenate([X, X], 1)),
        (Step("stack", ("x", "x"), ("y",), axis=3), np.stack([X, X], 3)),
        (Step("gather", ("x", "i"), ("y",), axis=2, batch_dims=0), X[:, :, I]),
        (
            Step("gather", ("x", "i"), ("y",), axis=2, batch_dims=1),
            np.stack([x[:, i] for x, i in zip(X, I, strict=True)]).transpose(0, 1, 2),
        ),
        (Step("subtract", ("x", "x"), ("y",)), X - X),
        (Step("less", ("x", "x"), ("y",)), np.zeros(X.shape, bool)),
        (
            Step("constant", (), ("y",), dtype="int64", shape=(2, 1), values=(7.0, -3.0)),
            np.array([[7], [-3]], np.int64),
        ),
    ],
)
def test_a_step_is_an_operation_of_numpy(step: Step, expected: Array) -> None:
    """Values, shape and dtype."""
    (got,) = finish({"x": X, "i": I}, [step]).values()
    assert (got.shape, got.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(got, expected)


def test_top_k_takes_the_first_of_equal_numbers() -> None:
    """As tf.math.top_k does."""
    x = np.array([[3, 9, 3, 9, 1]], np.float32)
    made = finish({"x": x}, [Step("top_k", ONE, ("values", "indices"), k=3)])
    assert made["values"].tolist() == [[9, 9, 3]]
    assert made["indices"].tolist() == [[1, 3, 0]]


def test_a_later_step_reads_what_an_earlier_one_made() -> None:
    """The result has the arrays that steps made, without the heads."""
    steps = [
        Step("greater", ("x", "zero"), ("positive",)),
        Step("where", ("positive", "x", "zero"), ("y",)),
    ]
    made = finish({"x": X, "zero": np.zeros((), np.float32)}, steps)
    assert list(made) == ["positive", "y"]
    np.testing.assert_array_equal(made["y"], np.maximum(X, 0))


@pytest.mark.parametrize(
    "step",
    [
        Step("reshape", ONE, ("y",), shape=(7, 5)),
        Step("slice", ONE, ("y",), begin=(0, 0, 4), shape=(2, 3, 2), strides=(1, 1, 1)),
        Step("gather", ("x", "i"), ("y",), axis=1, batch_dims=0),
        Step("gather", ("i", "i"), ("y",), axis=1, batch_dims=1),
        Step("add", ("x", "i"), ("y",)),
        Step("top_k", ONE, ("values", "indices"), k=6),
    ],
)
def test_a_step_that_does_not_fit_is_named(step: Step) -> None:
    """An altered bundle is an error of ours, never NumPy's own."""
    with pytest.raises(BundleError, match=rf"tail\.steps\[1\]: {step.op} does not fit"):
        finish({"x": X, "i": I}, [Step("not", ONE, ("z",)), step])
