"""The rows as a Markdown table: a line per file, a column per OpenCV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from .row import Row, is_right


def table(rows: Sequence[Row]) -> str:
    """Return the table, and a line that counts."""
    columns = list(dict.fromkeys((row.opencv, row.engine) for row in rows))
    heads = [
        f"{opencv} {engine}" if opencv.startswith("5") else opencv for opencv, engine in columns
    ]
    lines = ["| file | " + " | ".join(heads) + " |", "|---|" + "---|" * len(columns)]
    for file, own in groupby(rows, key=lambda row: row.file):
        lines.append(f"| {file} | " + " | ".join(_cell(row) for row in own) + " |")
    lines.append("")
    for side, name in (("plain", "the plain file"), ("ours", "the bundle")):
        right = sum(is_right(getattr(row, side)) for row in rows)
        lines.append(f"Right: {name} {right} of {len(rows)} runs.")
    return "\n".join(lines)


def _cell(row: Row) -> str:
    return f"{_side(row.plain)} → {_side(row.ours)}"


def _side(side: Mapping[str, Any]) -> str:
    if "error" in side:
        return "fails"
    if not is_right(side):
        return f"wrong ({side['worst']:.0e})"
    return f"{side['run_ms']:.2f} ms"
