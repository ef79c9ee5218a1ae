"""The whole page, from a check."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras2cv.errors import UsageError
from keras2cv_export.pages.chart import Drawing
from keras2cv_export.pages.templating import render

from . import charts
from .pictures import Row, rows

if TYPE_CHECKING:
    from keras2cv_export.checks.checking import CheckReport
    from keras2cv_export.parity.report import OutputParity


@dataclass(frozen=True)
class OutputCharts:
    """An output on an engine, drawn.

    Attributes:
        shape: Of a sample, such as "1x10".
        samples: How many there are.
        errors: How many elements have which error.
        values: One side's over the other's.
    """

    shape: str
    samples: int
    errors: Drawing
    values: Drawing


@dataclass(frozen=True)
class Drawn:
    """Everything of a check that is drawn.

    Attributes:
        outputs: (engine, output) -> its charts.
        pictures: The first of the user's pictures, with both sides' predictions.
        shares: What each stage adds to the difference; None without pictures.
        layers: Each layer's error; None unless `--bisect` looked.
        durations: Both sides'; None where nothing was timed.
    """

    outputs: Mapping[tuple[str, str], OutputCharts]
    pictures: tuple[Row, ...]
    shares: Drawing | None
    layers: Drawing | None
    durations: Drawing | None


def write_page(report: CheckReport, path: str | os.PathLike[str]) -> None:
    """Write the page of a check.

    Raises:
        UsageError: It cannot be written there.
    """
    text = page(report)
    try:
        Path(path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror or error}. "
            "Choose a place that you may write to."
        ) from error


def page(report: CheckReport) -> str:
    """Return the page of a check."""
    record = report.to_dict()
    template = "check.html.jinja"
    return render(__package__, template, check=report, record=record, drawn=draw(report, record))


def draw(report: CheckReport, record: Mapping[str, Any]) -> Drawn:
    """Draw a check; `record` is its `to_dict()`, whose values are binned and thinned out."""
    journey, bisect, speed = report.journey, report.bisect, report.speed
    return Drawn(
        outputs={
            (engine, output.name): _draw_output(output, record["values"][engine][output.name])
            for engine, parity in report.by_engine
            for output in parity.outputs
            if output.name in record["values"][engine]
        },
        pictures=tuple(rows(journey)) if journey else (),
        shares=charts.shares([(s.name, s.share) for s in journey.report.stages])
        if journey
        else None,
        layers=charts.layers(
            [(layer.key, layer.kind, layer.error) for layer in bisect.layers],
            bisect.limit,
            bisect.first.found.key if bisect.first else None,
        )
        if bisect
        else None,
        durations=charts.durations(
            speed.nanoseconds, {side: speed.median_ms(side) for side in speed.nanoseconds}
        )
        if speed
        else None,
    )


def _draw_output(output: OutputParity, values: Mapping[str, Any]) -> OutputCharts:
    limit = next((c.limit for c in output.checks if c.metric == "max_abs/max_ref"), None)
    return OutputCharts(
        "x".join(map(str, values["shape"])),
        values["samples"],
        charts.histogram(values["errors"], limit, output.name),
        charts.scatter(values, limit, output.name),
    )
