"""Bars of durations: one per subject, with a dot for each of its runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from .chart import Chart, Drawing, chart, printable
from .palette import light

WIDE: Final = 960
_LEFT: Final = 250  # room for a subject's title
_MOST_DOTS: Final = 160
_JITTER: Final = 0.052  # of a row, between neighbouring dots

Kind = Literal["ours", "theirs", "wrong"]
COLOURS: Final[Mapping[Kind, str]] = MappingProxyType(
    {"ours": light("main"), "theirs": light("soft"), "wrong": light("bad")}
)
INKS: Final[Mapping[Kind, str]] = MappingProxyType({**COLOURS, "ours": light("ink")})
_OPACITY: Final[Mapping[Kind, float]] = MappingProxyType({"ours": 1, "theirs": 0.38, "wrong": 0.35})


@dataclass(frozen=True)
class Bar:
    """A subject: its length, and its runs in the same unit.

    Attributes:
        title: Who it is.
        kind: By which it is coloured.
        value: The bar's length.
        text: Behind it.
        runs: Dots over it.
    """

    title: str
    kind: Kind
    value: float
    text: str
    runs: tuple[float, ...] = ()


def bars(found: Sequence[Bar], label: str) -> Drawing:
    """Draw a bar each from zero on, and its runs as dots; what lies far off is at the edge."""
    most = max(max(bar.value, *_most_of(bar.runs), 0.0) for bar in found) * 1.04 or 1.0
    rows = [Row(bar.title, bar.kind, bar.text) for bar in found]
    with rows_chart(label, rows, most) as drawn:
        for index, bar in enumerate(found):
            style = {"color": COLOURS[bar.kind], "alpha": _OPACITY[bar.kind]}
            (patch,) = drawn.axes.barh(index, bar.value, 0.5, **style)
            drawn.mark(patch, f"time {bar.kind}", f"{bar.title}: {bar.text}")
            runs = bar.runs[:: max(1, -(-len(bar.runs) // _MOST_DOTS))]
            heights = [index + (k % 7 - 3) * _JITTER for k in range(len(runs))]
            shown = [min(run, most) for run in runs]
            drawn.dots(shown, heights, "run", color=light("ink"), alpha=0.28, markersize=3.4)
        return drawn.drawing()


def _most_of(runs: Sequence[float]) -> tuple[float, ...]:
    """Leave out the slowest few, which would press the rest against the axis."""
    return (sorted(runs)[int(0.97 * (len(runs) - 1))],) if runs else ()


@dataclass(frozen=True)
class Row:
    """What stands at both ends of a row."""

    title: str
    kind: Kind
    text: str


@contextmanager
def rows_chart(
    label: str, rows: Sequence[Row], most: float, *, row_height: int = 44, right: int = 190
) -> Iterator[Chart]:
    """Give a chart of a row per subject, with its title and its text at the ends.

    Args:
        label: Its description.
        rows: From the top down; row i is at i.
        most: The right end of the x axis, which begins at zero.
        row_height: In pixels.
        right: Room for the texts, in pixels.
    """
    size_wh = (WIDE, row_height * len(rows) + 4)
    with chart(label, size_wh, left=_LEFT, right=right, top=2, bottom=2) as drawn:
        drawn.frame()
        drawn.axes.set(xlim=(0, most), ylim=(len(rows) - 0.5, -0.5))
        beside = drawn.axes.get_yaxis_transform()
        across = WIDE - _LEFT - right
        for index, row in enumerate(rows):
            style = {"color": INKS[row.kind], "fontsize": 14, "va": "center", "ha": "right"}
            style |= {"weight": "bold"} if row.kind == "ours" else {}
            kind = f"label {row.kind}"
            drawn.text(
                -14 / across, index, printable(row.title, 32), kind, transform=beside, **style
            )
            drawn.text(1 + (right - 4) / across, index, row.text, kind, transform=beside, **style)
        yield drawn
