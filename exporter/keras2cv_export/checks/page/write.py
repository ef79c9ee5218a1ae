"""The whole page, from a check."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from keras2cv.errors import UsageError

from . import sections
from .pictures import Row, rows
from .style import STYLE

if TYPE_CHECKING:
    from keras2cv_export.checks.checking import CheckReport


def write_page(report: CheckReport, path: str | os.PathLike[str]) -> None:
    """Write the page of a check.

    Raises:
        UsageError: It cannot be written there.
    """
    drawn = rows(report.journey) if report.journey is not None else []
    text = page(report.to_dict(), drawn)
    try:
        Path(path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror or error}. "
            "Choose a place that you may write to."
        ) from error


def page(record: sections.Record, pictures: Sequence[Row]) -> str:
    """Return the page of a record, with pictures."""
    title = f"{record['verdict']}: {record['bundle']}"
    parts = (
        sections.head(record),
        sections.whole_way(record, pictures),
        sections.net(record),
        sections.by_layer(record),
        sections.speed(record),
        sections.foot(record),
    )
    # "</script>" inside a string would end the element.
    data = json.dumps(record, allow_nan=False).replace("<", "\\u003c")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body><main>"
        f"{''.join(parts)}</main>\n"
        f'<script id="record" type="application/json">{data}</script></body></html>\n'
    )
