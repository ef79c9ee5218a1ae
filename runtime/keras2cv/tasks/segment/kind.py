"""The task's row in the table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from keras2cv.tasks.kind import Rows, TaskKind
from keras2cv.tasks.segment.postprocess import segment
from keras2cv.tasks.segment.record import SegmentRecord
from keras2cv.tasks.segment.result import Segmentation


def _rows(result: Segmentation, _: int) -> Rows:
    """Return each class that is there, with its share of the image."""
    total = result.label_map.size
    shares = {number: pixels / total for number, pixels in result.areas().items()}
    return [(result.label_of(number), f"{share:7.2%}") for number, share in shares.items()]


def _info_lines(record: SegmentRecord) -> Iterator[str]:
    above = "" if record.threshold is None else f", class 1 above {record.threshold:g}"
    yield f"a class for each pixel, by {record.scores}{above}"


def _known_scores(record: SegmentRecord) -> dict[str, str]:
    return {record.output: record.scores} if record.scores in ("softmax", "sigmoid") else {}


def _with_score(record: SegmentRecord, score: float) -> SegmentRecord | None:
    return None if record.threshold is None else replace(record, threshold=score)


KIND: Final = TaskKind(
    title="a class for every pixel",
    result=Segmentation,
    postprocess=segment,
    rows=_rows,
    reads="task.segment names it",
    record=SegmentRecord,
    in_pixels=True,
    known_scores=_known_scores,
    info_lines=_info_lines,
    with_score=_with_score,
    thresholds="binary masks",
    traits=frozenset({"score", "mask", "crops"}),
)
