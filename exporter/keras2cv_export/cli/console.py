"""The console of rich that verbs print tables on: text from a stranger's file is escaped in it.

rich writes escape sequences of its own, for colours, so its output goes past the streams of
`keras2cv.cli.terminal`, and each text is escaped before rich lays it out. `[red]` in a name is no
markup here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import IO, Any, cast

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from keras2cv.cli.terminal import SafeStream
from keras2cv.visible_text import shown


class SafeConsole(Console):
    """A console on which nothing but rich itself writes escape sequences."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Return the segments of a renderable whose texts are escaped."""
        return super().render(_escaped(renderable), options)


def safe_console(*, to_stderr: bool = False) -> Console:
    """Return a console on stdout or stderr."""
    return SafeConsole(
        file=cast("IO[str]", _RichOutput(to_stderr)), markup=False, emoji=False, highlight=False
    )


class _RichOutput:
    """A stream that hands on what rich wrote, colours included."""

    def __init__(self, to_stderr: bool) -> None:
        self._to_stderr = to_stderr

    def write(self, text: str) -> int:
        """Write it as it is."""
        stream: Any = self._stream
        (stream.write_own if isinstance(stream, SafeStream) else stream.write)(text)
        return len(text)

    @property
    def _stream(self) -> Any:
        return sys.stderr if self._to_stderr else sys.stdout

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the stream."""
        return getattr(self._stream, name)


def _escaped(renderable: RenderableType) -> RenderableType:
    if isinstance(renderable, str):
        return Text(shown(renderable))
    if isinstance(renderable, Text) and not renderable.plain.isprintable():
        plain = shown(renderable.plain)
        return Text(
            plain, renderable.style, overflow=renderable.overflow, no_wrap=renderable.no_wrap
        )
    return renderable
