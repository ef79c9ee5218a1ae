"""The table of tasks, the meanings that a model's outputs can have. Each task is a folder.

    record.py       the task's part of the manifest, if it reads more than one output of numbers
    postprocess.py  from the outputs of a batch to a result per sample
    result.py       the class that `predict` returns; it draws itself
    kind.py         `KIND`, the task's row in the table: the above, its words in `info` and `run`

Every result has `to_dict()`, plain JSON types, and `draw(image)`, which returns a new (H, W, 3)
uint8 BGR picture of the image (also gray, BGRA, 16 bits) with the answer on it. cv2 draws ASCII
only: accents are dropped there, other letters become `?`; `to_dict` keeps them.

The names are there without cv2 and NumPy; a row is imported when it is first asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from keras2cv.schema.vocabulary import TASK_NAMES

if TYPE_CHECKING:
    from keras2cv.tasks.kind import TaskKind

__all__ = ["TASKS"]


class _Tasks(Mapping[str, "TaskKind"]):
    """The rows by name, in the order of the vocabulary."""

    def __getitem__(self, name: str) -> TaskKind:
        if name not in TASK_NAMES:
            raise KeyError(name)
        row: TaskKind = importlib.import_module(f"keras2cv.tasks.{name}.kind").KIND
        return row

    def __iter__(self) -> Iterator[str]:
        return iter(TASK_NAMES)

    def __len__(self) -> int:
        return len(TASK_NAMES)


TASKS: Final[Mapping[str, TaskKind]] = _Tasks()
