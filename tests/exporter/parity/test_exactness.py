"""Rounding told from an error by the exact answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from keras2cv_export.parity.exactness import FACTOR, SILENT
from keras2cv_export.parity.parity import ParityReport, compare

Array = np.ndarray[Any, Any]
SHAPE = (1, 5, 6, 3)


def drawn(seed: int, count: int = 4, scale: float = 1.0) -> list[Array]:
    """Draw normal values, (1, 5, 6, 3) float64 each."""
    rng = np.random.default_rng(seed)
    return [scale * rng.normal(size=SHAPE) for _ in range(count)]


def judged(
    reference_error: float,
    candidate_error: float,
    *,
    only: int | None = None,
    stress: tuple[str, ...] = (),
    exact: Callable[[int, float], Any] | None = None,
    near: float | None = None,
) -> ParityReport:
    """Compare two sides that are so far from an exact answer, in all samples or in one.

    `near` is how far the reference is from it on inputs beside a sample.
    """
    truth = drawn(0, 4 + len(stress))
    unit = max(np.abs(one).max() for one in truth[:4])
    sides = []
    for seed, error in ((1, reference_error), (2, candidate_error)):
        noise = [np.clip(one, -1, 1) for one in drawn(seed, len(truth))]
        sizes = [error if only in (None, k) else 1e-8 for k in range(len(truth))]
        pairs = zip(truth, noise, sizes, strict=True)
        sides.append([{"y": (t + e * unit * n).astype(np.float32)} for t, n, e in pairs])
    answer = exact or (lambda sample, _: {"y": truth[sample]})
    size = 0.0 if near is None else near * unit

    def beside(sample: int, _: float) -> tuple[dict[str, Array], dict[str, Array]]:
        noise = np.clip(drawn(3, 1)[0], -1, 1)
        return {"y": truth[sample] + size * noise}, {"y": truth[sample]}

    asked = None if near is None else beside
    return compare(sides[0], sides[1], exact=answer, near=asked, stress=stress)


@pytest.mark.parametrize("seed", range(5))
def test_as_near_to_the_exact_answer_as_tensorflow_passes(seed: int) -> None:
    """Both are 2e-4 to 1.5e-3 off: rounding. The report says both distances."""
    size = 2e-4 * (1 + seed)
    report = judged(size, 1.5 * size)
    assert report.verdict == "pass", report.reasons
    exact = report.outputs[0].exact
    assert exact is not None
    assert exact.reference == pytest.approx(size, rel=0.2)
    assert exact.candidate == pytest.approx(1.5 * size, rel=0.2)
    assert "from the exact answer" in str(exact)
    assert report.to_dict()["outputs"][0]["exact"]["samples"]


def test_further_off_than_tensorflow_is_an_error() -> None:
    """1e-3 is no rounding where TensorFlow is 1e-5 off, nor where it is off by a sixth of that."""
    for reference in (1e-8, 1e-5, 1e-3 / (1.5 * FACTOR)):
        report = judged(reference, 1e-3)
        assert report.verdict == "fail"
        assert "this is no rounding" in " ".join(report.reasons)


def test_samples_on_which_tensorflow_is_lost_say_nothing() -> None:
    """One of four is set aside; if all are, nothing is proven, and nothing fails."""
    report = judged(0.3, 0.3, only=2)
    assert report.verdict == "pass", report.reasons
    assert report.outputs[0].exact is not None
    assert report.outputs[0].exact.silent == (2,)
    report = judged(10 * SILENT, 10 * SILENT)
    assert report.verdict == "inconclusive"
    assert "for 4 of 4 samples" in report.reasons[0]


def test_an_error_beside_a_lost_sample_fails() -> None:
    """A sample that says nothing excuses no other."""
    truth = drawn(0)
    reference = [{"y": one.astype(np.float32)} for one in truth]
    candidate = [{"y": one["y"].copy()} for one in reference]
    reference[2]["y"] += np.float32(0.5)
    candidate[2]["y"] -= np.float32(0.5)
    candidate[1]["y"] *= np.float32(1.001)
    report = compare(reference, candidate, exact=lambda k, _: {"y": truth[k]})
    assert report.verdict == "fail"


def test_without_an_exact_answer_float32_decides() -> None:
    """TensorFlow may be unable to compute the model in float64."""
    assert judged(1e-3, 1e-3, exact=lambda *_: None).verdict == "fail"


def test_the_fast_path_asks_for_no_exact_answer() -> None:
    """Within float32's limit nothing else is computed."""

    def never(*_: Any) -> Any:
        raise AssertionError

    assert judged(1e-6, 1e-6, exact=never).verdict == "pass"


