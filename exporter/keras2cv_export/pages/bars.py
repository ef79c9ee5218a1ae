"""Bars of durations or sizes: one per subject, in parts or with a dot for each of its runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from .chart import Chart, Drawing, chart, printable
from .palette import light

WIDE: Final = 960
_LEFT: Final = 250  # room for a subject's title
_RIGHT: Final = 190  # room for its text
_ROW: Final = 44
_MOST_DOTS: Final = 160
_JITTER: Final = 0.052  # of a row, between neighbouring dots

Kind = Literal["ours", "theirs", "wrong"]
COLOURS: Final[Mapping[Kind, str]] = MappingProxyType(
    {"ours": "main", "theirs": "soft", "wrong": "bad"}
)
INKS: Final[Mapping[Kind, str]] = MappingProxyType({**COLOURS, "ours": "ink"})
_OPACITY: Final[Mapping[Kind, float]] = MappingProxyType({"ours": 1, "theirs": 0.38, "wrong": 0.35})
Parts = Sequence[tuple[str, str]]
"""The names of the bars' parts, with their colours of the palette."""

_ONE_PART: Final[Parts] = (("", ""),)


@dataclass(frozen=True)
class Bar:
    """A subject: its length, and its runs in the same unit.

    Attributes:
        title: Who it is.
        kind: By which it is coloured.
        text: Behind it.
        lengths: Of its parts, one behind the other.
        runs: Dots over it.
    """

    title: str
    kind: Kind
    text: str
    lengths: tuple[float, ...]
    runs: tuple[float, ...] = ()


def bars(found: Sequence[Bar], label: str, parts: Parts = _ONE_PART) -> Drawing:
    """Draw a bar each from zero on, and its runs as dots; runs far off are at the edge."""
    most = max(max(sum(bar.lengths), *_most_of(bar.runs), 0.0) for bar in found) * 1.04 or 1.0
    size_wh = (WIDE, _ROW * len(found) + 4)
    with chart(label, size_wh, left=_LEFT, right=_RIGHT, top=2, bottom=2) as drawn:
        drawn.frame()
        drawn.axes.set(xlim=(0, most), ylim=(len(found) - 0.5, -0.5))
        for index, bar in enumerate(found):
            _write_ends(drawn, index, bar)
            start = 0.0
            for length, (part, colour) in zip(bar.lengths, parts, strict=True):
                width = max(length, most / 750) if colour else length
                (patch,) = drawn.axes.barh(index, width, 0.5, start)
                patch.set_facecolor(light(colour or COLOURS[bar.kind]))
                patch.set_alpha(1 if colour else _OPACITY[bar.kind])
                tip = f"{part}: {length:.3g}" if part else f"{bar.title}: {bar.text}"
                drawn.mark(patch, f"time {bar.kind}", tip)
                start += length
            runs = bar.runs[:: max(1, -(-len(bar.runs) // _MOST_DOTS))]
            heights = [index + (k % 7 - 3) * _JITTER for k in range(len(runs))]
            shown = [min(run, most) for run in runs]
            drawn.dots(shown, heights, "run", color="ink", alpha=0.28, markersize=3.4)
        return drawn.drawing()


def _most_of(runs: Sequence[float]) -> tuple[float, ...]:
    """Leave out the slowest few, which would press the rest against the axis."""
    return (sorted(runs)[int(0.97 * (len(runs) - 1))],) if runs else ()


def _write_ends(drawn: Chart, row: int, bar: Bar) -> None:
    """Write a bar's title on the left of the axes, and its text on the right."""
    weight = "bold" if bar.kind == "ours" else "normal"
    across = WIDE - _LEFT - _RIGHT
    places = {-14 / across: printable(bar.title, 32), 1 + (_RIGHT - 4) / across: bar.text}
    for x, words in places.items():
        style = {"fontsize": 14, "va": "center", "ha": "right", "weight": weight}
        style["transform"] = drawn.axes.get_yaxis_transform()
        drawn.text(x, row, words, f"label {bar.kind}", color=INKS[bar.kind], **style)
