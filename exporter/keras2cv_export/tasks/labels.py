"""The names of the classes, from a sequence or a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from keras2cv.errors import InputError
from keras2cv.plain_files import read_plain
from keras2cv.tasks.task import MAX_LABELS

_MAX_LABEL_BYTES: Final = 2**26


def read_labels(labels: Any) -> tuple[str, ...] | None:
    """Return the labels, from a sequence or a text file with one per line.

    Raises:
        InputError: The file cannot be read, or a label is empty.
    """
    if labels is None:
        return None
    if isinstance(labels, str | os.PathLike):
        labels = _lines(Path(labels))
    result = tuple(str(label).strip() for label in labels)
    if len(result) > MAX_LABELS:
        raise InputError(f"There are {len(result)} labels, and a model has {MAX_LABELS} at most.")
    if not result or not all(result):
        raise InputError(
            "The labels have an empty line or are none at all. Give one name per class."
        )
    return result


def _lines(path: Path) -> list[str]:
    try:
        text = read_plain(path, _MAX_LABEL_BYTES).decode("utf-8-sig")
        return text.rstrip().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"The labels file {path} cannot be read: {getattr(error, 'strerror', None) or error}. "
            f"Give UTF-8 text, a label a line, at most {MAX_LABELS} of them."
        ) from error
