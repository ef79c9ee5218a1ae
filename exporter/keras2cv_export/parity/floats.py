"""The verdict on one output of floating-point numbers.

Every group of columns (columns.py), and the log-odds of probabilities, is a space of its own. In
each, the samples are compared in float32 first. What exceeds its limit there is held against the
exact answer (exactness.py), if it can be had.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .columns import ColumnGroup, column_groups
from .diagnose import hint
from .exactness import (
    LUCK,
    MOVED,
    ROUNDED,
    SILENT,
    Distances,
    SampleDistance,
    distance,
    summed_up,
    with_neighbours,
    with_rounding,
)
from .finite import Finite, set_aside
from .informative import MIN_SAMPLES, uninformative
from .known import Known, verdict_of
from .metrics import TINY, Array, Paired, find_worst, mean_error, measure, ratio
from .report import Check, OutputParity
from .scores import Ranking, compare_ranking, log_odds, not_probabilities
from .tolerance import Limits

_TOP_K = 5
# A small column may be the difference of large terms: it is as exact as those, and no more. Only
# the exact answer shows how exact TensorFlow's is; without it, so many roundoffs are allowed.
_ROUNDINGS = 16.0


@dataclass(frozen=True, eq=False)
class Space:
    """Values of both sides that share a scale, over all samples.

    Attributes:
        label: Before the name of a metric, such as "log-odds ".
        suffix: Behind it, such as " of columns 4..5".
        pair: Both sides.
        group: The columns of the output that are in it; None: log-odds.
        stress: How many of the samples, the last ones, are far from what the model was made for.
    """

    label: str
    suffix: str
    pair: Paired
    group: ColumnGroup | None
    stress: int

    @property
    def usual(self) -> Paired:
        """The samples that the model was made for: they set the scale."""
        return self.pair.samples(range(len(self.pair.reference) - self.stress))

    def scale(self, sample: int) -> float:
        """Return a sample's unit: the usual samples' largest value, or its own if it is stress."""
        usual = max(self.usual.scale, TINY)
        if sample < len(self.pair.reference) - self.stress:
            return usual
        return max(usual, self.pair.samples([sample]).scale)


@dataclass(frozen=True, eq=False)
class _Judged:
    """A space's checks, the samples that are wrong in it, and those that say nothing.

    `widest` is the largest error that the exact answer lets a usual sample have.
    """

    space: Space
    checks: tuple[Check, ...]
    wrong: tuple[int, ...] = ()
    distances: Distances | None = None
    unknown: tuple[int, ...] = ()
    widest: float = 0.0

    @property
    def silent(self) -> tuple[int, ...]:
        return self.unknown + (self.distances.silent if self.distances is not None else ())


def judge_floats(name: str, reference: Array, candidate: Array, known: Known) -> OutputParity:
    """Judge an output of floating-point numbers.

    Args:
        name: Keras' name of the output.
        reference: TensorFlow's values, (samples, *output shape).
        candidate: OpenCV's.
        known: Knowledge about the output beyond its numbers.
    """
    finite = set_aside(reference, candidate, known)
    if finite.problem is not None:
        return _not_finite(name, reference, candidate, finite)
    pair = finite.pair
    impossible = _impossible(pair, known)
    judged = [_judge(space, finite, known) for space in _spaces(pair, known, impossible)]
    checks = tuple(check for one in judged for check in one.checks)
    if any(one.wrong for one in judged) or impossible:
        passed, reasons = False, impossible + _failures(judged, known)
    else:
        passed, reasons = True, finite.reasons + _unproven(judged, pair, known)
    return OutputParity(
        name,
        verdict_of(passed, reasons),
        reasons,
        checks,
        measure(judged_pair(pair, known)),
        *_rankings(pair, known, judged),
        worst=find_worst(pair.reference, pair.candidate, _weighed(judged, pair)),
        exact=_most_telling(judged),
        nonfinite_reference=int((~np.isfinite(reference)).sum()),
        nonfinite_candidate=int((~np.isfinite(candidate)).sum()),
    )


def judged_pair(pair: Paired, known: Known) -> Paired:
    """Return the samples that the model was made for."""
    return pair.samples(range(len(pair.reference) - len(known.stress)))


def explained(pair: Paired, limits: Limits, subject: str) -> tuple[str, ...]:
    """Name the fault that explains a failing output, as a sentence about `subject`, if any does."""
    clause = hint(pair, limits.max_abs * pair.scale)
    return () if clause is None else (f"{subject} {clause}",)


def _not_finite(name: str, reference: Array, candidate: Array, finite: Finite) -> OutputParity:
    return OutputParity(
        name,
        "fail",
        (str(finite.problem),),
        worst=find_worst(reference, candidate, finite.bad),
        nonfinite_reference=int((~np.isfinite(reference)).sum()),
        nonfinite_candidate=int((~np.isfinite(candidate)).sum()),
    )


def _impossible(pair: Paired, known: Known) -> tuple[str, ...]:
    """Explain why an output cannot hold the probabilities that it is declared to hold."""
    if known.score not in ("softmax", "sigmoid"):
        return ()
    rows = pair.reference[pair.usable.all(axis=-1)]  # a row of NaN, set aside, is 0
    problem = not_probabilities(rows, known.score) if rows.size else None
    return () if problem is None else (problem,)


def _spaces(pair: Paired, known: Known, impossible: tuple[str, ...]) -> Iterator[Space]:
    stress = len(known.stress)
    probabilities = known.score in ("softmax", "sigmoid")
    usual = judged_pair(pair, known)
    groups = [ColumnGroup("", np.ones(pair.reference.shape[-1:], np.bool_))]
    if known.limits.by_column and known.score is None:  # scores of classes have one scale
        groups = column_groups(usual.reference, usual.usable)
    for group in groups:
        one = pair if len(groups) == 1 else pair.columns(group.columns)
        if group.label and known.exact is None:
            one = one.with_resolution(_ROUNDINGS * known.limits.roundoff * usual.scale)
        yield Space("", group.label, one, group, stress)
    if probabilities and not impossible:
        odds = _odds(pair, known)
        if odds.count:
            yield Space("log-odds ", "", odds, None, stress)


def _odds(pair: Paired, known: Known) -> Paired:
    assert known.score is not None  # noqa: S101 - the caller looked
    odds = log_odds(pair.reference, pair.candidate, known.score, known.limits)
    return Paired(odds.reference, odds.candidate, odds.usable & pair.usable, odds.resolution)


def _judge(space: Space, finite: Finite, known: Known) -> _Judged:
    """Compare in float32, and what exceeds its limit there with the exact answer."""
    limits, count = known.limits, len(space.pair.reference)
    checks = _checks(space, space.usual, limits)
    usual, wrong = count - space.stress, []
    if not all(check.passed for check in checks):
        wrong = [k for k in range(usual) if _exceeds(space, k, limits)] or list(range(usual))
    wrong += [k for k in range(usual, count) if _exceeds(space, k, limits)]
    if not wrong:
        return _Judged(space, checks)
    if known.exact is None:
        stressed = tuple(k for k in wrong if k >= usual)
        return _Judged(space, checks, tuple(k for k in wrong if k < usual), unknown=stressed)
    return _held_against_exact(space, checks, wrong, finite, known)


def _exceeds(space: Space, sample: int, limits: Limits) -> bool:
    pair, scale = space.pair.samples([sample]), space.scale(sample)
    errors = pair.errors()
    mean_limit = limits.mean_abs_over(max(pair.count, 1))
    largest, mean = float(errors.max()) / scale, mean_error(pair, errors) / scale
    return not (largest <= limits.max_abs and mean <= mean_limit)


def _held_against_exact(
    space: Space, checks: tuple[Check, ...], wrong: Sequence[int], finite: Finite, known: Known
) -> _Judged:
    found, unknown = [], []
    for sample in wrong:
        pairs = _exact_pairs(space, sample, finite, known)
        if pairs is None:
            unknown.append(sample)
        else:
            change = None
            if sample in known.stress:
                change = (_exact_pairs(space, sample, finite, known, MOVED) or pairs)[1]
            scale = space.scale(sample)
            one = distance(sample, pairs, known.limits, scale, change)
            found.append(_with_room(one, space, finite, known) if change is None else one)
    failed = [d.sample for d in found if not d.silent and d.strain > 1.0]
    usual = len(space.pair.reference) - space.stress
    failed += [k for k in unknown if k < usual]  # nothing but float32's limit is known of it
    distances = summed_up(found, known.judge)
    if not failed:
        checks = _exact_checks(space, found, known, set(wrong))
    return _Judged(space, checks, tuple(failed), distances, tuple(k for k in unknown if k >= usual))


def _with_room(one: SampleDistance, space: Space, finite: Finite, known: Known) -> SampleDistance:
    """Give a sample that is too far off the room that float32 needs there, if that explains it."""
    scale = space.scale(one.sample)
    if one.silent or one.strain <= 1.0:
        return one
    moved = [_exact_pairs(space, one.sample, finite, known, share) for share in ROUNDED]
    if pairs := [pair[1] for pair in moved if pair is not None]:
        one = with_rounding(one, pairs, known.limits, scale)
    if not 1.0 < one.strain < LUCK:
        return one
    near = [_near_pair(space, one.sample, finite, known, share) for share in ROUNDED]
    return with_neighbours(one, there, scale) if (there := [n for n in near if n]) else one


def _near_pair(
    space: Space, sample: int, finite: Finite, known: Known, share: float
) -> Paired | None:
    """Return the exact answer to inputs beside a sample's, as the reference of TensorFlow's."""
    answers = known.near(sample, share) if known.near is not None else None
    if answers is None:
        return None
    pair = finite.pair.samples([sample])
    theirs, exact = answers
    if exact.shape != pair.reference.shape[1:]:
        return None
    return _in_space(space, pair, exact[None], theirs[None], known)


def _exact_pairs(
    space: Space, sample: int, finite: Finite, known: Known, moved: float = 0.0
) -> tuple[Paired, Paired] | None:
    """Return the exact answer to a sample paired with OpenCV's, and with TensorFlow's.

    With `moved`, the second is the exact answer to inputs that are moved so far.
    """
    assert known.exact is not None  # noqa: S101 - the caller looked
    pair = finite.pair.samples([sample])
    exact = known.exact(sample, 0.0)
    other = known.exact(sample, moved) if moved else pair.reference[0]
    if exact is None or other is None or exact.shape != pair.reference.shape[1:]:
        return None
    usable = replace(pair, usable=pair.usable & np.isfinite(other[None]))
    return (
        _in_space(space, usable, exact[None], pair.candidate, known),
        _in_space(space, usable, exact[None], other[None], known),
    )


def _in_space(space: Space, pair: Paired, exact: Array, side: Array, known: Known) -> Paired:
    """Return a side of a sample's, with the exact answer as its reference, as the space has it."""
    usable = pair.usable & np.isfinite(exact) & np.isfinite(side)
    one = Paired(np.where(usable, exact, 0.0), np.where(usable, side, 0.0), usable, pair.resolution)
    if space.group is None:
        return _odds(one, known)
    return one if space.group.columns.all() else one.columns(space.group.columns)