def test_a_small_sum_of_large_terms_is_as_exact_as_rounded_inputs() -> None:
    """TensorFlow is lucky, OpenCV is not; a thousandth passes by no conditioning."""
    truth = drawn(0)

    def moving(change: float) -> Callable[[int, float], dict[str, Array]]:
        return lambda sample, moved: {"y": truth[sample] + change * moved * 2**22}

    assert judged(1e-6, 4e-4, exact=moving(0.0)).verdict == "fail"
    assert judged(1e-6, 4e-4, exact=moving(1e-3)).verdict == "pass"
    assert judged(1e-6, 4e-3, exact=moving(1e-3)).verdict == "fail"


# --- inputs that the model was not made for ------------------------------------------------------


def test_tensorflow_may_be_lucky_on_one_input() -> None:
    """Its distance on inputs beside the sample counts, within `FACTOR`; a real fault stays one."""
    assert judged(1e-4, 9e-4).verdict == "fail"
    report = judged(1e-4, 9e-4, near=3e-4)
    assert report.verdict == "pass", report.reasons
    exact = report.outputs[0].exact
    assert exact is not None
    assert exact.reference == pytest.approx(3e-4, rel=0.2)
    assert judged(1e-4, 9e-4, near=1e-4).verdict == "fail"
    assert judged(1e-6, 1e-2, near=1e-6).verdict == "fail"
    assert judged(1e-4, 9e-4, only=2, near=2 * SILENT).verdict == "pass", "the others tell enough"
    assert judged(1e-4, 9e-4, near=2 * SILENT).verdict == "inconclusive"


def test_stress_that_is_wrong_fails_by_its_name() -> None:
    """The error of one stress sample fails the output, and the report says which input it is."""
    report = judged(1e-8, 0.05, only=5, stress=("black", "flat"))
    assert report.verdict == "fail"
    assert "it is wrong for an input that is flat" in " ".join(report.reasons)


def test_stress_has_more_room_than_usual_samples() -> None:
    """What a few roundings of the input change as well is no error; a hundredth is."""
    truth = drawn(0, 5)

    def moving(sample: int, moved: float) -> dict[str, Array]:
        return {"y": truth[sample] + (5e-3 if moved else 0.0)}

    assert judged(1e-8, 4e-3, only=4, stress=("black",)).verdict == "fail"
    assert judged(1e-8, 4e-3, only=4, stress=("black",), exact=moving).verdict == "pass"


def test_stress_without_an_exact_answer_is_inconclusive() -> None:
    """There is no telling then, and no pass."""
    report = judged(1e-8, 4e-3, only=4, stress=("black",), exact=lambda *_: None)
    assert report.verdict == "inconclusive"
    assert "black" in report.reasons[0]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_not_a_number_on_one_side_fails_and_on_both_is_set_aside(bad: float) -> None:
    """A model that overflows gives the same on both sides; then the other samples decide."""
    truth = drawn(0)

    def sides(*which: int) -> list[list[dict[str, Array]]]:
        both = [[{"y": one.astype(np.float32)} for one in truth] for _ in range(2)]
        for side in which:
            both[side][3]["y"][0, 1, 2, 0] = bad
        return both

    def verdict(*which: int) -> str:
        return compare(*sides(*which), exact=lambda k, _: {"y": truth[k]}).verdict

    assert verdict(0, 1) == "pass"
    assert verdict(1) == "fail"
    assert verdict(0) == "fail"


def test_a_softmax_that_overflows_for_one_sample_is_still_a_softmax() -> None:
    """The row that is set aside does not count against what the output is declared as."""
    logits = np.random.default_rng(4).normal(size=(6, 1, 5))
    truth = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    side = [{"y": one.astype(np.float32)} for one in truth]
    side[2]["y"][:] = np.nan
    report = compare(side, side, scores={"y": "softmax"}, exact=lambda k, _: {"y": truth[k]})
    assert report.verdict == "pass", report.outputs


def test_the_border_of_overflow_is_no_error() -> None:
    """One kernel gives infinity where another gives the largest number, on either side."""
    truth = drawn(0)
    ends = ((np.inf, 3.3e38), (2.4e38, np.inf), (-np.inf, -3.3e38))

    def verdict(theirs: float, ours: float, *, exact: bool = True) -> str:
        both = [[{"y": one.astype(np.float32)} for one in truth] for _ in range(2)]
        both[0][3]["y"][0, 1, 2, 0], both[1][3]["y"][0, 1, 2, 0] = theirs, ours
        return compare(*both, exact=(lambda k, _: {"y": truth[k]}) if exact else None).verdict

    assert {verdict(*end) for end in ends} == {"pass"}
    assert {verdict(*end, exact=False) for end in ends} == {"fail"}
    wrong = ((np.inf, -3.3e38), (3e36, np.inf), (np.inf, 3e36), (3.3e38, np.nan), (np.nan, np.inf))
    assert {verdict(*end) for end in wrong} == {"fail"}


