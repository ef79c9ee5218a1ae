"""Whether OpenCV's outputs are TensorFlow's: two lists of outputs in, a verdict out.

"Pass" has to mean it, so that these all fail: a missing or an extra output, no samples, no outputs,
no elements, another shape or dtype, a NaN or an infinity on either side, or on both. Nothing is
permuted, broadcast, reshaped, skipped or cast to make numbers agree. The reference is the oracle:
it sets the scale, and the names. Outputs that agree while carrying too little information to show a
fault are "inconclusive" (see informative.py).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from keras2cv.errors import UsageError
from keras2cv.net.overflow import overflows_alike

from .exactness import TENSORFLOW, ExactAnswer, NearAnswers
from .informative import MIN_SAMPLES
from .judge import judge_output
from .known import Behind, Known
from .metrics import Array
from .report import OutputParity, ParityReport, Verdict
from .scores import SCORE_KINDS
from .tolerance import Tolerance, parse_tolerance

__all__ = ["OutputParity", "Outputs", "ParityReport", "compare", "unrepeatable"]

Outputs = Mapping[str, Array]
"""Keras' name of an output -> its value for one sample, batch dimension included."""

Exact = Callable[[int, float], "Outputs | None"]
"""As `ExactAnswer`, for all outputs."""
Near = Callable[[int, float], "tuple[Outputs, Outputs] | None"]
"""As `NearAnswers`, for all outputs."""

_REPEAT_SHARE = 0.1  # of the tolerance; threads sum in another order in a repeated run


@dataclass(frozen=True)
class _Job:
    reference: Sequence[Outputs]
    candidate: Sequence[Outputs]
    tolerance: Tolerance
    scores: Mapping[str, str]
    argmax_of: Mapping[str, str]
    constant: Collection[str]
    exact: Exact | None
    near: Near | None
    stress: Mapping[int, str]
    judge: str


def compare(
    reference: Sequence[Outputs],
    candidate: Sequence[Outputs],
    tolerance: Tolerance | str | Iterable[str] = "fp32",
    *,
    scores: Mapping[str, str] = MappingProxyType({}),
    argmax_of: Mapping[str, str] = MappingProxyType({}),
    constant: Collection[str] = (),
    exact: Exact | None = None,
    near: Near | None = None,
    stress: Sequence[str] = (),
    judge: str = TENSORFLOW,
) -> ParityReport:
    """Compare the outputs of two runners for the same samples.

    Args:
        reference: TensorFlow's outputs, one mapping of Keras' name to array per sample.
        candidate: OpenCV's, for the same samples in the same order.
        tolerance: A preset, `OUTPUT:VALUE`, or several; see `parse_tolerance`.
        scores: Output -> "softmax", "sigmoid", "logits" or "linear": the kind of scores on its last
            axis, where known. The first two are compared as log-odds too; "softmax" and "logits"
            get top-1 and top-5. List only outputs that end in exactly that activation.
        argmax_of: Integer output -> the output whose last axis it is the argmax of. Two classes
            whose scores are within twice the allowed error of each other may then change places,
            and the scores show errors that the classes hide. Outputs not listed are matched with
            their scores automatically.
        constant: Outputs known not to depend on the input, such as anchor boxes: they are compared,
            but need not vary.
        exact: Gives the exact answer to a sample, the model's in float64, or None where TensorFlow
            cannot compute it so. It is asked only where float32's limit is exceeded.
        near: Gives TensorFlow's answer and the exact one to inputs beside a sample's. It is asked
            only where the exact answer calls OpenCV's too far off.
        stress: What the last samples are that the model was not made for, such as "black". They do
            not set the scale, and need not vary.
        judge: Who gave the reference's outputs, for the report's words.

    Returns:
        A report with one verdict per output and one overall.

    Raises:
        UsageError: `tolerance` or `scores` is not valid, or an argument names outputs that do not
            exist, or an `argmax_of` that does not fit in shape.
    """
    limits, first = parse_tolerance(tolerance), len(reference) - len(stress)
    names = {first + k: name for k, name in enumerate(stress)}
    job = _Job(reference, candidate, limits, scores, argmax_of, constant, exact, near, names, judge)
    samples = min(len(reference), len(candidate)) - len(stress)
    nothing = _nothing_to_compare(reference, candidate)
    if nothing is not None:
        return ParityReport("fail", (), (nothing,), samples, job.tolerance, judge=judge)
    _require_known_outputs(job)
    outputs = tuple(_judge(job, name) for name in _all_names(job))
    few = _too_few_samples(job, outputs)
    reasons = tuple(f"{o.name}: {reason}" for o in outputs for reason in o.reasons) + few
    return ParityReport(
        _overall(outputs, few), outputs, reasons, samples, job.tolerance, tuple(stress), judge
    )


