"""Results as lines of text: a label and a score or value each."""

from __future__ import annotations

from keras2cv.cli.styles import Piece, Styled, padded, shortened, width_of
from keras2cv.tasks.kind import kind_of
from keras2cv.tasks.result import Result
from keras2cv.visible_text import shown

_LEAST_LABEL = 8  # columns of a label that is cut
_GAP = 2


def rows(result: Result, top: int) -> list[tuple[str, str]]:
    """Return (label, value) pairs: the `top` best classes, or one per box, value or output."""
    return kind_of(result).rows(result, top)


def lines(
    name: str, result: Result, top: int, width: int, columns: int | None = None
) -> list[list[Piece]]:
    """Return one line per row of `result`, the name in a first column of `width` on the first.

    Args:
        name: The name of the image or sample.
        result: Its result.
        top: The number of classes to show, for a task that ranks them.
        width: Of the first column, in characters.
        columns: Of the terminal, in which names and labels are cut; None: they are whole.
    """
    found = [(shown(label), value) for label, value in rows(result, top)]
    name = shown(name)
    if columns is not None:
        name = shortened(name, width, keep_end=True)
        found = [(_fitted(label, value, columns - width), value) for label, value in found]
    room = max(width_of(label) for label, _ in found)
    return [
        _line(name if index == 0 else "", width, label, room, value)
        for index, (label, value) in enumerate(found)
    ]


def _line(name: str, width: int, label: str, room: int, value: str) -> list[Piece]:
    spaces = padded(label, room + _GAP)[len(label) :] if value else ""
    return [padded(name, width + _GAP), Styled(label, "cyan"), spaces + value]


def _fitted(label: str, value: str, columns: int) -> str:
    """Return the label, cut if it and the value would take more than the columns left."""
    room = columns - 2 * _GAP - width_of(value)
    return shortened(label, max(_LEAST_LABEL, room))