def _exact_checks(
    space: Space, found: Sequence[SampleDistance], known: Known, suspects: set[int]
) -> tuple[Check, ...]:
    """Return the checks of a space whose samples passed, some of them by the exact answer."""
    usual = len(space.pair.reference) - space.stress
    others = [k for k in range(usual) if k not in suspects]
    checks: tuple[Check, ...] = ()
    if others:
        checks = _checks(space, space.pair.samples(others), known.limits, space.scale(0))
        checks = tuple(c for c in checks if c.passed)
    telling = [d for d in found if not d.silent]
    if telling:
        worst = max(telling, key=lambda d: d.strain)
        name = f"{space.label}max_abs/max_ref to exact{space.suffix}"
        checks += (Check(name, worst.limit, worst.candidate, worst.candidate),)
    return checks


def _checks(
    space: Space, pair: Paired, limits: Limits, scale: float | None = None
) -> tuple[Check, ...]:
    errors, count = pair.errors(), max(pair.count, 1)
    limit = limits.mean_abs_over(count)
    largest, mean = float(errors.max()), mean_error(pair, errors)
    if scale is None:
        largest, mean = ratio(largest, pair), ratio(mean, pair)
    else:
        largest, mean = largest / scale, mean / scale
    # A limit of 0 asks for equality, and no other number replaces it.
    needed = mean * limits.max_abs / limit if limit > 0.0 else largest
    return (
        Check(f"{space.label}max_abs/max_ref{space.suffix}", limits.max_abs, largest, largest),
        Check(f"{space.label}mean_abs/max_ref{space.suffix}", limit, mean, needed),
    )


