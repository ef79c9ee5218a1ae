"""The task's row in the table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from keras2cv.tasks.image.postprocess import image
from keras2cv.tasks.image.record import ImageRecord
from keras2cv.tasks.image.result import ImageResult
from keras2cv.tasks.kind import Rows, TaskKind


def _rows(result: ImageResult, _: int) -> Rows:
    return [("image", f"{result.image_bgr.shape[1]}x{result.image_bgr.shape[0]}")]


def _info_lines(record: ImageRecord) -> Iterator[str]:
    yield f"{record.color}, {record.low:g} is black, {record.high:g} is white"


KIND: Final = TaskKind(
    title="an image from an image",
    result=ImageResult,
    postprocess=image,
    rows=_rows,
    reads="task.image names it",
    record=ImageRecord,
    unnamed="an image has no classes to name",
    in_pixels=True,
    has_drawing=False,
    info_lines=_info_lines,
    traits=frozenset({"crops"}),
)