def unrepeatable(
    first: Sequence[Outputs],
    again: Sequence[Outputs],
    tolerance: Tolerance | str | Iterable[str] = "fp32",
) -> tuple[str, ...]:
    """List the outputs that differ between two runs of one runner on the same samples.

    Run the second time in another order, and sort the answers back: a net that answers from a
    reused buffer shows, and so does a reference left in training mode, whose dropout is active.
    A tenth of the tolerance is allowed.

    Raises:
        UsageError: There are no samples, or the runs have different numbers of them.
    """
    if not first or len(first) != len(again):
        raise UsageError(
            f"Repeatability was asked of {len(first)} and {len(again)} samples. "
            "Run the same samples twice."
        )
    allowed = parse_tolerance(tolerance)
    return tuple(
        f"{name}: sample {index} is answered differently the second time"
        for index, (one, two) in enumerate(zip(first, again, strict=True))
        for name in dict.fromkeys([*one, *two])
        if not _agree(one.get(name), two.get(name), _REPEAT_SHARE * allowed.steadiness(name))
    )


def _nothing_to_compare(reference: Sequence[Outputs], candidate: Sequence[Outputs]) -> str | None:
    if not reference:
        return "no samples were compared"
    if len(reference) != len(candidate):
        return f"the reference has {len(reference)} samples, the candidate {len(candidate)}"
    if not any(reference) and not any(candidate):
        return "no outputs were compared"
    return None


def _require_known_outputs(job: _Job) -> None:
    names = tuple(job.reference[0])
    job.tolerance.require_outputs(names)
    given = [*job.scores, *job.argmax_of, *job.argmax_of.values(), *job.constant]
    unknown = [name for name in given if name not in names]
    if unknown:
        raise UsageError(
            f"{unknown[0]!r} is none of the outputs. "
            f"The outputs are: {', '.join(map(repr, names))}."
        )
    wrong = sorted(set(job.scores.values()) - set(SCORE_KINDS))
    if wrong:
        raise UsageError(
            f"No kind of scores is called {wrong[0]!r}. Choose one of {', '.join(SCORE_KINDS)}."
        )


def _all_names(job: _Job) -> tuple[str, ...]:
    """Return every name that any sample of either side has, the reference's first."""
    return tuple(
        dict.fromkeys(
            name for side in (job.reference, job.candidate) for sample in side for name in sample
        )
    )


def _judge(job: _Job, name: str) -> OutputParity:
    for side, samples in (("reference", job.reference), ("candidate", job.candidate)):
        missing = [index for index, sample in enumerate(samples) if name not in sample]
        if missing:
            reason = f"missing in the {side}, in {len(missing)} of {len(samples)} samples"
            return OutputParity(name, "fail", (reason,))
    references = [sample[name] for sample in job.reference]
    candidates = [sample[name] for sample in job.candidate]
    known = Known(
        job.tolerance.limits(name),
        job.scores.get(name),
        _behind(job, name),
        name in job.constant,
        _exact_answer(job.exact, name),
        _near_answers(job.near, name),
        job.stress,
        job.judge,
    )
    output = judge_output(name, references, candidates, known)
    if output.verdict != "fail":
        return output
    return replace(output, reasons=output.reasons + _exchanged(job, name, candidates))


