"""The whole page, from a record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np

from keras2cv_bench.findings import Outcome, Quantiles, against, is_result, quantiles
from keras2cv_bench.records import Record, Timing
from keras2cv_bench.report import remarks
from keras2cv_bench.subjects import OURS, REFERENCE
from keras2cv_export.pages.bars import Bar, Kind, bars
from keras2cv_export.pages.chart import Drawing
from keras2cv_export.pages.formats import duration
from keras2cv_export.pages.templating import render
from keras2cv_export.speed.interleave import Comparison

from .charts import STAGE_COLOURS, Axes, Line, Staged, lines, stages


@dataclass(frozen=True)
class Shown:
    """A subject at a batch size.

    Attributes:
        title: Who it is.
        kind: Ours, theirs, or one whose answers are wrong.
        timing: What was measured.
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
    """The subjects at one batch size, and their chart."""

    size: int
    subjects: tuple[Shown, ...]
    bars: Drawing


@dataclass(frozen=True)
class BenchPage:
    """Everything that the page shows.

    Attributes:
        record: What was measured.
        outcome: The verdict, with its reasons.
        batches: One per batch size, the smallest first.
        claim: Our time over tf.function's at the smallest; None where that did not run.
        end_to_end: The same from picture to result.
        sizes: Milliseconds per sample over batch sizes; None with one size.
        stages: From a picture to an answer; None where arrays go in.
        memory: The most that each process held; None where no system told.
        rounds: Each subject's rounds over its own median; None with one round.
        remarks: Sentences on how quiet the machine was.
    """

    record: Record
    outcome: Outcome
    batches: tuple[Batch, ...]
    claim: Comparison | None
    end_to_end: Comparison | None
    sizes: Drawing | None
    stages: Drawing | None
    memory: Drawing | None
    rounds: Drawing | None
    remarks: tuple[str, ...]


def page(record: Record, outcome: Outcome) -> str:
    """Return the page of a benchmark."""
    shown = view(record, outcome)
    template = "bench.html.jinja"
    plain, colours = record.to_dict(), STAGE_COLOURS
    return render(__package__, template, bench=shown, record=plain, stage_colours=colours)


def view(record: Record, outcome: Outcome) -> BenchPage:
    """Return a record as its page shows it, with its charts drawn."""
    batches = tuple(_batch(record, size) for size in record.batches)
    first = batches[0]
    return BenchPage(
        record,
        outcome,
        batches,
        claim=against(record, first.size, REFERENCE),
        end_to_end=against(record, first.size, REFERENCE, "end to end"),
        sizes=_draw_sizes(batches) if len(batches) > 1 else None,
        stages=_draw_stages(first) if record.takes.startswith("pictures") else None,
        memory=_draw_memory(first),
        rounds=_draw_rounds(first),
        remarks=tuple(remarks(record)),
    )


def _batch(record: Record, size: int) -> Batch:
    found = tuple(_subjects(record, size))
    title = "The net alone" if size == 1 else f"The net alone, {size} at a time"
    drawn = [
        Bar(
            one.title,
            one.kind,
            one.forward.median,
            f"{duration(one.forward.median)} ms{_times(one)}",
            tuple(chain.from_iterable(one.timing.steady("forward"))),
        )
        for one in sorted(found, key=lambda one: one.forward.median)
    ]
    return Batch(size, found, bars(drawn, title))


def _subjects(record: Record, size: int) -> Iterator[Shown]:
    for subject in record.subjects:
        timing = record.timing(subject.name, size)
        if timing is None:
            continue
        ours, right = subject.name == OURS, is_result(timing)
        yield Shown(
            subject.title,
            "ours" if ours else "theirs" if right else "wrong",
            timing,
            quantiles(timing),
            against(record, size, subject.name) if right and not ours else None,
            subject.file_mb,
        )


def _times(one: Shown) -> str:
    if one.kind == "wrong":
        return " · wrong"
    return f" · {1 / one.comparison.ratio:.1f}x" if one.comparison else ""


def _draw_sizes(batches: tuple[Batch, ...]) -> Drawing | None:
    points: dict[tuple[str, Kind], list[tuple[float, float]]] = {}
    for batch in batches:
        for one in batch.subjects:
            if one.kind != "wrong":
                per_sample = one.forward.median / batch.size
                points.setdefault((one.title, one.kind), []).append((batch.size, per_sample))
    found = [Line(title, kind, tuple(line)) for (title, kind), line in points.items()]
    axes = Axes("samples in a batch", "ms per sample")
    return lines(found, "Batch sizes", axes) if found else None


def _draw_stages(batch: Batch) -> Drawing:
    found = [
        Staged(
            one.title,
            one.kind,
            tuple(quantiles(one.timing, stage).median for stage in STAGE_COLOURS),
        )
        for one in batch.subjects
    ]
    return stages(sorted(found, key=lambda one: sum(one.parts_ms)), "Stages")


def _draw_memory(batch: Batch) -> Drawing | None:
    known = [(m, one) for one in batch.subjects if (m := one.timing.peak_mb) is not None]
    found = [
        Bar(one.title, one.kind, peak_mb, f"{peak_mb:.0f} MB")
        for peak_mb, one in sorted(known, key=lambda pair: pair[0])
    ]
    return bars(found, "Memory") if found else None


def _draw_rounds(batch: Batch) -> Drawing | None:
    found = [
        Line(one.title, one.kind, _relative(one.timing))
        for one in batch.subjects
        if one.kind != "wrong" and len(one.timing.blocks) > 1
    ]
    axes = Axes("round", "median / median of all rounds")
    return lines(found, "Rounds", axes, height=240) if found else None


def _relative(timing: Timing) -> tuple[tuple[float, float], ...]:
    medians = [float(np.median(block)) for block in timing.steady("forward")]
    middle = float(np.median(medians))
    return tuple((float(i), m / middle) for i, m in enumerate(medians, start=1))
