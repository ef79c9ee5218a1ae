"""Verdicts: differences that must fail, pass, or be inconclusive."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from keras2cv.errors import UsageError
from keras2cv_export.model.spec import TensorSpec
from keras2cv_export.parity.parity import OutputParity, ParityReport, compare, unrepeatable
from keras2cv_export.verifying.samples import default_samples
from support.numpy_faults import ANSWER_FAULTS, INPUT_FAULTS, NET_FAULTS, Answers
from support.numpy_net import ARGMAX_OF, SCORES, Array, make_net, sigmoid, softmax

PICTURE = TensorSpec("picture", (None, 10, 13, 3), "uint8")


def pictures(seed: int, count: int = 4) -> list[Array]:
    """Draw pictures (1, 10, 13, 3) uint8."""
    return [sample[0] for sample in default_samples([PICTURE], count, seed)]


def answers(seed: int = 0) -> Answers:
    """Answer four pictures by the right net."""
    net = make_net(seed)
    return [net(picture) for picture in pictures(seed)]


def judge(reference: Answers, candidate: Answers, *outputs: str) -> ParityReport:
    """Compare all outputs of the NumPy net, or only those named."""
    kept = set(outputs) or {name for sample in reference for name in sample}
    return compare(
        [{k: v for k, v in sample.items() if k in kept or not outputs} for sample in reference],
        [{k: v for k, v in sample.items() if k in kept or not outputs} for sample in candidate],
        scores={name: kind for name, kind in SCORES.items() if name in kept},
        argmax_of={} if outputs else ARGMAX_OF,
    )


def vectors(*rows: Sequence[float], name: str = "y") -> Answers:
    """One sample per row, float32 (1, len(row))."""
    return [{name: np.array([row], dtype=np.float32)} for row in rows]


def random_vectors(seed: int, size: int = 11, count: int = 4) -> Answers:
    """Draw normal (1, size) float32."""
    rng = np.random.default_rng(seed)
    return vectors(*rng.normal(size=(count, size)))


def changed(reference: Answers, change: Any) -> Answers:
    """Change every output of every sample alike."""
    return [{name: change(value) for name, value in sample.items()} for sample in reference]


def only(report: ParityReport) -> OutputParity:
    """Give the only output of a report."""
    assert len(report.outputs) == 1
    return report.outputs[0]


# --- faults are caught ---------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("fault", NET_FAULTS)
def test_a_wrong_net_fails_on_all_its_outputs_together(fault: str, seed: int) -> None:
    """Each fault in weights or preprocessing fails."""
    wrong = NET_FAULTS[fault](make_net(seed))
    candidate = [wrong(picture) for picture in pictures(seed)]
    assert judge(answers(seed), candidate).verdict == "fail"


@pytest.mark.parametrize("output", ["logits", "probs"])
@pytest.mark.parametrize("fault", NET_FAULTS)
def test_a_wrong_net_fails_on_its_class_scores_alone(fault: str, output: str) -> None:
    """Each fault shows in the logits, and as much in their softmax."""
    wrong = NET_FAULTS[fault](make_net(1))
    candidate = [wrong(picture) for picture in pictures(1)]
    assert judge(answers(1), candidate, output).verdict == "fail"


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("fault", INPUT_FAULTS)
def test_a_wrong_picture_fails(fault: str, seed: int) -> None:
    """Each fault in reading the picture fails: both sides must not get one blob (trap 3)."""
    net = make_net(seed)
    candidate = [net(INPUT_FAULTS[fault](picture)) for picture in pictures(seed)]
    assert judge(answers(seed), candidate).verdict == "fail"


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("fault", ANSWER_FAULTS)
def test_spoilt_answers_fail(fault: str, seed: int) -> None:
    """Each fault in the answers themselves fails."""
    reference = answers(seed)
    report = judge(reference, ANSWER_FAULTS[fault](reference))
    assert report.verdict == "fail"
    assert report.exit_code == 1


def test_a_batch_whose_second_row_gets_the_first_answer_fails() -> None:
    """A net that answers a batch with its first row fails, and the report names that fault."""
    net, batches = make_net(3), np.split(np.concatenate(pictures(3, count=8)), 4)
    reference = [net(batch) for batch in batches]
    candidate = [{k: v[[0, 0]] for k, v in sample.items()} for sample in reference]
    report = judge(reference, candidate, "logits")
    assert report.verdict == "fail"
    assert "identical for rows of sample 0, 0 and 1" in " ".join(report.reasons)


@pytest.mark.parametrize(
    ("fault", "output", "said"),
    [
        ("delayed by one call", "logits", "is the answer to the previous sample"),
        ("first answer for all", "logits", "identical for samples 0 and 1"),
        ("constant", "heat", "everywhere"),
        ("all zero", "features", "is 0 everywhere"),
        ("channels reversed", "heat", "reversed along axis 3"),
        ("channels first in Keras' shape", "heat", "transposed by (0, 3, 1, 2)"),
        ("transposed in Keras' shape", "heat", "transposed by (0, 2, 1, 3)"),
        ("channels first", "heat", "its axes are in another order"),
        ("two outputs exchanged", "logits", "it holds the values of the output 'probs'"),
        ("half precision", "features", "the digits of float16 only"),
        ("labels shifted by one", "best", "is the reference plus 1"),
        ("NaN in one element", "heat", "0 in the reference, 1 in the candidate"),
    ],
)
def test_a_fail_says_what_it_looks_like(fault: str, output: str, said: str) -> None:
    """Known faults are named, under the output where they are."""
    reference = answers(2)
    report = judge(reference, ANSWER_FAULTS[fault](reference))
    reasons = {output.name: " ".join(output.reasons) for output in report.outputs}
    assert said in reasons[output]


def test_a_common_factor_is_named() -> None:
    """0.00392 for 1/255 in a linear net is 0.9996 times the reference; the report names that."""
    reference = random_vectors(0)
    report = compare(reference, changed(reference, lambda y: y * np.float32(0.00392 * 255)))
    assert "is 0.9996 times the reference" in " ".join(report.reasons)


def test_a_wrong_scale_before_a_sigmoid_is_found_in_its_log_odds() -> None:
    """A logit 4e-4 off moves no probability by 1e-4, and fails all the same (trap 12)."""
    logits = np.array([0.4, -0.1, 0.2, -0.3], dtype=np.float32)
    reference = vectors(*sigmoid(logits)[:, None])
    candidate = vectors(*sigmoid(logits * np.float32(0.00392 * 255))[:, None])
    assert compare(reference, candidate).verdict == "pass"
    report = compare(reference, candidate, scores={"y": "sigmoid"})
    assert report.verdict == "fail"
    assert "in log-odds the output is 0.9996 times the reference" in " ".join(report.reasons)


# --- no false alarm ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(200))
def test_another_order_of_summing_passes(seed: int) -> None:
    """Float32's own noise passes, under the strictest preset."""
    net = make_net(seed)
    candidate = [net(picture, seed=seed + 1) for picture in pictures(seed)]
    report = compare(answers(seed), candidate, "strict", scores=SCORES, argmax_of=ARGMAX_OF)
    assert report.verdict == "pass", report.reasons
    assert report.exit_code == 0
    heat = report.outputs[0]
    assert heat.metrics is not None
    assert heat.metrics.max_abs > 0.0  # the two orders did round otherwise


