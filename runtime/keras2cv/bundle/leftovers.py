"""Make half-made and temporary folders, and remove those whose processes died.

A process holds a lock on each of its folders, which the system drops when the process ends. So a
folder that can be locked is in use by nobody, on whatever machine, and in whatever container.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from keras2cv.bundle.locks import try_lock
from keras2cv.errors import UsageError

_DISK_ERRORS: Final = (
    *(errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM),
)


def stage_name(target: Path) -> str:
    """Return a fresh name for making `target`: <name>.tmp-<random>."""
    return f"{target.name}.tmp-{secrets.token_hex(8)}"


@contextlib.contextmanager
def locked_folder(target: Path, mode: int = 0o777) -> Iterator[Path]:
    """Give a fresh folder beside `target`, and remove it in the end unless it was moved.

    This process holds a lock on it, by which others know that it is in use. The folder gets the
    name that they look for when it is locked.

    Raises:
        OSError: it cannot be made.
    """
    folder = target.with_name(stage_name(target))
    unlocked = target.with_name(f"{target.name}.new-{secrets.token_hex(8)}")
    unlocked.mkdir(mode)
    descriptor = os.open(unlocked, os.O_RDONLY) if os.name == "posix" else None
    try:
        if descriptor is not None:
            try_lock(descriptor)
        unlocked.rename(folder)
        yield folder
    finally:
        for place in (folder, unlocked):
            shutil.rmtree(place, ignore_errors=True)
        if descriptor is not None:
            os.close(descriptor)


def remove_leftovers(target: Path) -> None:
    """Remove the half-made folders of `target` that no process has locked: their makers ended."""
    pattern = re.compile(re.escape(target.name) + r"\.tmp-[0-9a-f]{16}")
    for entry in target.parent.iterdir():
        if pattern.fullmatch(entry.name):
            _remove_unlocked(entry)


def _remove_unlocked(folder: Path) -> None:
    """Remove a folder if it can be locked; where there are no locks, nobody knows, and it stays."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):  # another user's, a link, or removed meanwhile
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            if try_lock(descriptor):
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def temporary_folder(inside: Path | None = None) -> Iterator[Path]:
    """Give a folder `inside` another, by default in the system's place for temporary files.

    It is removed in the end; if the process is killed, the next call of any process removes it.

    Raises:
        UsageError: it cannot be made, or the disk is full while files are written into it.
    """
    place = Path(tempfile.gettempdir() if inside is None else inside)
    with contextlib.ExitStack() as stack:
        try:
            remove_leftovers(place / "keras2cv")
            folder = stack.enter_context(locked_folder(place / "keras2cv", 0o700))
        except OSError as error:
            raise _no_place(place, error) from error
        try:
            yield folder
        except OSError as error:
            if not concerns(error, folder):
                raise
            raise _no_place(place, error) from error


def concerns(error: OSError, folder: Path) -> bool:
    """Whether the error is about a file in `folder`; that of a full disk may name no file.

    That of a copy names both of its files.
    """
    names = [name for name in (error.filename, error.filename2) if name is not None]
    if not names:
        return error.errno in _DISK_ERRORS
    return any(Path(os.fsdecode(name)).is_relative_to(folder) for name in names)


def _no_place(place: Path, error: OSError) -> UsageError:
    return UsageError(
        f"Temporary files cannot be written in {place}: {error.strerror or error}. "
        "Make room there, or name another place in the environment variable TMPDIR."
    )
