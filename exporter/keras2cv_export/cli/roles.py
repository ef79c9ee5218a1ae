"""The options of `export` that describe the outputs of one task, read from the table of tasks."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NoReturn

from keras2cv.cli import values
from keras2cv.errors import UsageError
from keras2cv_export.tasks import TASKS
from keras2cv_export.tasks.flags import SHARED
from keras2cv_export.tasks.kind import Flag

_SHARED_NAMES: Final = tuple(flag.name for flag in SHARED)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the options that tasks share, and a group for each task that has its own."""
    _add_group(parser, "outputs and scores, of the tasks that read them", SHARED)
    for row in TASKS.values():
        if row.flags:
            _add_group(parser, row.group, row.flags)


def _add_group(parser: ArgumentParser, title: str, flags: Iterable[Flag]) -> None:
    group = parser.add_argument_group(title)
    for flag in flags:
        group.add_argument(_option(flag.name), **_reading(flag), **flag.settings)


def _reading(flag: Flag) -> dict[str, Any]:
    """Return how argparse reads the option's value."""
    if flag.value == "text":
        return {}
    return {"type": Path if flag.value == "path" else getattr(values, flag.value)}


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def settings(args: Namespace) -> dict[str, Any]:
    """Return the outputs' description as `export` takes it: {task: options}, or nothing.

    Raises:
        UsageError: options of one task for another.
    """
    own = {task: _given(args, (f.name for f in row.flags)) for task, row in TASKS.items()}
    shared = _given(args, _SHARED_NAMES)
    task = args.task or next((task for task, names in own.items() if names), None)
    _refuse_foreign(task, args.task, own, shared)
    if task is None or not (own.get(task) or shared or _lent(task, own)):
        return {}
    row = TASKS[task]
    fields = {**{flag.name: flag.field for flag in row.flags}, **row.shares, **row.borrows}
    given = (*own[task], *shared, *_lent(task, own))
    stated = {fields[name]: getattr(args, name) for name in given}
    return {task: row.from_flags(stated)}


def _given(args: Namespace, names: Iterable[str]) -> list[str]:
    return [
        name
        for name in names
        if getattr(args, name) is not None and getattr(args, name) is not False
    ]


def _lent(task: str, own: dict[str, list[str]]) -> list[str]:
    """Return the given options of other tasks that this one has too."""
    return [name for names in own.values() for name in names if name in TASKS[task].borrows]


def _tasks_with(option: str) -> list[str]:
    return [
        name
        for name, row in TASKS.items()
        if option in {flag.name for flag in row.flags} | row.shares.keys() | row.borrows.keys()
    ]


def _refuse_foreign(
    task: str | None, asked: str | None, own: dict[str, list[str]], shared: list[str]
) -> None:
    """Raise if an option is given that the task does not have."""
    for name, given in own.items():
        foreign = [option for option in given if name != task and task not in _tasks_with(option)]
        if foreign:
            _refuse(foreign[0], " or ".join(_tasks_with(foreign[0])), asked)
    for option in shared:
        if task not in _tasks_with(option):
            _refuse(option, " or ".join(_tasks_with(option)), asked)


def _refuse(name: str, tasks: str, asked: str | None) -> NoReturn:
    raise UsageError(
        f"{_option(name)} is for --task {tasks}, and the task is {asked or 'not given'}. "
        "Give that task, or leave the option out."
    )
