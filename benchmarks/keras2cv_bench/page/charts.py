"""The subjects of a benchmark as its page shows them, and its charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np

from keras2cv.tuning.interleave import Comparison
from keras2cv_bench.findings import Quantiles, quantiles
from keras2cv_bench.records import Stage, Timing
from keras2cv_export.pages.bars import Bar, Kind, bars
from keras2cv_export.pages.chart import Drawing
from keras2cv_export.pages.formats import duration

from .lines import Axes, Line, lines

# The stages that add up to a prediction, in order, with their colours of the palette.
STAGES: Final[tuple[tuple[Stage, str], ...]] = (
    ("preprocessing", "s0"),
    ("forward", "s3"),
    ("postprocessing", "s2"),
)


@dataclass(frozen=True)
class Shown:
    """A subject at a batch size.

    Attributes:
        title: Who it is.
        kind: Ours, theirs, or one whose answers are wrong.
        timing: Its measurements.
        forward: Quantiles of the net alone, in milliseconds.
        comparison: Our time over its; None for ourselves, and where it gave no result.
        file_mb: The size of its file, where known.
    """

    title: str
    kind: Kind
    timing: Timing
    forward: Quantiles
    comparison: Comparison | None
    file_mb: float | None


@dataclass(frozen=True)
class Batch:
    """The subjects at one batch size."""

    size: int
    subjects: tuple[Shown, ...]


def forwards(batch: Batch, label: str) -> Drawing:
    """Draw the net alone: each subject's median, and every run as a dot."""
    found = []
    for one in sorted(batch.subjects, key=lambda one: one.forward.median):
        times = f" · {1 / one.comparison.ratio:.1f}x" if one.comparison else ""
        text = f"{duration(one.forward.median)} ms{' · wrong' if one.kind == 'wrong' else times}"
        runs = tuple(chain.from_iterable(one.timing.steady("forward")))
        found.append(Bar(one.title, one.kind, text, (one.forward.median,), runs))
    return bars(found, label)


def stages(batch: Batch) -> Drawing:
    """Draw each subject's way from picture to result, one stage behind the other."""
    found = []
    for one in batch.subjects:
        parts = tuple(quantiles(one.timing, stage).median for stage, _ in STAGES)
        found.append(Bar(one.title, one.kind, f"{duration(sum(parts))} ms", parts))
    return bars(sorted(found, key=lambda bar: sum(bar.lengths)), "Stages", STAGES)


def memory(batch: Batch) -> Drawing | None:
    """Draw the most that each process held; None where no system knows."""
    known = [(peak, one) for one in batch.subjects if (peak := one.timing.peak_mb) is not None]
    found = [
        Bar(one.title, one.kind, f"{peak_mb:.0f} MB", (peak_mb,))
        for peak_mb, one in sorted(known, key=lambda pair: pair[0])
    ]
    return bars(found, "Memory") if found else None


def sizes(batches: Sequence[Batch]) -> Drawing | None:
    """Draw milliseconds per sample over batch sizes; None with one of them."""
    points: dict[tuple[str, Kind], list[tuple[float, float]]] = {}
    for batch in batches:
        for one in batch.subjects:
            if one.kind != "wrong":
                per_sample = one.forward.median / batch.size
                points.setdefault((one.title, one.kind), []).append((batch.size, per_sample))
    found = [Line(title, kind, tuple(line)) for (title, kind), line in points.items()]
    axes = Axes("samples in a batch", "ms per sample")
    return lines(found, "Batch sizes", axes) if found and len(batches) > 1 else None


def rounds(batch: Batch) -> Drawing | None:
    """Draw each subject's rounds over its own median; None with one round."""
    found = []
    for one in batch.subjects:
        medians = np.array([np.median(block) for block in one.timing.steady("forward")])
        points = tuple(enumerate((medians / np.median(medians)).tolist(), start=1))
        if one.kind != "wrong" and len(points) > 1:
            found.append(Line(one.title, one.kind, points))
    axes = Axes("round", "median / median of all rounds")
    return lines(found, "Rounds", axes, height=240) if found else None
