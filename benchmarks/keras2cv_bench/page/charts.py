"""Charts of durations: bars with their scatter, stages, batch sizes, and rounds over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from keras2cv_export.checks.page.svg import line, svg, text

WIDE: Final = 960
_LEFT: Final = 250  # of bars: room for a subject's title
_RIGHT: Final = 190  # of bars: room for its numbers
_MOST_DOTS: Final = 160


@dataclass(frozen=True)
class Bar:
    """A subject: its runs in milliseconds, and what to write behind them.

    Attributes:
        title: Who it is.
        kind: A class of the style: "ours", "theirs" or "wrong".
        value: The bar's length.
        runs: Dots over it.
        said: Behind it.
    """

    title: str
    kind: str
    value: float
    said: str
    runs: tuple[float, ...] = ()


def bars(found: Sequence[Bar], label: str) -> str:
    """Draw a bar each from zero on, and its runs as dots; what lies far off is at the edge."""
    row, right = 44, WIDE - _RIGHT
    most = max(max(bar.value, *_most_of(bar.runs), 0.0) for bar in found) * 1.04 or 1.0

    def x_of(value: float) -> float:
        return _LEFT + (right - _LEFT) * min(value / most, 1.0)

    body = []
    for index, bar in enumerate(found):
        y = row * index + row / 2
        body.append(text(_LEFT - 14, y + 5, bar.title, f"label {bar.kind}", "end"))
        body.append(
            f'<rect class="time {bar.kind}" x="{_LEFT}" y="{y - 11:.1f}" '
            f'width="{max(x_of(bar.value) - _LEFT, 1.5):.1f}" height="22" rx="5"/>'
        )
        step = max(1, -(-len(bar.runs) // _MOST_DOTS))
        body += [
            f'<circle class="run" cx="{x_of(v):.1f}" cy="{y + (k % 7 - 3) * 2.3:.1f}" r="1.7"/>'
            for k, v in enumerate(bar.runs[::step])
        ]
        body.append(text(WIDE - 4, y + 5, bar.said, f"label {bar.kind}", "end"))
    return svg(body, label, WIDE, row * len(found) + 4)


def _most_of(runs: Sequence[float]) -> tuple[float, ...]:
    """Leave out the slowest few, which would press the rest against the axis."""
    return (sorted(runs)[int(0.97 * (len(runs) - 1))],) if runs else ()


STAGE_KINDS: Final = ("stage0", "stage3", "stage2")


def stages(rows: Sequence[tuple[str, str, tuple[float, float, float]]], label: str) -> str:
    """Draw each subject's way from picture to result, one stage behind the other.

    Args:
        rows: (title, class, milliseconds of the three stages).
        label: What it is.
    """
    row, right = 34, WIDE - 110
    most = max(sum(parts) for _, _, parts in rows) or 1.0
    body = []
    for index, (title, kind, parts) in enumerate(rows):
        y, x = row * index + row / 2, float(_LEFT)
        body.append(text(_LEFT - 14, y + 5, title, f"label {kind}", "end"))
        for stage, value in zip(STAGE_KINDS, parts, strict=True):
            width = (right - _LEFT) * value / most
            body.append(
                f'<rect class="{stage}" x="{x:.1f}" y="{y - 9:.1f}" width="{max(width, 0.8):.1f}" '
                f'height="18"><title>{value:.3g} ms</title></rect>'
            )
            x += width
        body.append(text(WIDE - 4, y + 5, f"{number(sum(parts))} ms", f"label {kind}", "end"))
    return svg(body, label, WIDE, row * len(rows) + 4)


@dataclass(frozen=True)
class Line:
    """A subject's values over x, and its class."""

    title: str
    kind: str
    points: tuple[tuple[float, float], ...]


def lines(
    found: Sequence[Line],
    label: str,
    x_title: str,
    y_title: str,
    *,
    ceiling: tuple[float, str] | None = None,
    width: int = WIDE,
    height: int = 300,
) -> str:
    """Draw lines over a logarithmic x axis, from zero on; each is named at its right end."""
    left, right, top, floor = 64, width - 190, 26, height - 46
    xs = sorted({x for one in found for x, _ in one.points})
    most = max([y for one in found for _, y in one.points] + ([ceiling[0]] if ceiling else []))
    ticks = nice_ticks(most)

    def x_of(x: float) -> float:
        span = math.log(xs[-1] / xs[0]) if len(xs) > 1 else 1.0
        return left + 14 + (right - left - 28) * math.log(x / xs[0]) / span

    def y_of(y: float) -> float:
        return floor - (floor - top) * y / ticks[-1]

    body = [line(left, y_of(t), right, y_of(t), "grid-line") for t in ticks]
    body += [text(left - 8, y_of(t) + 4, f"{t:g}", anchor="end") for t in ticks]
    body += [text(x_of(x), floor + 18, f"{x:g}") for x in xs]
    body.append(text((left + right) / 2, height - 8, x_title, "title"))
    body.append(text(left - 40, 12, y_title, "title", "start"))
    if ceiling:
        body.append(line(left, y_of(ceiling[0]), right, y_of(ceiling[0]), "limit"))
        body.append(text(right - 4, y_of(ceiling[0]) - 6, ceiling[1], "note", "end"))
    for one in found:
        path = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in one.points)
        body.append(f'<polyline class="trend {one.kind}" points="{path}"/>')
        body += [
            f'<circle class="mark {one.kind}" cx="{x_of(x):.1f}" cy="{y_of(y):.1f}" r="3.6">'
            f"<title>{y:.3g}</title></circle>"
            for x, y in one.points
        ]
    for (_, y), one in _spread([(y_of(one.points[-1][1]), one) for one in found]):
        body.append(text(right + 10, y + 4, one.title, f"label small {one.kind}", "start"))
    return svg(body, label, width, height)


def _spread(wanted: list[tuple[float, Line]]) -> list[tuple[tuple[float, float], Line]]:
    """Keep names at least a line apart, from the top down."""
    placed: list[tuple[tuple[float, float], Line]] = []
    last = -math.inf
    for y, one in sorted(wanted, key=lambda pair: pair[0]):
        last = max(y, last + 16)
        placed.append(((0.0, last), one))
    return placed


def nice_ticks(most: float) -> list[float]:
    """Return ticks from 0 to at least `most`, at 1, 2 or 5 times a power of ten."""
    if not most > 0:
        return [0.0, 1.0]
    power = 10.0 ** math.floor(math.log10(most))
    step = next(s * power for s in (0.2, 0.5, 1.0, 2.0, 5.0) if most / (s * power) <= 6)
    return [step * k for k in range(math.ceil(most / step - 1e-9) + 1)]


def number(value: float) -> str:
    """Return a duration as people read it: 0.083, 7.12, 48.9, 203."""
    digits = 0 if value >= 100 else 1 if value >= 20 else 2 if value >= 1 else 3
    return f"{value:.{digits}f}"