def _exact_answer(exact: Exact | None, name: str) -> ExactAnswer | None:
    if exact is None:
        return None
    ask = exact

    def answer(sample: int, moved: float) -> Array | None:
        outputs = ask(sample, moved)
        return None if outputs is None else outputs[name]

    return answer


def _near_answers(near: Near | None, name: str) -> NearAnswers | None:
    if near is None:
        return None
    ask = near

    def answers(sample: int, moved: float) -> tuple[Array, Array] | None:
        found = ask(sample, moved)
        return None if found is None else (found[0][name], found[1][name])

    return answers


def _behind(job: _Job, name: str) -> Behind | None:
    """Return the reference's scores whose argmax is the integer output `name`."""
    source = job.argmax_of.get(name) or _argmax_source(job.reference, name)
    if source is None:
        return None
    shapes = {sample[source].shape if source in sample else (0,) for sample in job.reference}
    if len(shapes) > 1 or 0 in next(iter(shapes)):
        return None  # `source` fails by itself, and cannot explain the argmax
    scores = np.stack([sample[source] for sample in job.reference]).astype(np.float64)
    if scores.shape[1:-1] != job.reference[0][name].shape:
        raise UsageError(
            f"{name!r} cannot be the argmax of {source!r} over its last axis: their shapes are "
            f"{job.reference[0][name].shape} and {scores.shape[1:]}. Name the right output."
        )
    largest = float(np.abs(scores[np.isfinite(scores)]).max(initial=0.0))
    return Behind(scores, job.tolerance.limits(source).max_abs * largest)


def _argmax_source(reference: Sequence[Outputs], name: str) -> str | None:
    """Find the output whose argmax `name` is, in every sample of the reference."""
    for other in reference[0] if reference[0][name].dtype.kind in "iu" else ():
        if all(_is_argmax(sample[name], sample.get(other)) for sample in reference):
            return other
    return None


def _is_argmax(classes: Array, scores: Array | None) -> bool:
    if scores is None or scores.dtype.kind != "f" or scores.shape[:-1] != classes.shape:
        return False
    return scores.size > 0 and np.array_equal(scores.argmax(axis=-1), classes)


def _exchanged(job: _Job, name: str, candidates: Sequence[Array]) -> tuple[str, ...]:
    """Find another output of the reference whose values came under this name."""
    for other in job.reference[0]:
        expected = [sample.get(other) for sample in job.reference]
        limit = job.tolerance.limits(other).max_abs
        if other != name and all(map(_agree, expected, candidates, [limit] * len(expected))):
            return (f"it holds the values of the output {other!r}",)
    return ()


def _agree(expected: Array | None, got: Array | None, limit: float) -> bool:
    """Whether two arrays have one shape and dtype, and values within `limit` of the range."""
    if expected is None or got is None:
        return False
    if expected.shape != got.shape or expected.dtype != got.dtype:
        return False
    floats = expected.dtype.kind == "f"
    if np.array_equal(expected, got, equal_nan=floats):
        return True
    usable = ~overflows_alike(expected, got)
    wide, narrow = got[usable].astype(np.float64), expected[usable].astype(np.float64)
    if not floats or not (np.isfinite(wide) & np.isfinite(narrow)).all():
        return False
    off, scale = np.abs(wide - narrow).max(initial=0.0), np.abs(narrow).max(initial=0.0)
    return bool(off <= limit * scale)


def _too_few_samples(job: _Job, outputs: Sequence[OutputParity]) -> tuple[str, ...]:
    usual = len(job.reference) - len(job.stress)
    if usual >= MIN_SAMPLES or all(o.name in job.constant for o in outputs):
        return ()
    return (
        f"{usual} samples cannot show that the outputs depend on the input. "
        f"Pass at least {MIN_SAMPLES} that differ.",
    )


def _overall(outputs: Sequence[OutputParity], few: tuple[str, ...]) -> Verdict:
    verdicts = {output.verdict for output in outputs}
    if "fail" in verdicts:
        return "fail"
    return "inconclusive" if few or "inconclusive" in verdicts else "pass"