def test_noise_at_winograd_level_passes() -> None:
    """OpenCV's Winograd convolutions, 8e-5 at the largest of 1000 logits, keep both fp32 limits."""
    rng = np.random.default_rng(5)
    reference = random_vectors(5, size=1000)
    noise = rng.normal(size=(4, 1, 1000)).astype(np.float32)
    largest = max(np.abs(sample["y"]).max() for sample in reference)
    noise *= 8e-5 * largest / np.abs(noise).max()
    candidate = [{"y": s["y"] + n} for s, n in zip(reference, noise, strict=True)]
    report = compare(reference, candidate, scores={"y": "logits"})
    assert report.verdict == "pass", report.reasons
    assert compare(reference, candidate, "strict").verdict == "fail"


# --- the rules, trap by trap ---------------------------------------------------------------------


def test_a_flat_softmax_is_inconclusive() -> None:
    """A thousand classes at 1/1000 each agree with any fault (trap 1)."""
    rng = np.random.default_rng(0)
    reference = [
        {"y": softmax(rng.normal(size=(1, 1000)) * 1e-7).astype(np.float32)} for _ in "abcd"
    ]
    shuffled = changed(reference, lambda y: y[:, rng.permutation(1000)])
    for scores in ({}, {"y": "softmax"}):
        report = compare(reference, shuffled, scores=scores)
        assert report.verdict == "inconclusive"
        assert report.exit_code == 4
        assert "between samples" in report.reasons[0]