def test_a_class_that_the_model_rules_out_says_nothing_against_the_others() -> None:
    """It is minus infinity in float64 as well, always; what float32 alone loses is not."""
    truth = drawn(0)
    side = [{"y": one.astype(np.float32)} for one in truth]
    for one in (*truth, *(answer["y"] for answer in side)):
        one[..., 2] = -np.inf
    assert compare(side, side, exact=lambda k, _: {"y": truth[k]}).verdict == "pass"
    finite = [np.where(np.isfinite(one), one, -1e40) for one in truth]
    assert compare(side, side, exact=lambda k, _: {"y": finite[k]}).verdict == "inconclusive"


def test_scores_that_overflow_make_no_near_ties_of_the_others() -> None:
    """A class far behind is another decision, however large the scores of another sample are."""
    scores = [np.array([[0.0, 1.0, 0.2]], np.float32) * (k + 1) for k in range(4)]
    scores[3][0, 1] = np.inf
    reference = [{"c": s.argmax(-1), "s": s} for s in scores]
    candidate = [dict(one) for one in reference]
    exact = [{"c": one["c"], "s": one["s"].astype(np.float64)} for one in reference]
    assert compare(reference, candidate, exact=lambda k, _: exact[k]).verdict == "pass"
    candidate[0] = {**candidate[0], "c": np.array([0])}
    assert compare(reference, candidate, exact=lambda k, _: exact[k]).verdict == "fail"


def test_elements_that_are_never_numbers_prove_nothing() -> None:
    """A model that gives NaN everywhere is not verified."""
    lost = [{"y": np.full(SHAPE, np.nan, np.float32)} for _ in range(4)]
    report = compare(lost, lost, exact=lambda k, _: dict(lost[k]))
    assert report.verdict == "inconclusive"
    assert "NaN or infinite for every sample" in report.reasons[0]


# --- columns of other sizes ----------------------------------------------------------------------


@pytest.mark.parametrize(("large", "small"), [(512.0, 1.0), (1e4, 1e-3)])
def test_a_small_column_is_judged_by_its_own_scale(large: float, small: float) -> None:
    """Scores beside boxes, 1e-3 beside 1e4: 1 % of the small ones fails, rounding passes."""
    sizes = np.array([large, large, small])
    truth = [one * sizes for one in drawn(0)]
    reference = [{"y": one.astype(np.float32)} for one in truth]
    noisy = [{"y": one["y"] * np.float32(1 + 1e-6)} for one in reference]
    wrong = [{"y": one["y"] * np.array([1, 1, 1.01], np.float32)} for one in reference]

    def exact(sample: int, moved: float) -> dict[str, Array]:
        del moved
        return {"y": truth[sample]}

    assert compare(reference, noisy, exact=exact).verdict == "pass"
    report = compare(reference, wrong, exact=exact)
    assert report.verdict == "fail"
    assert "of column 2" in " ".join(report.reasons)
    assert report.outputs[0].worst is not None
    assert report.outputs[0].worst.index[-1] == 2


def test_a_dead_column_raises_no_alarm() -> None:
    """A ReLU that is never above 0 has no scale; what float32 leaves there is rounding."""
    sizes = np.array([1.0, 1.0, 1e-14])
    reference = [{"y": (one * sizes).astype(np.float32)} for one in drawn(0)]
    other = [{"y": one["y"] * np.array([1, 1, -3], np.float32)} for one in reference]
    assert compare(reference, other).verdict == "pass"


def test_a_column_of_rounding_is_held_against_the_exact_answer() -> None:
    """A small difference of large terms is as exact as TensorFlow's, and no more."""
    truth = [one * np.array([1.0, 1.0, 1e-3]) for one in drawn(0)]
    noise = [1e-6 * drawn(k)[0] for k in range(1, 9)]
    sides = [
        [{"y": (t + n).astype(np.float32)} for t, n in zip(truth, part, strict=True)]
        for part in (noise[:4], noise[4:])
    ]
    assert compare(*sides, exact=lambda k, _: {"y": truth[k]}).verdict == "pass"
