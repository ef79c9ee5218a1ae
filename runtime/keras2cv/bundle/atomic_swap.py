"""Put one folder in another's place, so that a reader finds the old one or the new one.

Linux and macOS exchange two names in one step. Where that is missing (Windows, some file systems)
the old folder is renamed aside first; if the machine dies between the two renames, `restore` puts
it back before the next write. A process that replaces a folder holds a lock on the parent folder,
so that two processes do it one after the other; the system drops the lock when the process ends.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from keras2cv.bundle.locks import holders_of, is_locked_by_others

_PATIENCE_S: Final = 8.0  # others hold it for as long as two renames take
_AT_FDCWD = {"linux": -100, "darwin": -2}
_EXCHANGE = {"linux": ("renameat2", 2), "darwin": ("renameatx_np", 2)}  # RENAME_EXCHANGE, _SWAP


def replace_folder(new: Path, target: Path) -> None:
    """Move the folder `new` to `target` beside it, then delete the old contents of `target`.

    Raises:
        OSError: it cannot be moved; `target` is unchanged.
    """
    with alone(target.parent):
        if not target.exists():
            new.rename(target)
        elif not _exchange(new, target):
            _replace_in_two_steps(new, target)
    sync_folder(target.parent)
    shutil.rmtree(new, ignore_errors=True)  # where it was exchanged, this names the old folder now


def restore(target: Path) -> None:
    """Undo a replacement that died between its two renames, or clear up one that died after."""
    with alone(target.parent), contextlib.suppress(FileNotFoundError):
        if target.exists():
            _remove_aside(target)
        else:
            _aside(target).rename(target)


def sync_file(path: Path) -> None:
    """Wait until the file's bytes are on the disk."""
    with path.open("r+b") as file:  # Windows syncs only files that are open for writing
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Wait until the folder's names are on the disk; do nothing where folders cannot be opened."""
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _replace_in_two_steps(new: Path, target: Path) -> None:
    aside = _aside(target)
    _remove_aside(target)
    target.rename(aside)
    try:
        new.rename(target)
    except OSError:
        aside.rename(target)
        raise
    _remove_aside(target)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lock on `folder`, so that no other process replaces anything in it (POSIX).

    Raises:
        OSError: another process holds it for long, such as a reader that locked the folder itself.
    """
    if os.name != "posix":
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if is_locked_by_others(descriptor, _PATIENCE_S):
            raise OSError(
                errno.EWOULDBLOCK,
                f"another program holds a lock on {folder}{holders_of(descriptor)}",
            )
        yield
    finally:
        os.close(descriptor)


def _remove_aside(target: Path) -> None:
    shutil.rmtree(_aside(target), ignore_errors=True)


def _aside(target: Path) -> Path:
    return target.with_name(f"{target.name}.tmp-old")


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; False where the system has no such call."""
    if sys.platform not in _EXCHANGE:
        return False
    import ctypes

    name, flag = _EXCHANGE[sys.platform]
    function = getattr(ctypes.CDLL(None, use_errno=True), name, None)
    if function is None:  # glibc before 2.28, musl, macOS before 10.12
        return False
    here = _AT_FDCWD[sys.platform]
    return bool(function(here, os.fsencode(one), here, os.fsencode(other), flag) == 0)
