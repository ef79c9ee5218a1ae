"""What every chart is made of: SVG inside HTML, coloured by the page's style."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

WIDTH: Final = 460
HEIGHT: Final = 210


def svg(body: Iterable[str], label: str, width: int = WIDTH, height: int = HEIGHT) -> str:
    """Return a drawing of `body`, which says `label` to those who do not see it."""
    inside = "".join(body)
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label, quote=True)}">'
        f"<title>{escape(label)}</title>{inside}</svg>"
    )


def text(x: float, y: float, said: str, kind: str = "tick", anchor: str = "middle") -> str:
    """Return words at a place, in the style of a class."""
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(said)}</text>'
    )


def line(x0: float, y0: float, x1: float, y1: float, kind: str) -> str:
    """Return a straight line, in the style of a class."""
    return f'<line class="{kind}" x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}"/>'
