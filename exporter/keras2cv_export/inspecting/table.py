"""Print an inspection in the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from keras2cv_export.verifying.trial import Trial

from .report import Finding, Inspection


def render(found: Inspection, console: Console) -> None:
    """Print the verdict, a row per target, each finding, each trial, and the graph's ops."""
    style = "bold green" if found.exit_code == 0 else "bold red"
    console.print(Text(summary(found), style=style), soft_wrap=True)
    for note in found.notes:
        console.print(Text(note))
    console.print(_targets(found))
    for finding in found.findings:
        console.print(_indented(_finding(finding)))
    for trial in found.trials:
        console.print(_indented(_trial(trial)))
    console.print(Text(f"ops: {', '.join(_ops(found))}"))
    console.print(Text(f"transposes of computed values: {found.transposes}"))


def summary(found: Inspection) -> str:
    """Sum up the outcome in one line."""
    nodes = f"{found.name}, {sum(found.ops.values())} nodes"
    if found.exit_code == 0:
        return f"inspect: nothing unsupported ({nodes})"
    count = sum(finding.count for finding in found.findings)
    known = f"{count} unsupported" if count else "nothing known to be unsupported"
    trials = "trial" if len(found.failures) == 1 else "trials"
    failed = f", {len(found.failures)} {trials} failed" if found.failures else ""
    return f"inspect: {known}{failed} ({nodes})"


def _targets(found: Inspection) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("OpenCV", no_wrap=True)
    table.add_column("unsupported", justify="right", no_wrap=True)
    for target in found.targets:
        count = found.unsupported(target)
        table.add_row(Text(target), Text(str(count), style="bold red" if count else "green"))
    return table


def _finding(finding: Finding) -> Text:
    problem = finding.problem
    times = f" ({finding.count} times)" if finding.count > 1 else ""
    return Text.assemble(
        (problem.op, "bold"),
        f" in {problem.layer}{times}, on {', '.join(finding.targets)}: ",
        f"{problem.why}. {problem.hint}",
    )


def _trial(trial: Trial) -> Text:
    where = (f"OpenCV {trial.opencv}, {trial.engine} engine", "bold")
    if trial.problem is not None:
        return Text.assemble(where, f": {trial.problem}")
    return Text.assemble(where, ": it loads and runs" if trial.ran else ": it loads (not run)")


def _ops(found: Inspection) -> Iterator[str]:
    return (f"{count} {op}" for op, count in found.ops.items())


def _indented(text: Text) -> Padding:
    return Padding(text, (0, 0, 0, 2), expand=False)
