"""Telling the story: a line per step on stdout, and on stderr what is being done meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
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
        start = time.perf_counter()
        with Console(stderr=True).status(title) as self._status:
            yield
        self.seconds[title] = time.perf_counter() - start
        first, *more = self._lines
        head, duration = (f"{title:<10}", "bold cyan"), (f"  {self.seconds[title]:.1f} s", "dim")
        self._console.print(Text.assemble(head, first, duration), soft_wrap=True)
        for line in more:
            self.say(f"{'':<10}{line}")

    def doing(self, what: str) -> None:
        """Show what is being done now, where stderr is a terminal."""
        self._status.update(what)

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
