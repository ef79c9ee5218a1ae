"""The table of tasks, the meanings that a model's outputs can have. Each task is a folder.

    record.py       the task's part of the manifest, if it reads more than one output of numbers
    postprocess.py  from the outputs of a batch to a result per sample
    result.py       the class that `predict` returns; it draws itself
    kind.py         `KIND`, the task's row in the table: the above, its words in `info` and `run`

Every result has `to_dict()`, plain JSON types, and `draw(image)`, which returns a new (H, W, 3)
uint8 BGR picture of the image (also gray, BGRA, 16 bits) with the answer on it. cv2 draws ASCII
only: accents are dropped there, other letters become `?`; `to_dict` keeps them.

The names are there without cv2 and NumPy; a row is imported when it is first asked for. A program
that `codegen` wrote has the folder of its own task alone, and the table is of those that are there.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
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
        row: TaskKind = importlib.import_module(f"{__name__}.{name}.kind").KIND
        return row

    def __iter__(self) -> Iterator[str]:
        return iter(_present())

    def __len__(self) -> int:
        return len(_present())


@functools.cache
def _present() -> tuple[str, ...]:
    return tuple(name for name in TASK_NAMES if _has_row(name))


def _has_row(name: str) -> bool:
    """Whether the task's folder is there, and not only the class of its results."""
    folder = importlib.util.find_spec(f"{__name__}.{name}")
    return folder is not None and importlib.util.find_spec(f"{__name__}.{name}.kind") is not None


TASKS: Final[Mapping[str, TaskKind]] = _Tasks()
