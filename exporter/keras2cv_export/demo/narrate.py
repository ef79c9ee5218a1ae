"""Telling the story: a line per step with its duration on stdout, a bar on stderr while it runs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

_TITLE_WIDTH = 10


class Step:
    """One step while it runs: shows how far it is, and collects what to say at its end."""

    def __init__(self, title: str, bar: Progress, task: TaskID) -> None:
        self.title = title
        self.lines: list[str] = []
        self._bar = bar
        self._task = task

    def advance(self, done: int, total: int) -> None:
        """Show that `done` of `total` is done."""
        self._bar.update(self._task, completed=done, total=total)

    def doing(self, what: str) -> None:
        """Show what is being done now."""
        self._bar.update(self._task, description=f"{self.title}: {what}")

    def tell(self, line: str) -> None:
        """Say `line` when the step is done."""
        self.lines.append(line)


class Narrator:
    """Tells the steps of a story as they end, and remembers how long each took.

    Attributes:
        seconds: Step -> duration, in order.
    """

    def __init__(self, console: Console) -> None:
        """Tell it on `console`; bars go to stderr, and only where that is a terminal."""
        self.seconds: dict[str, float] = {}
        self._console = console
        self._bars = Console(stderr=True)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Run a step; nothing is said of one that raises."""
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        visible = self._bars.is_terminal
        start = time.perf_counter()
        with Progress(*columns, console=self._bars, transient=True, disable=not visible) as bar:
            step = Step(title, bar, bar.add_task(title, total=None))
            yield step
        self.seconds[title] = time.perf_counter() - start
        self._close(step)

    def say(self, text: str, style: str = "") -> None:
        """Print a line as it is: not wrapped, no markup."""
        self._console.print(Text(text, style=style), soft_wrap=True)

    def section(self, title: str, lines: Iterable[str], style: str = "bold") -> None:
        """Print an empty line, the title, and the lines, indented."""
        self.say("")
        self.say(title, style)
        for line in lines:
            self.say(f"  {line}")

    def _close(self, step: Step) -> None:
        first, *more = step.lines or ["done"]
        line = Text(f"{step.title:<{_TITLE_WIDTH}}", style="bold cyan")
        line.append(first, style="default not bold")
        line.append(f"  {self.seconds[step.title]:.1f} s", style="dim not bold")
        self._console.print(line, soft_wrap=True)
        for text in more:
            self.say(" " * _TITLE_WIDTH + text)
