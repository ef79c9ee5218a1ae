"""Results as lines of text: a label and a score or value each."""

from __future__ import annotations

from keras2cv.tasks.kind import kind_of
from keras2cv.tasks.result import Result
from keras2cv.visible_text import shown


def rows(result: Result, top: int) -> list[tuple[str, str]]:
    """Return (label, value) pairs: the `top` best classes, or one per box, value or output."""
    return kind_of(result).rows(result, top)


def lines(name: str, result: Result, top: int, width: int) -> list[str]:
    """Return one line per row of `result`, the name in a first column of `width` on the first.

    Args:
        name: The name of the image or sample.
        result: Its result.
        top: The number of classes to show, for a task that ranks them.
        width: Of the first column, in characters.
    """
    found = [(shown(label), value) for label, value in rows(result, top)]
    name = shown(name)
    room = max(len(label) for label, _ in found)
    return [
        f"{name if index == 0 else '':<{width}}  {label:<{room}}  {value}".rstrip()
        for index, (label, value) in enumerate(found)
    ]
