"""docs/tasks.md, from rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from importlib.metadata import version

from keras2cv_export.matrix.environment import Environment
from keras2cv_export.pages.templating import render

from .bar import MAX_SCORE_DIFFERENCE, MIN_EQUAL_SHARE, MIN_IOU
from .sweep import SIZES_WH, Row


def page(rows: Sequence[Row], columns: Sequence[tuple[Environment, str]], hub: str | None) -> str:
    """Return the page, in Markdown; `hub` is KerasHub's version, None where it is not installed."""
    engines = [f"{environment.opencv} {engine}" for environment, engine in columns]
    return render(
        __package__,
        "tasks.md.jinja",
        rows=[_cells(row) for row in rows],
        heads=["model", "", "to find", *engines],
        passed=sum(cell.passes for row in rows for cell in row.cells),
        total=sum(len(row.cells) for row in rows),
        bar={"iou": MIN_IOU, "score": MAX_SCORE_DIFFERENCE, "equal": MIN_EQUAL_SHARE},
        images=len(SIZES_WH),
        today=dt.datetime.now(tz=dt.timezone.utc).date().isoformat(),
        versions={name: version(name) for name in ("tensorflow", "keras")},
        hub=hub,
    )


def _cells(row: Row) -> list[str]:
    cells = [cell.text if cell.passes else f"**{cell.text}**" for cell in row.cells]
    return [f"`{row.name}`", row.about, row.amount, *cells]
