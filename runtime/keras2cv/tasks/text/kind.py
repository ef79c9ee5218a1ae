"""The task's row in the table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from keras2cv.tasks.kind import Rows, TaskKind, without_placements
from keras2cv.tasks.text.postprocess import text
from keras2cv.tasks.text.record import TextRecord
from keras2cv.tasks.text.result import TextResult

_SHOWN: Final = 40  # characters of a charset


def _rows(result: TextResult, top: int) -> Rows:
    """Return the `top` most probable texts, of those that were asked for."""
    return [(path.text or "(nothing)", f"{path.score:.4f}") for path in result.paths[:top]]


def _info_lines(record: TextRecord) -> Iterator[str]:
    way: str = record.decode
    if record.decode == "beam":
        way = f"a beam of {record.beam_width}, {record.top_paths} of its texts"
    yield f"{record.scores}, classes {record.class_axis}, {record.blank} is blank; read by {way}"
    left = len(record.charset) - _SHOWN
    shown = " ".join(record.charset[:_SHOWN])
    yield f"{len(record.charset)} characters: {shown}{f' ... {left} more' if left > 0 else ''}"


KIND: Final = TaskKind(
    title="a line of text",
    result=TextResult,
    postprocess=without_placements(text),
    rows=_rows,
    reads="task.text names it",
    record=TextRecord,
    unnamed="the charset names the classes of a text",
    info_lines=_info_lines,
    traits=frozenset({"beam"}),
)