def _failures(judged: Sequence[_Judged], known: Known) -> tuple[str, ...]:
    """Say which numbers are above their limits, that they are no rounding, and what explains it."""
    reasons: list[str] = []
    for one in judged:
        failed = [check for check in one.checks if not check.passed]
        reasons += [f"{c.metric} is {c.measured:.1e}, above {c.limit:.1e}" for c in failed]
    for one in judged:
        usual = len(one.space.pair.reference) - one.space.stress
        for sample in [k for k in one.wrong if k >= usual][:1]:
            reasons.append(f"it is wrong for an input that is {known.stress[sample]}")
    distances = next((o.distances for o in judged if o.wrong and o.distances is not None), None)
    if distances is not None:
        reasons.append(f"{distances}: this is no rounding")
    for one in judged:
        subject = "the output" if one.space.group is not None else "in log-odds the output"
        if one.wrong and (clause := explained(one.space.usual, known.limits, subject)):
            return (*reasons, *clause)
    return tuple(reasons)


def _unproven(judged: Sequence[_Judged], pair: Paired, known: Known) -> tuple[str, ...]:
    """List the reasons why an output without an error proves nothing; empty if it does."""
    unknown = sorted({k for one in judged for k in one.unknown})
    if unknown:
        return (
            f"it differs by more than float32's limit for an input that is "
            f"{known.stress[unknown[0]]}, and {known.judge} cannot compute the model in float64, "
            "which would tell rounding from an error. Pass samples of your own.",
        )
    silent = {k for one in judged for k in one.silent}
    usual = len(pair.reference) - len(known.stress)
    telling = [k for k in range(usual) if k not in silent]
    if len(telling) < min(MIN_SAMPLES, usual):
        return (
            f"{known.judge}'s own float32 is more than {SILENT:.1e} from the exact answer "
            f"(float64) for {usual - len(telling)} of {usual} samples, so that they say nothing "
            "about OpenCV. Pass samples that the model was made for.",
        )
    if known.constant:
        return ()
    kept = pair.samples(telling)
    odds = next((o.space.pair.samples(telling) for o in judged if o.space.group is None), None)
    if odds is None and known.score in ("softmax", "sigmoid"):
        odds = _odds(kept, known)
    return uninformative(kept, odds, _widest(judged, known.limits))