def test_a_nearly_flat_softmax_is_compared_where_it_was_made() -> None:
    """Logits of 0.01 are invisible in probabilities, and plain in log-odds."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4, 1, 1000)) * 1e-2
    reference = [{"y": softmax(row).astype(np.float32)} for row in logits]
    candidate = [{"y": softmax(row * 1.002).astype(np.float32)} for row in logits]
    assert compare(reference, reference, scores={"y": "softmax"}).verdict == "pass"
    report = compare(reference, candidate, scores={"y": "softmax"})
    assert report.verdict == "fail"
    failed = [check.metric for check in only(report).checks if not check.passed]
    assert failed == ["log-odds max_abs/max_ref", "log-odds mean_abs/max_ref"]


@pytest.mark.parametrize("scores", [{}, {"y": "sigmoid"}])
def test_a_saturated_sigmoid_is_inconclusive(scores: Mapping[str, str]) -> None:
    """Probabilities that are 0 or 1 to within rounding hide the logits behind them (trap 1)."""
    reference = vectors(*sigmoid(np.array([[17], [-16], [18], [16.5]], dtype=np.float32)))
    report = compare(reference, reference, scores=scores)
    assert report.verdict == "inconclusive"
    assert "saturated" in report.reasons[0]


def test_a_saturated_softmax_is_inconclusive() -> None:
    """Softmax rows that are one-hot in float32 hide the logits behind them (trap 1)."""
    reference = vectors([1, 0, 0], [0, 1, 0], [0, 0, 1])
    report = compare(reference, reference, scores={"y": "softmax"})
    assert report.verdict == "inconclusive"
    assert "saturated, 0 or 1 to within rounding, for 3 of 3" in report.reasons[0]


def test_a_confident_softmax_is_conclusive() -> None:
    """Probabilities of 1e-12 are as precise as others: a confident classifier can be judged."""
    rng = np.random.default_rng(1)
    logits = (rng.normal(size=(4, 1, 9)) * 15.0).astype(np.float32)
    reference = [{"y": softmax(row)} for row in logits]
    assert compare(reference, reference, scores={"y": "softmax"}).verdict == "pass"
    wrong = [{"y": softmax(row * np.float32(1.001))} for row in logits]
    assert compare(reference, wrong, scores={"y": "softmax"}).verdict == "fail"


def test_a_float_mask_of_exact_zeros_and_ones_is_conclusive() -> None:
    """A comparison cast to float is a mask, not a saturated probability."""
    reference = vectors([0, 1, 1, 0, 1], [1, 1, 0, 0, 0], [0, 0, 0, 1, 1])
    assert compare(reference, reference).verdict == "pass"


def test_outputs_that_ignore_their_input_are_inconclusive() -> None:
    """The same answer to every sample proves nothing (traps 2 and 14)."""
    reference = vectors(*[[0.3, -1.2, 2.2, 0.7]] * 4)
    report = compare(reference, reference)
    assert report.verdict == "inconclusive"
    assert "Pass samples that the model answers differently" in report.reasons[0]


def test_a_large_offset_does_not_make_a_small_response_conclusive() -> None:
    """A response of 2e-4 of the range is within the allowed error."""
    rng = np.random.default_rng(0)
    reference = vectors(*(1000.0 + 0.1 * rng.random((4, 6))))
    assert compare(reference, reference).verdict == "inconclusive"
    assert compare(reference, reference, "y:1e-6").verdict == "pass"


def test_equal_elements_are_inconclusive() -> None:
    """Where all elements of a sample are equal, no transposition can show (trap 2)."""
    reference = vectors([0.2] * 6, [0.5] * 6, [-0.9] * 6)
    report = compare(reference, reference)
    assert report.verdict == "inconclusive"
    assert "within a sample" in report.reasons[0]


def test_a_constant_output_that_is_known_as_such_passes() -> None:
    """Anchor boxes do not depend on the input; declared as constant, only their values count."""
    reference = vectors(*[[0.3, -1.2, 2.2, 0.7]] * 3)
    assert compare(reference, reference, constant=["y"]).verdict == "pass"
    wrong = changed(reference, lambda y: y * np.float32(1.001))
    assert compare(reference, wrong, constant=["y"]).verdict == "fail"


@pytest.mark.parametrize("count", [1, 2])
def test_fewer_than_three_samples_are_inconclusive(count: int) -> None:
    """One or two samples cannot show that outputs follow the input (trap 2)."""
    reference = random_vectors(0, count=count)
    report = compare(reference, reference)
    assert report.verdict == "inconclusive"
    assert "Pass at least 3" in report.reasons[-1]


def test_no_permutation_is_ever_tried_to_make_numbers_agree() -> None:
    """A transposed square output has the right shape and the right values, and fails (trap 4)."""
    rng = np.random.default_rng(0)
    reference = [{"y": rng.normal(size=(1, 5, 5, 1))} for _ in "abc"]
    report = compare(reference, changed(reference, lambda y: y.transpose(0, 2, 1, 3)))
    assert report.verdict == "fail"
    assert "transposed by (0, 2, 1, 3)" in " ".join(report.reasons)


def test_nothing_is_broadcast() -> None:
    """One row for three, or a missing batch dimension, fails even where the values are equal."""
    reference = [{"y": np.full((1, 3, 2), value)} for value in (0.1, 0.5, -0.8)]
    for cut in (lambda y: y[:, :1], lambda y: y[0]):
        report = compare(reference, changed(reference, cut))
        assert report.verdict == "fail"
        assert "the shape of sample 0 is" in report.reasons[0]


def test_the_reference_sets_the_scale() -> None:
    """A candidate blown up in one element does not widen its own limits (trap 5)."""
    reference = random_vectors(0)
    spoilt = [{"y": sample["y"].copy()} for sample in reference]
    spoilt[1]["y"][0, 3] = 1e6
    output = only(compare(reference, spoilt))
    assert output.verdict == "fail"
    assert output.metrics is not None
    assert output.metrics.scale == max(np.abs(sample["y"]).max() for sample in reference)
    # As reference it would have been the scale: then all but that element would have passed.
    assert only(compare(spoilt, reference)).metrics != output.metrics


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("side", ["reference", "candidate", "both"])
def test_nan_and_infinity_fail_on_either_side_and_on_both(bad: float, side: str) -> None:
    """NaN never equals NaN (trap 6); the report counts them per side and gives their places."""
    clean, spoilt = random_vectors(0), random_vectors(0)
    spoilt[2]["y"][0, 4] = bad
    reference = clean if side == "candidate" else spoilt
    candidate = clean if side == "reference" else spoilt
    output = only(compare(reference, candidate))
    assert output.verdict == "fail"
    assert output.nonfinite_reference == (side != "candidate")
    assert output.nonfinite_candidate == (side != "reference")
    assert output.worst is not None
    assert (output.worst.sample, output.worst.index) == (2, (0, 4))


def test_missing_and_extra_outputs_fail_by_name() -> None:
    """Neither side's outputs are cut to those of the other (traps 7 and 9)."""
    reference = [{"a": s["y"], "b": s["y"] + 1} for s in random_vectors(0)]
    candidate = [{"a": s["y"], "c": s["y"]} for s in random_vectors(0)]
    report = compare(reference, candidate)
    assert report.verdict == "fail"
    assert [(o.name, o.verdict) for o in report.outputs] == [
        ("a", "pass"),
        ("b", "fail"),
        ("c", "fail"),
    ]
    assert "b: missing in the candidate, in 4 of 4 samples" in report.reasons
    assert "c: missing in the reference, in 4 of 4 samples" in report.reasons


