"""Charts of a benchmark: stages one behind the other, and lines over batch sizes or rounds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from keras2cv_bench.records import Stage
from keras2cv_export.pages.bars import COLOURS, INKS, WIDE, Kind, Row, rows_chart
from keras2cv_export.pages.chart import Drawing, chart, printable
from keras2cv_export.pages.formats import duration
from keras2cv_export.pages.palette import light

# The stages that add up to a prediction, in order, with their colours of the palette.
STAGE_COLOURS: Final[Mapping[Stage, str]] = MappingProxyType(
    {"preprocessing": "s0", "forward": "s3", "postprocessing": "s2"}
)
_NAME_HEIGHT: Final = 16  # pixels between two lines' names at least


@dataclass(frozen=True)
class Staged:
    """A subject, and the milliseconds of its stages, in the order of STAGE_COLOURS."""

    title: str
    kind: Kind
    parts_ms: tuple[float, ...]


def stages(found: Sequence[Staged], label: str) -> Drawing:
    """Draw each subject's way from picture to result, one stage behind the other."""
    rows = [Row(one.title, one.kind, f"{duration(sum(one.parts_ms))} ms") for one in found]
    most = max(sum(one.parts_ms) for one in found) or 1.0
    with rows_chart(label, rows, most, row_height=34, right=110) as drawn:
        for index, one in enumerate(found):
            start = 0.0
            for (stage, colour), value in zip(STAGE_COLOURS.items(), one.parts_ms, strict=True):
                width = max(value, most / 750)
                (patch,) = drawn.axes.barh(index, width, 0.53, start, color=light(colour))
                drawn.mark(patch, "stage", f"{stage}: {value:.3g} ms")
                start += value
        return drawn.drawing()


@dataclass(frozen=True)
class Line:
    """A subject's values over x."""

    title: str
    kind: Kind
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Axes:
    """What the axes of lines are called, and a limit that is drawn across, with its name."""

    x_title: str
    y_title: str
    ceiling: tuple[float, str] | None = None


def lines(found: Sequence[Line], label: str, axes: Axes, *, height: int = 300) -> Drawing:
    """Draw lines over a logarithmic x axis, from zero on; each is named at its right end.

    Args:
        found: The lines, of positive x.
        label: What the chart is.
        axes: What stands at its axes.
        height: In pixels.
    """
    xs = sorted({x for one in found for x, _ in one.points})
    most = max([y for one in found for _, y in one.points] + [(axes.ceiling or (0.0, ""))[0]])
    ticks = nice_ticks(most)
    with chart(label, (WIDE, height), left=64, right=190, top=26, bottom=46) as drawn:
        drawn.frame("bottom")
        drawn.axes.set(xscale="log", xlim=_with_margin(xs), ylim=(0, ticks[-1]))
        drawn.axes.set_xticks(xs, [f"{x:g}" for x in xs])
        drawn.axes.minorticks_off()
        drawn.axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        drawn.axes.grid(axis="y", color=light("edge"))
        drawn.axes.set_axisbelow(True)
        drawn.axes.set_xlabel(axes.x_title, color=light("soft"))
        inside: dict[str, Any] = {"transform": drawn.axes.transAxes}
        drawn.text(-0.055, 1.05, axes.y_title, "title", **inside)
        if axes.ceiling:
            limit, name = axes.ceiling
            style: dict[str, Any] = {"color": light("bad"), "linestyle": (0, (4, 3))}
            drawn.line(_with_margin(xs), [limit, limit], "limit", linewidth=1.5, **style)
            across = {"transform": drawn.axes.get_yaxis_transform(), "ha": "right"}
            height_of_name = limit + 0.02 * ticks[-1]
            style = {"color": light("bad"), "weight": "bold"}
            drawn.text(0.99, height_of_name, name, "note halo", **across, **style)
        for one in sorted(found, key=lambda line: line.kind == "ours"):
            ours = one.kind == "ours"
            style = {"color": COLOURS[one.kind], "linewidth": 3 if ours else 2}
            line_xs, line_ys = zip(*one.points, strict=True)
            drawn.line(line_xs, line_ys, f"trend {one.kind}", alpha=1 if ours else 0.45, **style)
            tips = [f"{one.title}: {y:.3g}" for y in line_ys]
            style = {"color": COLOURS[one.kind], "alpha": 1 if ours else 0.6, "markersize": 7.2}
            drawn.dots(line_xs, line_ys, f"mark {one.kind}", *tips, **style)
        apart = ticks[-1] * _NAME_HEIGHT / (height - 72)
        for y, one in _spread(found, apart, ticks[-1]):
            style = {"color": INKS[one.kind], "fontsize": 12, "va": "center"}
            style |= {"weight": "bold"} if one.kind == "ours" else {}
            beside = {"transform": drawn.axes.get_yaxis_transform()}
            drawn.text(1.015, y, printable(one.title, 27), f"label {one.kind}", **beside, **style)
        return drawn.drawing()


def _with_margin(xs: Sequence[float]) -> tuple[float, float]:
    """Return the ends of a logarithmic axis that leaves room around its points."""
    room = (xs[-1] / xs[0]) ** 0.02 if len(xs) > 1 else 2.0
    return xs[0] / room, xs[-1] * room


def _spread(found: Sequence[Line], apart: float, top: float) -> Iterator[tuple[float, Line]]:
    """Yield the heights of names at the lines' ends, `apart` from each other, and below `top`."""
    placed: list[tuple[float, Line]] = []
    for one in sorted(found, key=lambda line: line.points[-1][1]):
        lowest = placed[-1][0] + apart if placed else 0.0
        placed.append((max(one.points[-1][1], lowest), one))
    for y, one in reversed(placed):
        top = min(y, top)
        yield top, one
        top -= apart


def nice_ticks(most: float) -> list[float]:
    """Return ticks from 0 to at least `most`, at 1, 2 or 5 times a power of ten."""
    if not most > 0:
        return [0.0, 1.0]
    power = 10.0 ** math.floor(math.log10(most))
    step = next(s * power for s in (0.2, 0.5, 1.0, 2.0, 5.0) if most / (s * power) <= 6)
    return [step * k for k in range(math.ceil(most / step - 1e-9) + 1)]
