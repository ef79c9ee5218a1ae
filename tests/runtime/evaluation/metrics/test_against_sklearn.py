"""Every number of classes and rankings beside scikit-learn's, degenerate data included."""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from sklearn import calibration
from sklearn import metrics as sk

from keras2cv.evaluation.metrics.calibration import reliability
from keras2cv.evaluation.metrics.classes import class_rates, confusion_matrix, in_top
from keras2cv.evaluation.metrics.numbers import r2_score
from keras2cv.evaluation.metrics.ranking import average_precision, count_above, roc_auc

CASES = [
    (seed, n, c) for seed, (n, c) in enumerate([(200, 5), (7, 12), (1, 3), (60, 2), (500, 30)])
]


def drawn(seed: int, count: int, classes: int) -> tuple[Any, Any, Any]:
    """Return truth, answers and scores; scores have ties, and some classes have no sample."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, max(1, classes - 1), count)
    scores = np.round(rng.random((count, classes)), 1)
    return truth, scores.argmax(axis=1), scores


@pytest.mark.parametrize(("seed", "count", "classes"), CASES)
def test_a_confusion_matrix_and_its_rates(seed: int, count: int, classes: int) -> None:
    """Precision, recall, F1 and IoU of each class, and their macro and weighted means."""
    truth, answer, _ = drawn(seed, count, classes)
    labels = range(classes)
    matrix = confusion_matrix(truth, answer, classes)
    assert (matrix == sk.confusion_matrix(truth, answer, labels=labels)).all()
    rates = class_rates(matrix)
    found = (rates.precision, rates.recall, rates.f1, rates.support)
    expected = sk.precision_recall_fscore_support(truth, answer, labels=labels, zero_division=0)
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, abs=1e-12)
    jaccard = sk.jaccard_score(truth, answer, labels=labels, average=None, zero_division=0)
    assert rates.iou == pytest.approx(jaccard, abs=1e-12)
    for average, mean in (("macro", rates.mean), ("weighted", rates.weighted)):
        expected = sk.precision_recall_fscore_support(
            truth, answer, average=average, zero_division=0
        )
        means = [mean(rates.precision), mean(rates.recall), mean(rates.f1)]
        assert means == pytest.approx(expected[:3], abs=1e-12)


@pytest.mark.parametrize("k", [1, 2, 5])
@pytest.mark.parametrize(("seed", "count", "classes"), CASES)
def test_the_true_class_among_the_best(seed: int, count: int, classes: int, k: int) -> None:
    """Ties go to the class with the higher number, as there."""
    truth, _, scores = drawn(seed, count, classes)
    if k >= classes or classes == 2:
        pytest.skip("scikit-learn warns of it, or takes one column")
    expected = sk.top_k_accuracy_score(truth, scores, k=k, labels=range(classes))
    assert in_top(scores, truth, k).mean() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("scores", "truth"),
    [
        ([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]),
        ([0.5] * 6, [0, 1, 0, 1, 1, 1]),
        ([0.9, 0.9, 0.1, 0.1, 0.1], [1, 0, 1, 0, 0]),
        (np.round(np.random.default_rng(3).random(300), 2), np.arange(300) % 3 == 0),
        (np.random.default_rng(4).normal(size=50), np.arange(50) % 2),
    ],
)
def test_the_areas_below_the_curves(scores: Any, truth: Any) -> None:
    """With ties, with equal scores only, and with scores that are no probabilities."""
    counts = count_above(np.asarray(scores), np.asarray(truth, bool))
    assert roc_auc(counts) == pytest.approx(sk.roc_auc_score(truth, scores), abs=1e-12)
    expected = sk.average_precision_score(truth, scores)
    assert average_precision(counts) == pytest.approx(expected, abs=1e-12)
    precision, recall, thresholds = sk.precision_recall_curve(truth, scores)
    assert counts.thresholds[::-1] == pytest.approx(thresholds, abs=1e-12)
    assert counts.precision[::-1] == pytest.approx(precision[:-1], abs=1e-12)
    assert counts.recall[::-1] == pytest.approx(recall[:-1], abs=1e-12)
    f1 = [sk.f1_score(truth, np.asarray(scores) >= t) for t in counts.thresholds]
    assert counts.f1 == pytest.approx(f1, abs=1e-12)


@pytest.mark.parametrize("truth", [[1, 1], [0, 0], []])
def test_a_curve_of_one_kind_has_no_area(truth: list[int]) -> None:
    """scikit-learn warns, and gives NaN."""
    counts = count_above(np.linspace(0, 1, len(truth)), np.array(truth, bool))
    assert roc_auc(counts) is None


@pytest.mark.parametrize("seed", range(3))
def test_calibration(seed: int) -> None:
    """The bins are scikit-learn's, and ECE is the mean gap, each bin by its samples."""
    rng = np.random.default_rng(seed)
    scores = np.round(rng.random(400), 2)
    right = rng.random(400) < scores
    found = reliability(scores, right)
    inner = scores[~np.isin(scores, np.round(np.linspace(0, 1, 16), 10))]
    accuracy, confidence = calibration.calibration_curve(
        right[np.isin(scores, inner)], inner, n_bins=15
    )
    again = reliability(inner, right[np.isin(scores, inner)])
    assert again.accuracy == pytest.approx(accuracy, abs=1e-12)
    assert again.confidence == pytest.approx(confidence, abs=1e-12)
    edges = np.linspace(0, 1, 16)
    expected = 0.0
    for low, high in pairwise(edges):
        chosen = (scores > low) & (scores <= high) | ((low == 0) & (scores == 0))
        if chosen.any():
            gap = abs(scores[chosen].mean() - right[chosen].mean())
            expected += gap * chosen.sum() / len(scores)
    assert found.ece == pytest.approx(expected, abs=1e-12)
    assert reliability(np.zeros(0), np.zeros(0)).ece is None


@pytest.mark.parametrize(
    ("truth", "answer"),
    [
        ([[1.0], [2.0], [4.0]], [[1.5], [2.0], [3.0]]),
        ([[1.0, 5.0], [2.0, 5.0]], [[1.0, 5.0], [2.0, 5.0]]),
        ([[1.0, 5.0], [2.0, 5.0]], [[3.0, 5.0], [2.0, 6.0]]),
    ],
)
def test_r2(truth: Any, answer: Any) -> None:
    """Columns of equal truths are 1 or 0."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = sk.r2_score(truth, answer)
    assert r2_score(np.array(truth), np.array(answer)) == pytest.approx(expected, abs=1e-12)
    assert r2_score(np.ones((1, 1)), np.ones((1, 1))) is None
