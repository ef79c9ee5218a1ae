"""The whole page, from a record."""

from __future__ import annotations

from html import escape

from keras2cv_bench.findings import Outcome
from keras2cv_bench.records import Record, to_json
from keras2cv_export.checks.page.style import STYLE

from . import sections
from .style import SPEED_STYLE


def page(record: Record, outcome: Outcome) -> str:
    """Return the page of a benchmark."""
    first = record.batches[0]
    parts = (
        sections.head(record, outcome),
        *(sections.forward(record, batch) for batch in record.batches),
        sections.batches(record),
        sections.whole(record, first),
        sections.costs(record, first),
        sections.rounds(record, first),
        sections.foot(record),
    )
    # "</script>" inside a string would end the element.
    data = to_json(record).replace("<", "\\u003c")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(record.bundle)}: speed</title><style>{STYLE}{SPEED_STYLE}</style></head>\n"
        f"<body><main>{''.join(parts)}</main>\n"
        f'<script id="record" type="application/json">{data}</script></body></html>\n'
    )
