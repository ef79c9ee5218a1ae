"""One chart, drawn by matplotlib and taken apart into SVG that a page can hold.

Colours become the palette's CSS variables, fonts the page's own, and marks get a class and a
tooltip. The same numbers give the same bytes: there is no date, and ids depend on the drawing.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.figure import Figure

from .palette import light
from .svg import inner_svg

Numbers = Sequence[float] | Any
Ticks = Mapping[float, str]

NO_TICKS: Final[Ticks] = MappingProxyType({})

_RC: Final[dict[str, Any]] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "keras2cv",
    "path.simplify": False,
    "text.parse_math": False,  # a name may hold dollar signs
    "text.color": light("soft"),
    "font.size": 11,
    "axes.labelsize": 12,
    "axes.edgecolor": light("edge"),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelcolor": light("soft"),
    "ytick.labelcolor": light("soft"),
    "xtick.major.pad": 7,
    "ytick.major.pad": 6,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
}
_UNPRINTABLE: Final = re.compile(r"[^ -~\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+")


@dataclass(frozen=True)
class Drawing:
    """A finished chart.

    Attributes:
        label: Its description, for those who do not see it.
        width, height: Of its coordinates.
        body: The elements inside <svg>.
    """

    label: str
    width: int
    height: int
    body: Markup


def printable(text: str, longest: int = 400) -> str:
    """Return any text as one line that XML can hold, shortened to `longest` characters."""
    line = " ".join(_UNPRINTABLE.sub(" ", text).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


@contextmanager
def chart(
    label: str,
    size_wh: tuple[int, int],
    *,
    left: float = 50,
    right: float = 14,
    top: float = 12,
    bottom: float = 34,
) -> Iterator[Chart]:
    """Give a chart to draw on, in the pages' style; `drawing()` is called inside as well.

    Args:
        label: Its description.
        size_wh: Of the whole, in pixels.
        left: Pixels around the axes, for labels; so are the others.
        right: To their right.
        top: Above them.
        bottom: Below them.
    """
    width, height = size_wh
    with mpl.rc_context(_RC):
        figure = Figure(figsize=(width / 72, height / 72))  # so that a unit of the SVG is a pixel
        figure.patch.set_visible(False)
        across, up = width - left - right, height - top - bottom
        box = (left / width, bottom / height, across / width, up / height)
        yield Chart(printable(label), size_wh, figure, figure.add_axes(box))


class Chart:
    """One pair of axes, whose marks have classes and tooltips."""

    def __init__(self, label: str, size_wh: tuple[int, int], figure: Any, axes: Any) -> None:
        self.axes = axes
        self._label, self._size_wh, self._figure = label, size_wh, figure
        self._marks: dict[str, tuple[str, tuple[str, ...]]] = {}
        axes.patch.set_visible(False)

    def mark(self, artist: Any, kind: str, *tips: str) -> None:
        """Give an artist a class, and a tooltip to each of its shapes."""
        name = f"mark{len(self._marks)}"
        artist.set(gid=name, clip_on=False)
        self._marks[name] = (kind, tuple(printable(tip) for tip in tips))

    def line(
        self, xs: Numbers, ys: Numbers, kind: str, *tips: str, color: str, **style: Any
    ) -> None:
        """Draw a line.

        Args:
            xs: The places of its points along the x axis.
            ys: Their places along the y axis.
            kind: The class of the mark, for the page's style.
            *tips: A tooltip for each point.
            color: The name of a colour of the palette.
            **style: The style of a matplotlib line.
        """
        (line,) = self.axes.plot(xs, ys, color=light(color), **style)
        self.mark(line, kind, *tips)

    def dots(self, xs: Numbers, ys: Numbers, kind: str, *tips: str, **style: Any) -> None:
        """Draw a dot for each point; otherwise as `line`."""
        self.line(xs, ys, kind, *tips, linestyle="none", marker="o", markeredgewidth=0, **style)

    def limit(self, xs: Numbers, ys: Numbers) -> None:
        """Draw the line that marks a limit."""
        self.line(xs, ys, "limit", color="bad", linestyle=(0, (4, 3)), linewidth=1.5)

    def text(self, x: float, y: float, words: str, kind: str, *, color: str, **style: Any) -> None:
        """Write words on the axes.

        Args:
            x: The place along the x axis.
            y: The place along the y axis.
            words: The text, shortened to 60 characters.
            kind: The class of the mark, for the page's style.
            color: The name of a colour of the palette.
            **style: The style of a matplotlib text.
        """
        text = self.axes.text(x, y, printable(words, 60), color=light(color), **style)
        self.mark(text, kind)

    def note(self, x: float, y: float, words: str, **style: Any) -> None:
        """Write words beside a limit or beyond it."""
        self.text(x, y, words, "note halo", color="bad", weight="bold", **style)

    def frame(self, *sides: str, x: Ticks = NO_TICKS, y: Ticks = NO_TICKS, title: str = "") -> None:
        """Draw the axes' lines on some sides, with ticks (place -> words) and the x axis' title."""
        for side, spine in self.axes.spines.items():
            spine.set_visible(side in sides)
        self.axes.set_xticks([*x], [*x.values()])
        self.axes.set_yticks([*y], [*y.values()])
        self.axes.minorticks_off()
        self.axes.set_xlabel(title, color=light("soft"))

    def drawing(self) -> Drawing:
        """Finish the chart."""
        buffer = io.BytesIO()
        with warnings.catch_warnings():
            # Readers see the page's fonts, which may well have a glyph that matplotlib's lacks.
            warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
            self._figure.savefig(buffer, format="svg", metadata={"Date": None})
        body = Markup(inner_svg(buffer.getvalue(), self._marks))  # noqa: S704 - escaped by ElementTree
        return Drawing(self._label, *self._size_wh, body)
