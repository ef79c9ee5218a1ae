"""Print the demo: a line per finished step on stdout, and the current step on stderr."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from keras2cv_export.cli.console import safe_console


class Narrator:
    """Prints the steps of the demo on `console` as they end; `seconds` has their durations."""

    def __init__(self, console: Console) -> None:
        self.seconds: dict[str, float] = {}
        self._console = console
        self._lines: list[str] = []

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Run a step; one that raises prints nothing."""
        self._lines.clear()
        start = time.perf_counter()
        with safe_console(to_stderr=True).status(title) as self._status:
            yield
        self.seconds[title] = time.perf_counter() - start
        first, *more = self._lines
        head, duration = (f"{title:<10}", "bold cyan"), (f"  {self.seconds[title]:.1f} s", "dim")
        self._console.print(Text.assemble(head, first, duration), soft_wrap=True)
        for line in more:
            self.print(f"{'':<10}{line}")

    def doing(self, what: str) -> None:
        """Show the current work, if stderr is a terminal."""
        self._status.update(what)

    def add(self, line: str) -> None:
        """Print `line` when the step is done."""
        self._lines.append(line)

    def print(self, text: str, style: str = "") -> None:
        """Print a line as it is: not wrapped, no markup."""
        self._console.print(Text(text, style), soft_wrap=True)

    def section(self, title: str, lines: Iterable[str], style: str = "bold") -> None:
        """Print an empty line, the title, and the lines, indented."""
        self.print("")
        self.print(title, style)
        for line in lines:
            self.print(f"  {line}")