def test_relative_error_leaves_out_what_is_near_zero() -> None:
    """An element of 1e-9 that comes out as 0 does not make the relative error explode (trap 8)."""
    reference = vectors([1.0, 1e-9, -0.4], [0.2, 0.6, 0.9], [-0.7, 0.1, 0.3])
    candidate = changed(reference, lambda y: np.where(np.abs(y) < 1e-6, np.float32(0), y))
    metrics = only(compare(reference, candidate)).metrics
    assert metrics is not None
    assert metrics.max_relative == 0.0
    assert metrics.max_abs == pytest.approx(1e-9)


def test_every_verdict_has_its_exit_code() -> None:
    """A mismatch never exits 0 (trap 10)."""
    reference = random_vectors(0)
    wrong = changed(reference, np.negative)
    assert compare(reference, reference).exit_code == 0
    assert compare(reference, wrong).exit_code == 1
    assert compare(reference[:2], reference[:2]).exit_code == 4


def test_a_reference_with_active_dropout_is_not_repeatable() -> None:
    """A reference in training mode answers otherwise the second time (trap 11)."""
    rng = np.random.default_rng(0)
    clean = random_vectors(0)
    first, again = (
        changed(clean, lambda y: y * (rng.random(y.shape) > 0.1).astype(np.float32)) for _ in "ab"
    )
    assert unrepeatable(clean, clean) == ()
    reasons = unrepeatable(first, again)
    assert "y: sample 0 is answered differently the second time" in reasons
    assert compare(clean, clean).with_failures(reasons).verdict == "fail"
    assert compare(clean, clean).with_failures(()).verdict == "pass"


