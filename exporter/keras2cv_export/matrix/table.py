"""Print a matrix for people: a table, and notes below it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .report import MatrixReport, MatrixRow, Verdict

_STYLES: Mapping[Verdict, str] = MappingProxyType(
    {"pass": "bold green", "fail": "bold red", "missing": "bold yellow"}
)


def render(report: MatrixReport, console: Console) -> None:
    """Print the verdict, a row per OpenCV and engine, and a line per problem."""
    console.print(Text(summary(report), style=_STYLES[report.verdict]), soft_wrap=True)
    console.print(_table(report))
    for row in report.rows:
        if row.problem:
            console.print(Padding(_remark(row), (0, 0, 0, 2), expand=False))


def summary(report: MatrixReport) -> str:
    """Return the outcome as one line."""
    counted = [row for row in report.rows if row.required]
    passed = sum(row.verdict == "pass" for row in counted)
    return f"matrix: {report.verdict} ({report.bundle.name}, {passed} of {len(counted)} pass)"


def _table(report: MatrixReport) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("OpenCV", "engine", "NumPy", "verdict"):
        table.add_column(title, no_wrap=True)
    for title in ("measured", "limit", "seconds"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in report.rows:
        table.add_row(*_cells(row))
    return table


def _cells(row: MatrixRow) -> Iterator[Text]:
    yield Text(row.wheel or row.asked)
    yield Text(row.engine)
    yield Text(row.numpy or "-")
    mark = "" if row.required else " (unused)"
    style = _STYLES[row.verdict] if row.required else "dim"
    yield Text(row.verdict + mark, style=style)
    yield Text("-" if row.measured is None else f"{row.measured:.1e}")
    yield Text("-" if row.limit is None else f"{row.limit:.1e}")
    yield Text("-" if row.seconds is None else f"{row.seconds:.1f}")


def _remark(row: MatrixRow) -> Text:
    where = f"{row.wheel} {row.engine}" if row.wheel else row.asked
    note = "" if row.required else " (the bundle asks for another engine, so this does not count)"
    return Text.assemble((where, "bold"), f"  {row.problem}{note}")
