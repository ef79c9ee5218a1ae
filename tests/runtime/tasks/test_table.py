"""The table of tasks is complete: a task that can be named can be read, answered and shown."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import typing
from importlib.resources import files
from pathlib import Path

import pytest

import keras2cv
from keras2cv.schema.vocabulary import TASK_NAMES, TaskName
from keras2cv.tasks import TASKS
from keras2cv.tasks.kind import TaskKind
from keras2cv.tasks.task import Task, TaskRecord

ROOT = Path(__file__).parents[3]
each_task = pytest.mark.parametrize("name", TASK_NAMES)


def fields_of(record: type[TaskRecord]) -> set[str]:
    """Return the fields that a record's JSON has."""
    return {field.name for field in dataclasses.fields(record)}  # type: ignore[arg-type]


def test_the_manifest_names_the_tasks_of_the_table() -> None:
    """And no others, in the same order."""
    assert typing.get_type_hints(Task)["kind"] is TaskName
    assert tuple(TASKS) == TASK_NAMES
    assert len(TASKS) == len(TASK_NAMES)


def test_a_folder_that_is_no_task_is_not_in_the_table() -> None:
    """A name is looked up in the vocabulary before anything is imported."""
    with pytest.raises(KeyError):
        TASKS["kind"]


@each_task
def test_a_task_has_a_row(name: str) -> None:
    """With a title, and a result that shows itself."""
    row = TASKS[name]
    assert isinstance(row, TaskKind)
    assert row.title
    for method in ("to_dict", "draw"):
        assert callable(getattr(row.result, method))


@each_task
def test_a_result_is_a_public_name(name: str) -> None:
    """`import keras2cv` gives the class of each task's results."""
    result = TASKS[name].result
    assert getattr(keras2cv, result.__name__) is result


@each_task
def test_a_task_reads_one_output_or_describes_its_outputs(name: str) -> None:
    """A record belongs to a task without `output`, and lies in that task's folder."""
    row = TASKS[name]
    if row.record is None:
        assert row.with_score is row.with_nms is None
        return
    assert row.reads.startswith(f"task.{name} ")
    assert row.record.__module__ == f"keras2cv.tasks.{name}.record"
    assert fields_of(row.record)


@each_task
def test_a_threshold_has_a_word(name: str) -> None:
    """The error for a useless score lists all words of tasks that have one."""
    row = TASKS[name]
    assert (row.with_score is not None) == bool(row.thresholds) == ("score" in row.traits)


def test_no_two_tasks_share_a_result() -> None:
    """The class of a result determines its task."""
    assert len({row.result for row in TASKS.values()}) == len(TASKS)


@each_task
@pytest.mark.parametrize(
    ("language", "folder", "ending"),
    [
        ("cpp", "answer", "hpp"),
        ("cpp", "result", "hpp"),
        ("java", "results", "java"),
        ("js", "answer", "js"),
    ],
)
def test_a_task_has_a_template(language: str, folder: str, ending: str, name: str) -> None:
    """So that a program can be written for its bundles; one in Python needs nothing of its own."""
    templates = files("keras2cv.codegen") / language / "templates"
    assert (templates / f"{folder}/{name}.{ending}").is_file()


@each_task
def test_a_task_is_documented(name: str) -> None:
    """In the page on bundles."""
    assert f"`{name}`" in (ROOT / "docs" / "bundle.md").read_text(encoding="utf-8")


def test_the_names_need_neither_cv2_nor_numpy() -> None:
    """The command line offers them before anything is imported."""
    code = (
        "import sys; from keras2cv.tasks import TASKS; print(*TASKS); "
        "assert not {'cv2', 'numpy'} & sys.modules.keys()"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert tuple(found.stdout.split()) == TASK_NAMES