def test_a_mean_in_the_wrong_order_fails() -> None:
    """(103.9, 116.8, 123.7) subtracted from RGB is found in the logits alone (trap 13)."""
    wrong = NET_FAULTS["mean in BGR order"](make_net(0))
    candidate = [wrong(picture) for picture in pictures(0)]
    assert judge(answers(0), candidate, "logits").verdict == "fail"


def test_a_stale_buffer_is_not_repeatable_in_another_order() -> None:
    """Answers that depend on the call before differ when the order does (trap 14)."""
    net, inputs = make_net(0), pictures(0)
    right = [net(picture) for picture in inputs]
    stale = [right[0], *right[:-1]]
    backwards = [right[-1], *right[:0:-1]]  # the same delay, over the samples reversed
    assert unrepeatable(right, right) == ()
    assert unrepeatable(stale, backwards[::-1])


def test_repeated_runs_may_round_otherwise() -> None:
    """A tenth of the tolerance is left to the order in which threads sum."""
    reference = random_vectors(0)
    for factor, agrees in ((1.000002, True), (1.00003, False)):
        again = changed(reference, lambda y, factor=factor: y * np.float32(factor))
        assert (unrepeatable(reference, again) == ()) is agrees


@pytest.mark.parametrize(("first", "again"), [(0, 0), (3, 2)])
def test_repeatability_of_nothing_is_a_usage_error(first: int, again: int) -> None:
    """Comparing no runs, or runs of other lengths, is refused."""
    with pytest.raises(UsageError, match="Run the same samples twice"):
        unrepeatable(random_vectors(0, count=first), random_vectors(0, count=again))


@pytest.mark.parametrize(
    ("reference", "candidate", "reason"),
    [
        ([], [], "no samples were compared"),
        ([], random_vectors(0), "no samples were compared"),
        (random_vectors(0), [], "the reference has 4 samples, the candidate 0"),
        ([{}] * 3, [{}] * 3, "no outputs were compared"),
        (vectors([], [], []), vectors([], [], []), "y: sample 0 has no elements"),
    ],
)
def test_comparing_nothing_fails(reference: Answers, candidate: Answers, reason: str) -> None:
    """Zero samples, outputs or elements agree with anything, and fail (traps 7 and 15)."""
    report = compare(reference, candidate)
    assert report.verdict == "fail"
    assert report.reasons[0].startswith(reason)


def test_an_output_that_changes_its_shape_between_samples_fails() -> None:
    """A bundle has fixed shapes: a reference that has not is of another model."""
    reference = [{"y": np.ones((1, size), np.float32) * size} for size in (3, 4, 5)]
    report = compare(reference, reference)
    assert report.verdict == "fail"
    assert "changes from float32 (1, 3) in sample 0 to float32 (1, 4)" in report.reasons[0]


