"""A chart as a file of its own, which looks right on light and on dark pages."""

from __future__ import annotations

import re
from typing import Final

from keras2cv_bench.page.style import SPEED_STYLE
from keras2cv_export.checks.page.style import STYLE

_FONT: Final = "text { font-family: system-ui, 'Segoe UI', Roboto, Helvetica, sans-serif; }"
_MARGIN: Final = 24


def standalone(drawing: str) -> str:
    """Return the chart as an SVG file: its style inside, on a card of the page's colour."""
    box = re.search(r'viewBox="0 0 (\d+) (\d+)"', drawing)
    assert box is not None  # noqa: S101 - `svg` writes it
    width, height = int(box[1]) + 2 * _MARGIN, int(box[2]) + 2 * _MARGIN
    card = (
        f"<style>{STYLE}{SPEED_STYLE}{_FONT}</style>"
        f'<rect width="{width}" height="{height}" rx="12" fill="var(--card)"/>'
    )
    inside = drawing.replace("<svg ", f'<svg x="{_MARGIN}" y="{_MARGIN}" width="{box[1]}" ')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}">{card}'
        f"{inside.replace('<svg ', f'<svg height={chr(34)}{box[2]}{chr(34)} ')}</svg>\n"
    )
