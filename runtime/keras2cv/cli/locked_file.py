"""A file that one command at a time writes: a second one is refused, and told who writes it.

The lock (flock) belongs to the open file, so the system drops it when its process ends, however
that happens. Where there are no such locks (Windows, some network file systems) nothing is locked.
"""

from __future__ import annotations

import contextlib
import os
import sys
from io import FileIO
from pathlib import Path
from typing import BinaryIO, Final

from keras2cv.bundle.locks import holders_of, is_locked_by_others
from keras2cv.cli.output import cannot_write, is_null
from keras2cv.errors import UsageError
from keras2cv.plain_files import open_plain, require_plain

_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)


def open_locked(path: Path) -> FileIO:
    """Open a file for reading and writing, created if it is missing, and lock it.

    Raises:
        UsageError: it cannot be written, or another process writes it.
    """
    while True:
        try:
            if path.exists() and not is_null(path):
                require_plain(path)
            file = os.fdopen(os.open(path, _FLAGS, 0o666), "r+b", buffering=0)
        except OSError as error:
            raise cannot_write(path, error) from error
        try:
            _require_unlocked(file, path)
        except UsageError:
            file.close()
            raise
        if _is_still(file, path):
            return file
        file.close()  # it was replaced before it was locked


def refuse_locked(path: Path) -> None:
    """Raise if another process writes the file.

    Raises:
        UsageError: it does.
        OSError: the file cannot be opened.
    """
    with open_plain(path) as file:
        _require_unlocked(file, path)


def _require_unlocked(file: FileIO | BinaryIO, path: Path) -> None:
    if is_locked_by_others(file.fileno()):
        who = holders_of(file.fileno())
        raise UsageError(
            f"{path} is being written by another command{who}. Wait for it, or name another file."
        )


def _is_still(file: FileIO, path: Path) -> bool:
    """Return whether the file is the one at `path`."""
    if sys.platform == "win32":
        return True
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    return False
