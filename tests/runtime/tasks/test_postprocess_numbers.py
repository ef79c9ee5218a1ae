"""From outputs to results, per task."""

import numpy as np
import pytest

from keras2cv.bundle.manifest import Task
from keras2cv.tasks.binary.postprocess import binary, sigmoid
from keras2cv.tasks.classify.postprocess import classify, softmax
from keras2cv.tasks.raw.postprocess import raw
from keras2cv.tasks.regress.postprocess import regress

RNG = np.random.default_rng(3)


def test_logits_become_probabilities() -> None:
    """Softmax is exp(x) / sum(exp(x)) per sample, as float32."""
    logits = RNG.normal(0, 5, (4, 7)).astype(np.float32)
    expected = np.exp(logits.astype(np.float64))
    expected /= expected.sum(axis=1, keepdims=True)
    results = classify(Task("classify", "y", "logits"), {"y": logits})
    scores = np.stack([result.scores for result in results])
    assert scores.dtype == np.float32
    assert np.abs(scores - expected).max() < 1e-7


def test_softmax_survives_extreme_logits() -> None:
    """Nothing overflows, and huge differences give zero and one."""
    probabilities = softmax(np.array([[1e30, 0, -1e30], [-3e38, -3e38, -3e38]], np.float32))
    assert np.allclose(probabilities, np.array([[1, 0, 0], [1 / 3, 1 / 3, 1 / 3]]))


@pytest.mark.parametrize("scores", ["softmax", "sigmoid", "linear"])
def test_other_scores_stay_as_they_are(scores: str) -> None:
    """Probabilities, and scores that are none, are not changed."""
    values = RNG.normal(0, 5, (2, 1, 1, 6)).astype(np.float32)
    task = Task("classify", "y", scores, tuple("abcdef"))  # type: ignore[arg-type]
    results = classify(task, {"y": values, "other": np.zeros(3)})
    assert np.array_equal(np.stack([r.scores for r in results]), values.reshape(2, 6))
    assert results[0].labels == tuple("abcdef")


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (None, ("no", "yes")),
        (("broken",), ("not broken", "broken")),
        (("fine", "broken"), ("fine", "broken")),
    ],
)
def test_a_binary_task_names_both_answers(
    labels: tuple[str, ...] | None, expected: tuple[str, str]
) -> None:
    """One label names yes, two name no and yes, none leaves the words themselves."""
    task = Task("binary", "y", "sigmoid", labels)
    values = np.array([[0.25], [0.75]], np.float32)
    results = binary(task, {"y": values})
    assert [result.probability for result in results] == [0.25, 0.75]
    assert tuple(result.label for result in results) == expected


def test_a_logit_becomes_a_probability() -> None:
    """The sigmoid is exact on both sides of zero and does not overflow."""
    task = Task("binary", "y", "logits")
    results = binary(task, {"y": np.array([[2.0], [-2.0], [3e38], [-3e38]], np.float32)})
    assert [r.probability for r in results] == pytest.approx(
        [1 / (1 + np.exp(-2)), 1 / (1 + np.exp(2)), 1, 0], abs=1e-15
    )
    assert sigmoid(0) == 0.5


def test_regression_keeps_the_shape_of_a_sample() -> None:
    """A result holds one sample's numbers as the model gives them."""
    values = RNG.normal(size=(3, 2, 5)).astype(np.float32)
    results = regress(Task("regress", "y"), {"y": values})
    assert [r.values.shape for r in results] == [(2, 5)] * 3
    assert np.array_equal(results[1].values, values[1])


def test_raw_gives_every_output_of_each_sample() -> None:
    """A result holds one sample's part of every output, by name."""
    outputs = {"a": RNG.normal(size=(3, 2)), "b": RNG.normal(size=(3, 4, 5))}
    results = raw(Task("raw"), outputs)
    assert len(results) == 3
    assert np.array_equal(results[2]["b"], outputs["b"][2])
    assert list(results[0].arrays) == ["a", "b"]