def test_text_outputs_fail_with_what_to_do() -> None:
    """Outputs that are not numbers are not skipped."""
    reference = [{"y": np.array([word])} for word in ("cat", "dog", "cow")]
    report = compare(reference, reference)
    assert report.verdict == "fail"
    assert "cast both sides to float32" in report.reasons[0]


# --- integers, booleans and ranks ----------------------------------------------------------------


def test_integers_and_booleans_must_be_equal() -> None:
    """One wrong element in 63 fails, one tolerated share passes."""
    rng = np.random.default_rng(0)
    for reference in (
        [{"y": rng.integers(0, 5, (1, 7, 9))} for _ in "abc"],
        [{"y": rng.random((1, 7, 9)) > 0.4} for _ in "abc"],
    ):
        candidate = [{"y": sample["y"].copy()} for sample in reference]
        candidate[1]["y"][0, 2, 3] = not candidate[1]["y"][0, 2, 3]
        assert compare(reference, reference).verdict == "pass"
        output = only(compare(reference, candidate))
        assert output.verdict == "fail"
        assert output.needed == pytest.approx(1 / 189)
        assert output.worst is not None
        assert (output.worst.sample, output.worst.index) == (1, (0, 2, 3))
        assert compare(reference, candidate, "y:0.006").verdict == "pass"


def test_integers_that_ignore_their_input_are_inconclusive() -> None:
    """The same class for every sample proves nothing."""
    reference = [{"y": np.array([3])}] * 4
    report = compare(reference, reference)
    assert report.verdict == "inconclusive"
    assert "the same answer 3 to every sample" in report.reasons[0]


def near_tie(lead: float) -> tuple[Answers, Answers]:
    """Three samples; in the second, two classes `lead` apart whose order the candidate swaps."""
    rows = np.array([[4.0, 1.0, 0.0], [2.0, 2.0 - lead, -1.0], [0.5, 0.1, 3.0]])
    swapped = rows.copy()
    swapped[1, :2] = rows[1, 1::-1]
    return tuple(  # type: ignore[return-value]
        [{"scores": r[None].astype(np.float32), "best": r[None].argmax(-1)} for r in side]
        for side in (rows, swapped)
    )


def test_a_near_tie_that_flips_is_not_a_fail() -> None:
    """Two classes closer than twice the allowed error may change places, and are counted."""
    reference, candidate = near_tie(3e-4)
    report = compare(
        reference, candidate, scores={"scores": "logits"}, argmax_of={"best": "scores"}
    )
    scores, best = report.outputs
    assert report.verdict == "pass", report.reasons
    assert scores.top1 is not None
    assert (scores.top1.near_ties, scores.top1.flips) == (1, 0)
    assert scores.top1.agreement == pytest.approx(2 / 3)
    assert best.near_ties == 1


def test_a_flipped_class_without_its_scores_fails() -> None:
    """Without scores nothing shows that a wrong class was a near-tie."""
    reference, candidate = near_tie(3e-4)
    classes = [[{"best": s["best"]} for s in side] for side in (reference, candidate)]
    assert compare(*classes).verdict == "fail"


def test_an_argmax_is_recognised_by_its_values() -> None:
    """Classes that are the argmax of another output need not be declared; others are not taken."""
    reference, candidate = near_tie(3e-4)
    assert compare(reference, candidate).outputs[1].near_ties == 1
    shifted = [[{**s, "best": s["best"] + 1} for s in side] for side in (reference, candidate)]
    assert compare(*shifted).outputs[1].verdict == "fail"


@pytest.mark.parametrize("spoil", ["missing", "reshaped", "empty"])
def test_classes_are_judged_alone_where_their_scores_are_broken(spoil: str) -> None:
    """Scores that cannot be compared fail, and do not stop the report."""
    reference, _ = near_tie(3e-4)
    if spoil == "missing":
        reference[1] = {"best": reference[1]["best"]}
    elif spoil == "reshaped":
        reference[1]["scores"] = reference[1]["scores"][:, :2]
    else:
        reference = [{**sample, "scores": sample["scores"][:, :0]} for sample in reference]
    report = compare(reference, reference, argmax_of={"best": "scores"})
    assert {output.name: output.verdict for output in report.outputs} == {
        "scores": "fail",
        "best": "pass",
    }


