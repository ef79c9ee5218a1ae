"""The stages of a walk in the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .stages import EndToEnd, Stage

_FAILED = "bold red"


def render_stages(report: EndToEnd, console: Console) -> None:
    """Print the verdict, a row per stage, how the answers agree, and what to do."""
    style = "bold green" if report.verdict == "pass" else _FAILED
    console.print(Text(f"end to end: {headline(report)}", style=style), soft_wrap=True)
    console.print(_table(report))
    console.print(_indented(f"outputs: {report.agreement}"))
    for sentence in (*report.reasons, *report.advice):
        console.print(_indented(sentence))


def headline(report: EndToEnd) -> str:
    """Sum up in a line: verdict, pictures, and the stage that causes most of the difference."""
    count = len(report.pictures)
    pictures = f"{count} {'drawn ' if report.drawn else ''}picture{'' if count == 1 else 's'}"
    head = f"{report.verdict} ({pictures}; reference: {report.reference})"
    culprit = report.culprit
    if culprit is None:
        return head
    return f"{head}: {culprit.share:.0%} of the difference arises in {culprit.name}"


def _table(report: EndToEnd) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("stage", no_wrap=True)
    for title in ("largest", "mean", "limit", "share"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    for stage in report.stages:
        numbers = (stage.largest, stage.mean, stage.limit.largest)
        style = _FAILED if stage.problem else ""
        table.add_row(
            Text(stage.name, style=style), *(number(n) for n in numbers), share(stage), stage.unit
        )
    return table


def number(value: float) -> str:
    """Write with two significant digits: 0, 0.26, 1.2e-07."""
    return f"{value:.2g}" if value else "0"


def share(stage: Stage) -> str:
    """Write the share of the whole difference as `96 %`."""
    return f"{100 * stage.share:.0f} %"


def _indented(text: str) -> Padding:
    return Padding(Text(text), (0, 0, 0, 2), expand=False)
