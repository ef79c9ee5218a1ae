"""The task's row in the table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from keras2cv.tasks.keypoints.postprocess import keypoints
from keras2cv.tasks.keypoints.record import KeypointsRecord
from keras2cv.tasks.keypoints.result import Keypoints
from keras2cv.tasks.kind import Rows, TaskKind


def _rows(result: Keypoints, _: int) -> Rows:
    """Return each point that is drawn, as its score, if it has one, and its place."""
    found = [
        (p.label, f"{'' if p.score is None else f'{p.score:.4f}  '}{p.xy[0]:.0f} {p.xy[1]:.0f}")
        for p in result
        if result.is_shown(p.number)
    ]
    return found or [("(nothing)", "")]


def _info_lines(record: KeypointsRecord) -> Iterator[str]:
    if record.form == "heatmaps":
        refined = ", moved a quarter of a cell" if record.refine == "quarter" else ""
        text = f"a point where each heatmap is highest{refined}"
    else:
        units = "shares of the input" if record.units == "normalised" else "pixels of the input"
        text = f"points are {record.form} in {units}"
    if record.activation != "none":
        text += f"; scores go through {record.activation}"
    yield f"{text}; drawn above {record.score:g}" if record.has_scores else text


def _with_score(record: KeypointsRecord, score: float) -> KeypointsRecord | None:
    return replace(record, score=score) if record.has_scores else None


KIND: Final = TaskKind(
    title="points of a figure",
    result=Keypoints,
    postprocess=keypoints,
    rows=_rows,
    reads="task.keypoints names it",
    record=KeypointsRecord,
    in_pixels=True,
    info_lines=_info_lines,
    with_score=_with_score,
    thresholds="points with scores",
    traits=frozenset({"score"}),
)
