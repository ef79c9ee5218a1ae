"""Telling the story: a line per step with its duration on stdout, a bar on stderr while it runs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress
from rich.text import Text


class Narrator:
    """Tells the steps of a story on `console` as they end; `seconds` has how long each took."""

    def __init__(self, console: Console) -> None:
        self.seconds: dict[str, float] = {}
        self._console = console
        self._lines: list[str] = []

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Run a step; nothing is said of one that raises."""
        self._lines.clear()
        bars = Console(stderr=True)
        start = time.perf_counter()
        with Progress(console=bars, transient=True, disable=not bars.is_terminal) as self._bar:
            self._task = self._bar.add_task(title, total=None)
            yield
        self.seconds[title] = round(time.perf_counter() - start, 3)
        head, duration = (f"{title:<10}", "bold cyan"), (f"  {self.seconds[title]:.1f} s", "dim")
        self._console.print(Text.assemble(head, self._lines[0], duration), soft_wrap=True)
        for line in self._lines[1:]:
            self.say(f"{'':<10}{line}")

    def advance(self, done: int, total: int) -> None:
        """Show that `done` of `total` is done."""
        self._bar.update(self._task, completed=done, total=total)

    def doing(self, what: str) -> None:
        """Show what is being done now."""
        self._bar.update(self._task, description=what)

    def tell(self, line: str) -> None:
        """Say `line` when the step is done."""
        self._lines.append(line)

    def say(self, text: str, style: str = "") -> None:
        """Print a line as it is: not wrapped, no markup."""
        self._console.print(Text(text, style), soft_wrap=True)

    def section(self, title: str, lines: Iterable[str], style: str = "bold") -> None:
        """Print an empty line, the title, and the lines, indented."""
        self.say(f"\n{title}", style)
        for line in lines:
            self.say(f"  {line}")
