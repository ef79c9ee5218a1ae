"""Derive quantiles, ratios and the exit code from a record's raw durations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from keras2cv.tuning.interleave import STARVED, Comparison, compare_apart, compare_blocks

from .records import Record, Stage, Timing
from .subjects import ONEDNN, OURS, REFERENCE

DEFAULT_MAX_RATIO = 1.1  # of a baseline: a quiet machine separates that from noise


@dataclass(frozen=True)
class Quantiles:
    """A stage's steady runs: how many, and their milliseconds."""

    runs: int
    least: float
    median: float
    p90: float
    p99: float


def quantiles(timing: Timing, stage: Stage = "forward") -> Quantiles:
    """Return the quantiles over all of a subject's blocks."""
    runs = np.concatenate([np.asarray(block) for block in timing.steady(stage)])
    median, p90, p99 = (float(q) for q in np.quantile(runs, (0.5, 0.9, 0.99)))
    return Quantiles(len(runs), float(runs.min()), median, p90, p99)


def against(record: Record, batch: int, theirs: str, stage: Stage = "forward") -> Comparison | None:
    """Compare this bundle's time with another subject's; None where either did not run.

    Args:
        record: The benchmark.
        batch: Samples per run.
        theirs: Name of the other subject.
        stage: The stage whose durations are compared.
    """
    ours, other = record.timing(OURS, batch), record.timing(theirs, batch)
    if ours is None or other is None:
        return None
    return compare_blocks(ours.steady(stage), other.steady(stage))


def fair_reference(record: Record, batch: int) -> str:
    """Return the name of the faster tf.function: as TensorFlow is here, or with oneDNN on."""
    timed = [(name, record.timing(name, batch)) for name in (REFERENCE, ONEDNN.name)]
    speeds = {n: quantiles(t).median for n, t in timed if t is not None and is_result(t)}
    return min(speeds, key=lambda name: speeds[name], default=REFERENCE)


def is_result(timing: Timing) -> bool:
    """Whether a subject's speed counts: a fast wrong answer is not a result."""
    return timing.answers.verdict != "different"


@dataclass(frozen=True)
class Held:
    """This bundle compared with an older record of it, at one batch size.

    Attributes:
        batch: Samples per run.
        comparison: Now over then.
        how: The compared quantity, in words.
    """

    batch: int
    comparison: Comparison
    how: str


def hold(now: Record, then: Record, yardstick: str | None = None) -> tuple[Held, ...]:
    """Compare with an older record: durations on one machine, else shares of tf.function's time.

    On another processor or with other threads, milliseconds cannot be compared. The bundle's ratio
    to TensorFlow, which ran in turns with it both times, carries over better.

    Args:
        now: The new record.
        then: The older one.
        yardstick: A subject of both, such as "naive": its share is compared on every machine.
    """
    same = (now.host.cpu, now.host.cores, now.threads) == (
        then.host.cpu,
        then.host.cores,
        then.threads,
    )
    pairs = ((b, now.timing(OURS, b), then.timing(OURS, b)) for b in now.batches)
    found = []
    for batch, new, old in pairs:
        if new is None or old is None:
            continue
        if same and yardstick is None:
            comparison = compare_apart(new.steady("forward"), old.steady("forward"))
            found.append(Held(batch, comparison, "time against time"))
            continue
        sides = [one.timing(yardstick or fair_reference(one, batch), batch) for one in (now, then)]
        if sides[0] is None or sides[1] is None:
            continue
        comparison = compare_apart(_shares(new, sides[0]), _shares(old, sides[1]))
        how = f"share of the time of {yardstick}"
        if yardstick is None:
            how = "another machine: share of tf.function's time"
        found.append(Held(batch, comparison, how))
    return tuple(found)


def _shares(ours: Timing, yardstick: Timing) -> tuple[tuple[float], ...]:
    pairs = zip(ours.steady("forward"), yardstick.steady("forward"), strict=True)
    return tuple((float(np.median(a)) / float(np.median(b)),) for a, b in pairs)


@dataclass(frozen=True)
class Outcome:
    """The process' exit code, and a sentence for each reason why it is not 0."""

    code: int
    reasons: tuple[str, ...]
    held: tuple[Held, ...] = ()


def outcome(
    record: Record,
    baseline: Record | None = None,
    max_ratio: float | None = None,
    yardstick: str | None = None,
) -> Outcome:
    """Return a benchmark's exit code, and its reasons.

    The code is 1 where this bundle answers differently than TensorFlow, or takes longer than it
    may; 4 where the measurement cannot decide.

    Args:
        record: The benchmark.
        baseline: An older one of the bundle.
        max_ratio: Of the baseline's time, or without a baseline of tf.function's.
        yardstick: As for `hold`.
    """
    held = () if baseline is None else hold(record, baseline, yardstick)
    found = [*_wrong(record), *_limits(record, baseline, held, max_ratio), *_noise(record)]
    codes = {code for code, _ in found}
    code = 1 if 1 in codes else max(codes, default=0)
    return Outcome(code, tuple(reason for _, reason in found), held)


def _wrong(record: Record) -> Iterator[tuple[int, str]]:
    for batch in record.batches:
        timing = record.timing(OURS, batch)
        if timing is None or timing.answers.verdict == "same":
            continue
        code = 1 if timing.answers.verdict == "different" else 4
        word = "answers differently than" if code == 1 else "cannot be distinguished from"
        yield code, f"batch {batch}: this bundle {word} TensorFlow ({timing.answers.reason})."


def _limits(
    record: Record, baseline: Record | None, held: tuple[Held, ...], max_ratio: float | None
) -> Iterator[tuple[int, str]]:
    if baseline is not None:
        most = max_ratio or DEFAULT_MAX_RATIO
        if not held:
            yield 4, "The baseline has nothing to compare with: no batch size in common."
        for one in held:
            sentence = f"batch {one.batch}: {one.comparison} times the baseline ({one.how})"
            yield from _limit(one.comparison, most, sentence)
    elif max_ratio is not None:
        for batch in record.batches:
            if (found := against(record, batch, fair_reference(record, batch))) is not None:
                sentence = f"batch {batch}: {found} times tf.function's time"
                yield from _limit(found, max_ratio, sentence)


def _limit(found: Comparison, most: float, sentence: str) -> Iterator[tuple[int, str]]:
    if (answer := found.within(most)) is False:
        yield 1, f"{sentence}, and --max-ratio is {most:g}."
    elif answer is None:
        yield (
            4,
            f"{sentence}, too close to --max-ratio {most:g} to decide. Free the machine; rerun.",
        )


def _noise(record: Record) -> Iterator[tuple[int, str]]:
    for batch in record.batches:
        ours = record.timing(OURS, batch)
        if ours is not None and ours.cores < STARVED:
            yield (
                4,
                (
                    f"batch {batch}: OpenCV had {ours.cores:.1f} of a core: none of this machine's "
                    "was free, and these times are its load's. Try again when one is."
                ),
            )
        for subject in record.subjects:
            timing = record.timing(subject.name, batch)
            if subject.name == OURS or timing is None or not is_result(timing):
                continue
            found = against(record, batch, subject.name)
            if found is not None and found.word == "too noisy":
                yield (
                    4,
                    (
                        f"batch {batch}: {found} times the time of {subject.title}: too noisy to "
                        "decide. Free the machine, or give more --seconds."
                    ),
                )
