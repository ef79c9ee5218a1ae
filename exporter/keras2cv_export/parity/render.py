"""Print a parity report: a table in the terminal, or one line of plain text."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .metrics import Worst
from .power import strength
from .report import OutputParity, ParityReport, Verdict

_STYLES: Mapping[Verdict, str] = MappingProxyType(
    {"pass": "bold green", "fail": "bold red", "inconclusive": "bold yellow"}
)
_SHORT: Mapping[Verdict, str] = MappingProxyType({"inconclusive": "unclear"})
_METRIC_WIDTHS = (15, 26)  # a metric of some columns of an output takes a second line
_NAME_WIDTH = 10  # at the least; the name gets the width that the other columns leave


def render(report: ParityReport, console: Console) -> None:
    """Print the verdict, a row per output, and remarks that the numbers alone do not show.

    It reads well from 80 columns up: long names are folded in their column. Nothing is coloured
    where `console` is not a terminal.
    """
    console.print(Text(summary(report), style=_STYLES[report.verdict]), soft_wrap=True)
    if report.outputs:
        console.print(_table(report))
    if report.samples:
        console.print(_indented(Text(f"strength: {strength(report.samples)}"), 2))
    for reason in _general_reasons(report):
        console.print(_indented(Text(reason), 2))
    for output in report.outputs:
        for indent, line in _remarks(output, report.judge):
            console.print(_indented(line, indent))


def summary(report: ParityReport) -> str:
    """Sum up the outcome in one line: verdict, outputs, samples, and the deciding reason."""
    samples = _plural(report.samples, "sample")
    if report.stress:
        samples += f" and {len(report.stress)} of stress"
    counts = f"{_plural(len(report.outputs), 'output')}, {samples}"
    head = f"parity: {report.verdict} ({counts}, tolerance {report.tolerance})"
    return f"{head}: {_decisive(report)}"


def _decisive(report: ParityReport) -> str:
    """Return the first reason of the verdict; for a pass, the number nearest its limit."""
    decisive = [output for output in report.outputs if output.verdict == report.verdict]
    if report.verdict != "pass":
        reasons = (f"{output.name}: {reason}" for output in decisive for reason in output.reasons)
        return next(reasons, report.reasons[-1])
    checks = [(output.name, output.tightest) for output in decisive]
    name, check = max(
        ((name, check) for name, check in checks if check is not None),
        key=lambda named: named[1].strain,
    )
    return f"{name} {check.metric} {_number(check.measured)} of {_number(check.limit)} allowed"


def _table(report: ParityReport) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("output", min_width=_NAME_WIDTH, overflow="fold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("metric", min_width=_METRIC_WIDTHS[0], max_width=_METRIC_WIDTHS[1])
    for title in ("measured", "limit", "top-1"):
        table.add_column(title, justify="right", no_wrap=True)
    for output in report.outputs:
        table.add_row(*_cells(output))
    return table


def _cells(output: OutputParity) -> Iterator[Text]:
    yield Text(output.name)
    yield Text(_SHORT.get(output.verdict, output.verdict), style=_STYLES[output.verdict])
    check = output.tightest
    yield Text(check.metric if check else "-")
    yield Text(_number(check.measured) if check else "-")
    yield Text(_number(check.limit) if check else "-")
    yield Text(f"{output.top1.agreement:.1%}" if output.top1 else "")


def _general_reasons(report: ParityReport) -> tuple[str, ...]:
    """Return the reasons that belong to no output."""
    of_outputs = {
        f"{output.name}: {reason}" for output in report.outputs for reason in output.reasons
    }
    return tuple(reason for reason in report.reasons if reason not in of_outputs)


def _remarks(output: OutputParity, judge: str) -> Iterator[tuple[int, Text]]:
    """Yield the indented lines below the table: reasons, the worst place, the tolerance needed."""
    ties, exact = _near_ties(output), output.exact
    if output.verdict == "pass" and not ties and exact is None:
        return
    yield 2, Text.assemble((output.name, "bold"), "  ", (output.verdict, _STYLES[output.verdict]))
    for reason in output.reasons:
        yield 4, Text(reason)
    if exact is not None and output.verdict != "fail":
        yield 4, Text(f"beyond float32's limit: {exact}")
    if ties:
        yield 4, Text(f"{_plural(ties, 'near-tie')} ranked the other way, within the tolerance")
    if output.verdict == "fail" and output.worst is not None:
        yield 4, Text(f"worst element: {_place(output.worst, judge)}")
    if output.verdict == "fail" and output.needed is not None and output.needed <= 1.0:
        yield 4, Text(f"tolerance needed: {output.name}:{_rounded_up(output.needed)}")


def _indented(text: Text, columns: int) -> Padding:
    return Padding(text, (0, 0, 0, columns), expand=False)


def _near_ties(output: OutputParity) -> int:
    return output.near_ties + (output.top1.near_ties if output.top1 else 0)


def _place(worst: Worst, judge: str) -> str:
    index = ", ".join(map(str, worst.index))
    return (
        f"sample {worst.sample} at [{index}]: {worst.candidate:.7g} in OpenCV, "
        f"{worst.reference:.7g} in {judge}"
    )


def _number(value: float) -> str:
    """Write with two significant digits: 0, 1.1e-05, 2.5e-01."""
    return f"{value:.1e}" if value else "0"


def _rounded_up(value: float) -> str:
    """Write with two significant digits, rounded up: the printed value must suffice as a limit."""
    if value == 0.0:
        return "0"
    unit = 10.0 ** (math.floor(math.log10(value)) - 1)
    return f"{math.ceil(value / unit) * unit:.1e}"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