def test_a_class_that_never_changes_is_judged_by_its_scores() -> None:
    """The same class for every sample is no lack of information where the scores differ."""
    rows = [[4.0, 1.0, 0.5], [3.0, 2.0, 1.0], [5.0, -1.0, 0.2]]
    reference = [
        {"scores": np.array([row], np.float32), "best": np.zeros(1, np.int64)} for row in rows
    ]
    assert compare(reference, reference).verdict == "pass"
    alone = [{"best": sample["best"]} for sample in reference]
    assert compare(alone, alone).verdict == "inconclusive"


def test_a_flip_that_is_no_near_tie_fails() -> None:
    """A class that led by more than the allowed errors must still lead."""
    reference, candidate = near_tie(3e-2)
    report = compare(
        reference, candidate, scores={"scores": "logits"}, argmax_of={"best": "scores"}
    )
    assert [output.verdict for output in report.outputs] == ["fail", "fail"]
    assert report.outputs[0].top1 is not None
    assert report.outputs[0].top1.flips == 1


def test_an_integer_that_is_no_class_is_no_near_tie() -> None:
    """A class beyond the last one fails, whatever the scores."""
    reference, candidate = near_tie(3e-4)
    candidate[1]["best"] = np.array([3])
    assert compare(reference, candidate, argmax_of={"best": "scores"}).verdict == "fail"


def test_top_5_is_measured_from_six_classes_up() -> None:
    """Five classes are always the first five; of more, the sets are compared."""
    few, many = random_vectors(0, size=5), random_vectors(0, size=6)
    scores = {"y": "logits"}
    assert only(compare(few, few, scores=scores)).top5 is None
    # Negating ranks the classes backwards: the first five lose the old best and gain the worst.
    output = only(compare(many, changed(many, np.negative), scores=scores))
    assert output.top5 is not None
    assert (output.top5.agreement, output.top5.flips) == (0.0, 4)


def test_embeddings_have_no_top_1() -> None:
    """A vector that is not declared as class scores is not ranked."""
    reference = random_vectors(0)
    assert only(compare(reference, reference)).top1 is None


# --- options of the caller ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"tolerance": "z:1e-3"}, "names the output 'z'"),
        ({"scores": {"z": "softmax"}}, "'z' is none of the outputs"),
        ({"scores": {"y": "relu"}}, "No kind of scores is called 'relu'"),
        ({"argmax_of": {"y": "z"}}, "'z' is none of the outputs"),
        ({"constant": ["z"]}, "'z' is none of the outputs"),
    ],
)
def test_a_name_that_is_not_there_is_a_usage_error(said: dict[str, Any], message: str) -> None:
    """A mistyped output name does not quietly judge nothing."""
    reference = random_vectors(0)
    with pytest.raises(UsageError, match=message):
        compare(reference, reference, **said)


def test_an_argmax_must_have_the_shape_of_its_scores() -> None:
    """Scores of another shape cannot be those behind a class."""
    reference, candidate = near_tie(3e-4)
    wrong = [{**sample, "best": sample["best"][:, None]} for sample in reference]
    with pytest.raises(UsageError, match="cannot be the argmax of 'scores'"):
        compare(wrong, candidate, argmax_of={"best": "scores"})


@pytest.mark.parametrize(
    ("kind", "row", "said"),
    [
        ("softmax", [0.5, 0.9, 0.1], "does not sum to 1"),
        ("softmax", [-0.5, 0.5, 1.0], "leaves 0..1"),
        ("sigmoid", [0.5, 3.0, 0.1], "leaves 0..1"),
    ],
)
def test_scores_that_are_no_probabilities_fail(kind: Any, row: list[float], said: str) -> None:
    """Logits called a softmax would be compared in a space that they are not in."""
    reference = vectors(row, row[::-1], [0.2, 0.3, 0.5])
    report = compare(reference, reference, scores={"y": kind})
    assert report.verdict == "fail"
    assert said in report.reasons[0]


