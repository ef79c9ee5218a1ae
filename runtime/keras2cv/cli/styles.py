"""Colours for a terminal, and none for a pipe or a file.

NO_COLOR (https://no-color.org) turns them off, FORCE_COLOR on, whatever the output is. Only what is
named a style here has one: all other text is escaped as everywhere.
"""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from keras2cv.cli.terminal import write_own
from keras2cv.visible_text import shown

Style: TypeAlias = Literal["bold", "dim", "red", "green", "yellow", "cyan"]

_CODES: Final = {
    "bold": "1",
    "dim": "2",
    "red": "1;31",
    "green": "32",
    "yellow": "33",
    "cyan": "36",
}
_VERDICTS: Final[dict[str, Style]] = {
    "pass": "green", "verified": "green", "yes": "green",
    "fail": "red", "no": "red",
    "inconclusive": "yellow", "unverified": "yellow",
}  # fmt: skip


class Styled(NamedTuple):
    """A piece of a line, and its style."""

    text: str
    style: Style


Piece: TypeAlias = "str | Styled"


def verdict(word: str) -> Piece:
    """Return a verdict in its colour; any other word as it is."""
    style = _VERDICTS.get(word.casefold())
    return word if style is None else Styled(word, style)


def has_colours(stream: Any) -> bool:
    """Return whether lines that are printed to `stream` may have colours."""
    if os.environ.get("NO_COLOR"):
        return False
    if force := os.environ.get("FORCE_COLOR"):
        return force != "0"
    is_known = sys.platform != "win32" or "WT_SESSION" in os.environ
    return is_known and stream.isatty() and os.environ.get("TERM") != "dumb"


def print_line(*pieces: Piece, to_stderr: bool = False) -> None:
    """Print one line of pieces, next to each other, in their styles where there are colours."""
    stream = sys.stderr if to_stderr else sys.stdout
    if not has_colours(stream):
        print("".join(map(text_of, pieces)), file=stream)
        return
    write_own("".join(map(_coloured, pieces)) + "\n", to_stderr=to_stderr)


def text_of(piece: Piece) -> str:
    """Return a piece without its style."""
    return piece if isinstance(piece, str) else piece.text


def columns_of(stream: Any) -> int | None:
    """Return how many columns the terminal behind `stream` has; None if there is none."""
    return shutil.get_terminal_size().columns if stream.isatty() else None


def width_of(text: str) -> int:
    """Return how many columns a terminal takes for `text`: two for a Chinese character."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def padded(text: str, width: int) -> str:
    """Return `text` with spaces up to `width` columns."""
    return text + " " * (width - width_of(text))


def shortened(text: str, width: int, *, keep_end: bool = False) -> str:
    """Return `text` in at most `width` columns, with three dots where it is cut."""
    if width_of(text) <= width:
        return text
    kept = list(reversed(text)) if keep_end else list(text)
    room, count = max(1, width - 3), 0
    for character in kept:
        room -= _columns(character)
        if room < 0:
            break
        count += 1
    part = "".join(reversed(kept[:count])) if keep_end else "".join(kept[:count])
    return f"...{part}" if keep_end else f"{part}..."


def _coloured(piece: Piece) -> str:
    if isinstance(piece, str):
        return shown(piece)
    return f"\x1b[{_CODES[piece.style]}m{shown(piece.text)}\x1b[0m"


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
