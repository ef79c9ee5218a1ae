"""A user's description of a model's outputs: a mapping, or an options record of one task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from keras2cv.errors import UsageError

from . import TASKS


def parse_options(task: str, given: Any) -> Any:
    """Return a mapping as the options record of `task`; a record is returned as it is.

    Raises:
        UsageError: The record has no such field, or it is of another task, or no record.
    """
    row = TASKS[task]
    assert row.options is not None  # noqa: S101 - only tasks with options are asked
    if isinstance(given, row.options):
        return given
    if not isinstance(given, Mapping):
        raise UsageError(
            f"{row.label} must be described by a mapping or {row.options.__name__}, and not by "
            f"{given!r}, of type {type(given).__name__}. Correct it, or leave it out."
        )
    known = [field.name for field in fields(row.options)]
    if unknown := sorted(set(given) - set(known)):
        raise UsageError(f"{row.label} has no {unknown[0]!r}. It has {', '.join(known)}.")
    return row.options(**given)


def only_options(given: Mapping[str, Any]) -> tuple[str, Any] | None:
    """Return the task whose outputs are described, and its options record; None if none is.

    Raises:
        UsageError: Several tasks are described, or an option is unknown.
    """
    described = {task: value for task, value in given.items() if value is not None}
    if len(described) > 1:
        raise UsageError(
            f"A model has one task, and the outputs are described for {' and '.join(described)}. "
            "Leave one out."
        )
    return next(((task, parse_options(task, v)) for task, v in described.items()), None)
