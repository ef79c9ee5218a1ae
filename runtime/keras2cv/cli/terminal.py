r"""Print text that may come from a stranger's file: nothing in it moves the cursor or makes a line.

`main` puts a `SafeStream` in the place of stdout and stderr, so every verb prints through it. A
character that a terminal does not show (an escape sequence's, a direction mark, a newline in a
name) is printed as Python writes it: `\x1b`, `\u202e`, `\n`. A newline ends a line only where
`print` adds it, as `sep` or `end`: give lines as separate arguments.
"""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Iterator
from typing import Any, TextIO, cast

from keras2cv.cli.system_errors import STDOUT
from keras2cv.visible_text import shown


class SafeStream:
    """A stream whose `write` escapes text; all else is the stream's own.

    What cannot be written to stderr is lost: there is no place left to report it.
    """

    def __init__(self, stream: TextIO, *, may_fail: bool = False) -> None:
        self._stream = stream
        self._may_fail = may_fail

    def write(self, text: str) -> int:
        """Write a piece of `print`: a line without its end, or ends of lines."""
        self.write_own(text if _is_end(text) else _escaped(text))
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write each."""
        for line in lines:
            self.write(line)

    def write_own(self, text: str) -> None:
        """Write text that holds escape sequences of our own, and whose rest is escaped."""
        with self._failing():
            self._stream.write(text)

    def flush(self) -> None:
        """Hand everything to the system."""
        with self._failing():
            self._stream.flush()

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if not self._may_fail:
                error.filename = STDOUT
                raise
            with contextlib.suppress(OSError, ValueError):  # what is buffered goes nowhere, too
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the stream itself."""
        return getattr(self._stream, name)


@contextlib.contextmanager
def safe_streams() -> Iterator[None]:
    """Let stdout and stderr escape what is printed."""
    out, err = sys.stdout, sys.stderr
    sys.stdout = cast("TextIO", SafeStream(out))
    sys.stderr = cast("TextIO", SafeStream(err, may_fail=True))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = out, err


def print_lines(text: str, *, to_stderr: bool = False) -> None:
    """Print a text of several lines, such as a traceback or a child's output."""
    if text:
        print(*text.removesuffix("\n").split("\n"), sep="\n", file=_stream(to_stderr))


def print_traceback() -> None:
    """Print the traceback of the error that is handled."""
    print_lines(traceback.format_exc(), to_stderr=True)


def write_own(text: str, *, to_stderr: bool = True) -> None:
    """Write `text` with its escape sequences; the caller has escaped all else, with `shown`."""
    stream = _stream(to_stderr)
    write = stream.write_own if isinstance(stream, SafeStream) else stream.write
    write(text)
    stream.flush()


def redraw_line(text: str, width: int) -> None:
    """Draw `text` over the current line of stderr, which had `width` characters."""
    write_own(f"\r{shown(text):<{width}}")


def clear_line(width: int) -> None:
    """Empty the current line of stderr."""
    write_own(f"\r{'':{width}}\r")


def _stream(is_stderr: bool) -> TextIO:
    return sys.stderr if is_stderr else sys.stdout


def _is_end(text: str) -> bool:
    """Return whether `text` is what `print` puts after a line, and before the next one."""
    return text.startswith("\n") and not text.strip("\n ")


def _escaped(text: str) -> str:
    """Return `text` escaped, except for one end of a line, as logs have it."""
    line = text.removesuffix("\n")
    return shown(line) + text[len(line) :]
