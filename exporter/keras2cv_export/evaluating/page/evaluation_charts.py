"""The charts of an evaluation: lines, the confusion matrix, a bar for each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from keras2cv.evaluation.evaluation_report import Evaluation
from keras2cv.evaluation.measures.measure import Curve
from keras2cv_export.pages.bars import Bar, bars
from keras2cv_export.pages.chart import Drawing, chart, printable
from keras2cv_export.pages.palette import light

Array = np.ndarray[Any, Any]

_SMALL_WH: Final = (460, 330)
_COLOURS: Final = ("main", "s1", "s2", "s0", "bad", "good", "maybe", "soft")
_MOST_LABELS: Final = 40
_MOST_BARS: Final = 40
_BAR: Final = ("f1", "iou", "AP", "pck10", "r2", "mae")
_TITLES: Final = {
    "PR": "Precision over recall",
    "F1": "F1 over the threshold",
    "reliability": "Reliability: how often a score is right",
    "scatter": "Answers over the truth",
    "PCK": "Points within a distance",
}


@dataclass(frozen=True)
class ChartGroup:
    """One chart with its title and the keys of its lines."""

    title: str
    drawing: Drawing
    keys: tuple[tuple[str, str], ...]


def curve_groups(curves: Sequence[Curve]) -> list[ChartGroup]:
    """Draw the lines that share axes in one chart."""
    groups: dict[str, list[Curve]] = {}
    for curve in curves:
        groups.setdefault(curve.name.partition(" ")[0], []).append(curve)
    return [
        ChartGroup(_TITLES.get(kind, kind), _lines(kind, found), _keys(found))
        for kind, found in groups.items()
        if any(curve.x for curve in found)
    ]


def _keys(found: Sequence[Curve]) -> tuple[tuple[str, str], ...]:
    if len(found) < 2:
        return ()
    names = (curve.name.partition(" ")[2] for curve in found)
    return tuple((name, _COLOURS[k % len(_COLOURS)]) for k, name in enumerate(names))


def _lines(kind: str, found: Sequence[Curve]) -> Drawing:
    x = np.concatenate([curve.x for curve in found])
    y = np.concatenate([curve.y for curve in found])
    is_scatter = kind == "scatter"
    ends = (float(min(x.min(), y.min())), float(max(x.max(), y.max()))) if is_scatter else (0, 1)
    across = ends if is_scatter or x.max() > 0.6 else (0.0, float(x.max()))
    with chart(_TITLES.get(kind, kind), _SMALL_WH, left=56, bottom=52) as drawn:
        pad = 0.03 * (ends[1] - ends[0] or 1)
        wide = 0.02 * (across[1] - across[0] or 1)
        drawn.axes.set(
            xlim=(across[0] - wide, across[1] + wide), ylim=(ends[0] - pad, ends[1] + pad)
        )
        drawn.frame("bottom", "left", x=_ticks(across), y=_ticks(ends), title=_axis_title(found[0]))
        if is_scatter or kind == "reliability":
            drawn.line(ends, ends, "ideal", color="soft", linestyle=(0, (2, 3)), linewidth=1)
        for number, curve in enumerate(found):
            colour = _COLOURS[number % len(_COLOURS)]
            if is_scatter:
                drawn.dots(curve.x, curve.y, "dot", color=colour, alpha=0.5, markersize=4)
                continue
            if kind == "reliability":
                drawn.dots(curve.x, curve.y, "dot", color=colour, markersize=6)
            drawn.line(curve.x, curve.y, "curve", color=colour, linewidth=1.8)
        return drawn.drawing()


def _axis_title(curve: Curve) -> str:
    return f"{curve.x_name} → · {curve.y_name} ↑"


def _ticks(ends: tuple[float, float]) -> dict[float, str]:
    return {float(place): f"{place:.3g}" for place in np.linspace(*ends, 5)}


def confusion(matrix: Array | None, labels: Sequence[str]) -> Drawing | None:
    """Draw a confusion matrix: each row is a true class, as shares of it."""
    if matrix is None or not 2 <= len(labels) <= _MOST_LABELS:
        return None
    count = len(labels)
    cell = 44 if count <= 12 else 26
    left = 150
    size_wh = (left + count * cell + 14, count * cell + 120)
    totals = np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    shares = matrix / totals
    with chart("Confusion matrix", size_wh, left=left, right=14, top=8, bottom=112) as drawn:
        drawn.axes.set(xlim=(0, count), ylim=(count, 0))
        drawn.frame()
        for row, column in np.argwhere(matrix > 0).tolist():
            colour = "main" if row == column else "bad"
            patch = drawn.axes.bar(column + 0.5, 0.94, 0.94, row + 0.03, color=light(colour))[0]
            patch.set_alpha(0.12 + 0.88 * float(shares[row, column]))
            tip = (
                f"{labels[row]} answered as {labels[column]}: {matrix[row, column]} "
                f"({100 * shares[row, column]:.1f} %)"
            )
            drawn.mark(patch, "cell", tip)
            if cell > 30:
                ink = "card" if shares[row, column] > 0.55 else "ink"
                text = _short(int(matrix[row, column]))
                style = {"ha": "center", "va": "center", "fontsize": 11}
                drawn.text(column + 0.5, row + 0.5, text, "count", color=ink, **style)
        for k, label in enumerate(labels):
            style = {"fontsize": 11, "va": "center"}
            name = printable(label, 20)
            drawn.text(-0.15, k + 0.5, name, "label", color="ink", ha="right", **style)
            style = {"fontsize": 11, "va": "top", "rotation": 55, "ha": "right"}
            drawn.text(k + 0.75, count + 0.1, name, "label", color="ink", **style)
        return drawn.drawing()


def _short(value: int) -> str:
    if value >= 1_000_000:
        return f"{value / 1e6:.1f}M"
    return f"{value / 1000:.0f}k" if value >= 10_000 else str(value)


def class_bars(found: Evaluation) -> Drawing | None:
    """Draw a bar for each class, the worst first, and the other pipeline's as a dot."""
    rows = found.per_class
    name = next((n for n in _BAR if rows and n in next(iter(rows.values()))), None)
    if name is None or len(rows) < 2:
        return None
    theirs = {} if found.comparison is None else found.comparison.numbers.per_class
    order = sorted(rows, key=lambda label: rows[label][name] or 0.0)[:_MOST_BARS]
    drawn = []
    for label in order:
        value = max(rows[label][name] or 0.0, 0.0)
        other = theirs.get(label, {}).get(name)
        runs = () if other is None else (other,)
        drawn.append(Bar(label, "ours", f"{name} {value:.3f}", (value,), runs))
    return bars(drawn, f"{name} of each class")
