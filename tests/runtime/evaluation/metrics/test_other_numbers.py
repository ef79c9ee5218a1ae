"""PSNR and SSIM beside TensorFlow's, McNemar beside SciPy's, edit distances by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from keras2cv.evaluation.metrics.paired import mcnemar
from keras2cv.evaluation.metrics.pictures import psnr, ssim
from keras2cv.evaluation.metrics.ranking import count_above, equal_error_rate
from keras2cv.evaluation.metrics.resampling import Resampler, differences, intervals, resampled
from keras2cv.evaluation.metrics.texts import edit_distance


@pytest.mark.parametrize("noise", [1, 12, 80])
def test_pictures_beside_tensorflow(noise: int) -> None:
    """Of colour pictures that are not square."""
    tf = pytest.importorskip("tensorflow")
    rng = np.random.default_rng(noise)
    one = rng.integers(0, 256, (37, 52, 3)).astype(np.uint8)
    one = np.sort(one, axis=0)
    other = np.clip(one + rng.normal(0, noise, one.shape), 0, 255).astype(np.uint8)
    wide = [image.astype(np.float64) for image in (one, other)]
    assert psnr(one, other) == pytest.approx(float(tf.image.psnr(*wide, 255)), abs=1e-5)
    assert ssim(one, other) == pytest.approx(float(tf.image.ssim(*wide, 255)), abs=1e-5)
    assert psnr(one, one) == math.inf
    assert ssim(one, one) == pytest.approx(1, abs=1e-12)


def test_pictures_of_other_shapes_are_refused() -> None:
    """A comparison of nothing is no number."""
    small, large = np.zeros((8, 8, 3), np.uint8), np.zeros((12, 12, 3), np.uint8)
    for one, other in ((small, large), (small, small)):
        with pytest.raises(ValueError, match="shapes"):
            ssim(one, other)


@pytest.mark.parametrize(("b", "c"), [(0, 0), (0, 1), (3, 9), (40, 41), (700, 900)])
def test_mcnemar_is_the_exact_binomial_test(b: int, c: int) -> None:
    """Two-sided, at a half."""
    expected = 1.0 if b + c == 0 else stats.binomtest(b, b + c, 0.5).pvalue
    assert mcnemar(b, c) == pytest.approx(expected, abs=1e-9)


def test_the_interval_of_a_difference_holds_it() -> None:
    """Of equal sides it is zero, of others around the difference, and always the same."""
    rng = np.random.default_rng(0)
    one = (rng.random((400, 1)) < 0.9).astype(float)
    other = one.copy()
    other[:20] = 0

    def side(terms: np.ndarray) -> Resampler:
        return Resampler(400, lambda weights: {"mean": (weights @ terms)[:, 0] / 400})

    def apart(terms: np.ndarray) -> tuple[float, float]:
        return differences(*resampled([side(one), side(terms)]))["mean"]

    assert apart(one) == (0, 0)
    low, high = apart(other)
    assert low < one.mean() - other.mean() < high
    assert apart(other) == (low, high)
    [alone] = resampled([side(one)])
    expected = stats.norm.interval(0.95, one.mean(), one.std() / 20)
    assert intervals(alone)["mean"] == pytest.approx(expected, abs=0.005)


def test_nothing_has_no_interval() -> None:
    """No samples, and values of which none is finite."""
    assert resampled([Resampler(0, lambda weights: {"mean": weights})]) == [{}]
    low, high = intervals({"mean": np.full(3, np.nan)})["mean"]
    assert np.isnan(low)
    assert np.isnan(high)


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2), ("猫x", "x", 1)],
)
def test_edit_distances(one: str, other: str, distance: int) -> None:
    """In both directions."""
    assert edit_distance(one, other) == edit_distance(other, one) == distance


def test_edit_distances_beside_the_plain_recurrence() -> None:
    """On random texts of few letters."""
    rng = np.random.default_rng(5)
    for _ in range(60):
        one, other = ("".join(rng.choice(list("abc"), rng.integers(0, 9))) for _ in range(2))
        table = [
            [i + j if not i * j else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)
        ]
        for i, a in enumerate(one, 1):
            for j, b in enumerate(other, 1):
                table[i][j] = min(
                    table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (a != b)
                )
        assert edit_distance(one, other) == table[-1][-1]


def test_the_equal_error_rate() -> None:
    """0 for parted scores, a half for scores that tell nothing."""
    truth = np.array([0, 0, 1, 1], bool)
    assert equal_error_rate(count_above(np.array([0.1, 0.2, 0.8, 0.9]), truth)) == 0
    assert equal_error_rate(count_above(np.full(4, 0.5), truth)) == pytest.approx(0.5)
    assert equal_error_rate(count_above(np.ones(2), np.ones(2, bool))) is None