def _widest(judged: Sequence[_Judged], limits: Limits) -> Limits:
    """Return the limits, with what the exact answer let pass as the allowed error."""
    widest = max(one.widest for one in judged) if judged else 0.0
    return replace(limits, max_abs=min(max(limits.max_abs, widest), 1.0))


def _most_telling(judged: Sequence[_Judged]) -> Distances | None:
    """Return the distances of the space that is wrong, or comes nearest to its limit."""
    found = [o for o in judged if o.distances is not None]
    wrong = [o for o in found if o.wrong] or found
    distances = [o.distances for o in wrong if o.distances is not None]
    return max(distances, key=lambda d: d.candidate / d.limit, default=None)


def _weighed(judged: Sequence[_Judged], pair: Paired) -> Array:
    """Return the errors in units of each group's scale, in which the worst one is found."""
    errors = pair.errors()
    silent = sorted({k for one in judged for k in one.silent})
    for one in judged:
        if one.space.group is not None and len(judged) > 1:
            errors[..., one.space.group.columns] /= max(one.space.usual.scale, TINY)
    errors[silent] = 0.0
    return errors


def _rankings(
    pair: Paired, known: Known, judged: Sequence[_Judged]
) -> tuple[Ranking | None, Ranking | None]:
    silent = {k for one in judged for k in one.silent}
    pair = pair.samples([k for k in range(len(pair.reference)) if k not in silent] or [0])
    classes = pair.reference.shape[-1] if pair.reference.ndim > 1 else 0
    if known.score not in ("softmax", "logits") or classes < 2:
        return None, None
    allowed = _widest(judged, known.limits).max_abs * pair.scale
    top1 = compare_ranking(pair.reference, pair.candidate, 1, allowed)
    if classes <= _TOP_K:
        return top1, None
    return top1, compare_ranking(pair.reference, pair.candidate, _TOP_K, allowed)
