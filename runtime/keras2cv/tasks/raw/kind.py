"""The task's row in the table."""

from __future__ import annotations

from typing import Final

from keras2cv.tasks.kind import Rows, TaskKind, without_placements
from keras2cv.tasks.raw.postprocess import raw
from keras2cv.tasks.raw.result import RawOutputs


def _rows(result: RawOutputs, _: int) -> Rows:
    return [
        (name, f"{list(array.shape)} {array.dtype} {array.min():.5g}..{array.max():.5g}")
        for name, array in result.arrays.items()
    ]


KIND: Final = TaskKind(
    title="every output as it is",
    result=RawOutputs,
    postprocess=without_placements(raw),
    rows=_rows,
    reads="it returns them all",
    traits=frozenset({"nested"}),
)