def test_the_needed_tolerance_suffices_and_a_smaller_one_does_not() -> None:
    """`needed` is the VALUE at which the verdict turns."""
    reference = random_vectors(0)
    candidate = changed(reference, lambda y: y * np.float32(1.0007))
    needed = only(compare(reference, candidate)).needed
    assert needed is not None
    assert compare(reference, candidate, f"y:{needed * 1.000001!r}").verdict == "pass"
    assert compare(reference, candidate, f"y:{needed * 0.999!r}").verdict == "fail"


def test_the_worst_element_is_found_with_both_values() -> None:
    """The report names one element of one sample."""
    reference, candidate = random_vectors(0), random_vectors(0)
    candidate[3]["y"][0, 7] += 0.25
    worst = only(compare(reference, candidate)).worst
    assert worst is not None
    assert (worst.sample, worst.index) == (3, (0, 7))
    assert worst.reference == reference[3]["y"][0, 7]
    assert worst.candidate - worst.reference == pytest.approx(0.25, rel=1e-6)


def test_metrics_are_those_of_the_definition() -> None:
    """Scale, errors, ratios and cosine by hand, on nine elements."""
    reference = vectors([1.0, -2.0, 0.5], [0.0, 4.0, 1.0], [2.0, 1.0, -1.0])
    candidate = vectors([1.0, -2.0, 0.5], [0.1, 4.0, 1.0], [2.0, 1.0, -0.7])
    metrics = only(compare(reference, candidate)).metrics
    assert metrics is not None
    assert (metrics.elements, metrics.scale) == (9, 4.0)
    assert metrics.max_abs == pytest.approx(0.3)
    assert metrics.mean_abs == pytest.approx(0.4 / 9)
    assert metrics.max_ratio == pytest.approx(0.3 / 4)
    assert metrics.mean_ratio == pytest.approx(0.4 / 36)
    assert metrics.max_relative == pytest.approx(0.3)  # of -1.0; the 0.0 is below the floor
    dot, norms = 28.25 - 0.3, (28.25, 28.25 + 0.01 - 0.51)
    assert metrics.cosine == pytest.approx(dot / np.sqrt(norms[0] * norms[1]))
    assert metrics.response == pytest.approx(6.0 / 4)  # the second element: -2, 4, 1
    assert metrics.spread == pytest.approx(4.0 / 4)  # the second sample: 0 .. 4


def test_all_zero_references_keep_every_number_finite() -> None:
    """A reference of zeros has no scale, and the report is still valid JSON."""
    reference = vectors(*[[0.0] * 5] * 3)
    for candidate in (reference, changed(reference, lambda y: y + 1)):
        text = json.dumps(compare(reference, candidate).to_dict(), allow_nan=False)
        assert json.loads(text)["verdict"] in ("inconclusive", "fail")
    assert compare(reference, changed(reference, lambda y: y + 1)).verdict == "fail"


def test_a_report_is_json() -> None:
    """`to_dict` gives plain values with a schema version, NaN spelt out, unknowns left out."""
    reference, candidate = answers(), answers()
    candidate[1]["heat"][0, 1, 2, 3] = np.nan
    report = judge(reference, candidate)
    read = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert (read["schema"], read["verdict"], read["samples"]) == (1, "fail", 4)
    heat = read["outputs"][0]
    assert heat["worst"]["candidate"] == "nan"
    assert heat["worst"]["index"] == [0, 1, 2, 3]
    assert "metrics" not in heat
    logits = next(output for output in read["outputs"] if output["name"] == "logits")
    assert logits["checks"][0]["metric"] == "max_abs/max_ref"
    assert logits["metrics"]["max_ratio"] == 0.0
    assert "null" not in json.dumps(read)


def test_a_pass_cannot_be_made_without_grounds() -> None:
    """The report types refuse a pass with nothing behind it, and a fail without a reason."""
    good = compare(random_vectors(0), random_vectors(0))
    for arguments in (
        ("pass", (), (), 4),
        ("pass", good.outputs, (), 0),
        ("pass", good.outputs, ("why not",), 4),
        ("fail", good.outputs, (), 4),
    ):
        with pytest.raises(ValueError, match="pass"):
            ParityReport(*arguments, good.tolerance)
    with pytest.raises(ValueError, match="needs checks"):
        OutputParity("y", "pass")
    with pytest.raises(ValueError, match="has reasons"):
        OutputParity("y", "fail")
