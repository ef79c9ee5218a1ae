"""The exporter's table of tasks: how each is recognised, described by the user, and decided.

    options.py     a user's description of the outputs, from Python or the command line
    describe.py    the manifest's task, from that description and the model's outputs
    agreement.py   how far two results of the task agree, beyond the equality of their numbers
    kind.py        `KIND`, the task's row in the table

The rows can be read without NumPy: the command line declares their options. Its functions
import what they need when they are called.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from keras2cv.schema.vocabulary import TASK_NAMES

if TYPE_CHECKING:
    from keras2cv_export.tasks.kind import ExportedTask

__all__ = ["TASKS"]


class _Tasks(Mapping[str, "ExportedTask"]):
    """The rows by name, in the order of the vocabulary."""

    def __getitem__(self, name: str) -> ExportedTask:
        if name not in TASK_NAMES:
            raise KeyError(name)
        row: ExportedTask = importlib.import_module(f"keras2cv_export.tasks.{name}.kind").KIND
        return row

    def __iter__(self) -> Iterator[str]:
        return iter(TASK_NAMES)

    def __len__(self) -> int:
        return len(TASK_NAMES)


TASKS: Final[Mapping[str, ExportedTask]] = _Tasks()
