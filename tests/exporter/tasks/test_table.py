"""The exporter's table of tasks is complete, and fits the runtime's."""

from __future__ import annotations

import dataclasses
import inspect
import subprocess
import sys

import pytest

import keras2cv_export
from keras2cv.schema.vocabulary import TASK_NAMES
from keras2cv.tasks import TASKS as RUNTIME_TASKS
from keras2cv_export.tasks import TASKS
from keras2cv_export.tasks.flags import SHARED
from keras2cv_export.tasks.kind import ExportedTask

each_task = pytest.mark.parametrize("name", TASK_NAMES)


@each_task
def test_a_task_has_a_row(name: str) -> None:
    """The row describes the outputs, or the task reads one output, or all of them."""
    row = TASKS[name]
    assert isinstance(row, ExportedTask)
    assert (row.options is None) == (row.describe is None)
    assert (row.one_output is None) == bool(RUNTIME_TASKS[name].reads)
    assert (row.options is not None) == (RUNTIME_TASKS[name].record is not None)
    assert bool(row.unnamed) <= bool(RUNTIME_TASKS[name].unnamed)


@each_task
def test_a_score_of_classes_is_one_on_both_sides(name: str) -> None:
    """Exporter and runtime agree on which tasks have scores of classes."""
    one_output = TASKS[name].one_output
    has_scores = one_output is not None and one_output.has_scores
    assert has_scores == bool(RUNTIME_TASKS[name].scores)


@each_task
def test_every_flag_is_a_field_of_the_options(name: str) -> None:
    """And the Python keyword that takes them has the task's name."""
    row = TASKS[name]
    if row.options is None:
        assert not row.flags
        assert not row.shares
        return
    fields = {field.name for field in dataclasses.fields(row.options)}
    words = {flag.field for flag in row.flags} | set(row.shares.values())
    assert words <= fields | {"activation"}  # a mask reads it as the kind of its scores
    assert row.shares.keys() <= {flag.name for flag in SHARED}
    assert set(row.borrows.values()) <= fields
    others = {flag.name for task, other in TASKS.items() if task != name for flag in other.flags}
    assert row.borrows.keys() <= others
    assert name in inspect.signature(keras2cv_export.export).parameters
    assert getattr(keras2cv_export, row.options.__name__) is row.options


def test_no_two_tasks_share_a_flag_unawares() -> None:
    """An option that several tasks have stands in `SHARED`."""
    names = [flag.name for row in TASKS.values() for flag in row.flags]
    names += [flag.name for flag in SHARED]
    assert len(names) == len(set(names))


def test_the_rows_need_neither_cv2_nor_numpy() -> None:
    """The command line declares every task's options before anything is imported."""
    code = (
        "import sys; from keras2cv_export.tasks import TASKS; list(TASKS.values()); "
        "assert not {'cv2', 'numpy', 'tensorflow'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
