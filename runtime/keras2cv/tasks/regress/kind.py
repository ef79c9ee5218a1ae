"""The task's row in the table."""

from __future__ import annotations

from typing import Final

from keras2cv.tasks.kind import Rows, TaskKind, without_placements
from keras2cv.tasks.regress.postprocess import regress
from keras2cv.tasks.regress.result import Regression

MAX_VALUES: Final = 8  # in one line; --json has them all


def _rows(result: Regression, _: int) -> Rows:
    values = result.values.ravel()
    if result.labels is not None:
        return [(name, f"{v:.6g}") for name, v in zip(result.labels, values, strict=False)]
    shown = " ".join(f"{value:.6g}" for value in values[:MAX_VALUES])
    left = values.size - MAX_VALUES
    return [("value" if values.size == 1 else "values", shown + (f" ... {left} more" * (left > 0)))]


KIND: Final = TaskKind(
    title="numbers",
    result=Regression,
    postprocess=without_placements(regress),
    rows=_rows,
    traits=frozenset({"nested"}),
)
