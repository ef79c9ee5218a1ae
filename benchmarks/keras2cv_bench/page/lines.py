"""Lines over a logarithmic x axis, each named at its right end."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from keras2cv_export.pages.bars import COLOURS, INKS, WIDE, Kind
from keras2cv_export.pages.chart import Chart, Drawing, chart, printable
from keras2cv_export.pages.palette import light

_NAME_HEIGHT: Final = 16  # pixels between two lines' names at least


@dataclass(frozen=True)
class Line:
    """A subject's values over x."""

    title: str
    kind: Kind
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Axes:
    """The titles of both axes, and a named limit that is drawn across."""

    x_title: str
    y_title: str
    ceiling: tuple[float, str] | None = None


def lines(found: Sequence[Line], label: str, axes: Axes, *, height: int = 300) -> Drawing:
    """Draw lines over a logarithmic x axis, from zero on; each is named at its right end.

    Args:
        found: The lines, of positive x.
        label: The chart's description.
        axes: Its titles and its limit.
        height: In pixels.
    """
    xs = sorted({x for one in found for x, _ in one.points})
    most = max([y for one in found for _, y in one.points] + [(axes.ceiling or (0.0, ""))[0]])
    ticks = nice_ticks(most)
    with chart(label, (WIDE, height), left=64, right=190, top=26, bottom=46) as drawn:
        drawn.axes.set(xscale="log", xlim=_with_margin(xs), ylim=(0, ticks[-1]))
        names = [{at: f"{at:g}" for at in places} for places in (xs, ticks)]
        drawn.frame("bottom", x=names[0], y=names[1], title=axes.x_title)
        drawn.axes.grid(axis="y", color=light("edge"))
        drawn.axes.set_axisbelow(True)
        beside: dict[str, Any] = {"transform": drawn.axes.get_yaxis_transform()}
        drawn.text(-0.055, ticks[-1] * 1.05, axes.y_title, "title", color="soft", **beside)
        if axes.ceiling:
            limit, name = axes.ceiling
            drawn.limit(_with_margin(xs), [limit, limit])
            drawn.note(0.99, limit + 0.02 * ticks[-1], name, ha="right", **beside)
        for one in sorted(found, key=lambda line: line.kind == "ours"):
            _draw_line(drawn, one)
        apart = ticks[-1] * _NAME_HEIGHT / (height - 72)
        for y, one in _spread(found, apart, ticks[-1]):
            style = {"fontsize": 12, "va": "center", **beside}
            style["weight"] = "bold" if one.kind == "ours" else "normal"
            title = printable(one.title, 27)
            drawn.text(1.015, y, title, f"label {one.kind}", color=INKS[one.kind], **style)
        return drawn.drawing()


def _draw_line(drawn: Chart, one: Line) -> None:
    xs, ys = zip(*one.points, strict=True)
    width, opacity, dots_opacity = (3, 1, 1) if one.kind == "ours" else (2, 0.45, 0.6)
    style: dict[str, Any] = {"color": COLOURS[one.kind]}
    drawn.line(xs, ys, f"trend {one.kind}", linewidth=width, alpha=opacity, **style)
    tips = [f"{one.title}: {y:.3g}" for y in ys]
    drawn.dots(xs, ys, f"mark {one.kind}", *tips, markersize=7.2, alpha=dots_opacity, **style)


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
