"""Put one folder in another's place, so that a reader meets the old one or the new one.

Linux and macOS exchange two names in one step. Where that is missing (Windows, some file systems)
the old folder is renamed aside first; if the machine dies between the two renames, `restore` puts
it back before the next write. Whoever replaces something holds a lock on the folder around it,
which ends with its process, so that two at a time take turns.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

_AT_FDCWD = {"linux": -100, "darwin": -2}
_EXCHANGE = {"linux": ("renameat2", 2), "darwin": ("renameatx_np", 2)}  # RENAME_EXCHANGE, _SWAP


def replace_folder(new: Path, target: Path) -> None:
    """Move the folder `new` to `target` beside it; what `target` held is deleted afterwards.

    Raises:
        OSError: `target` is then what it was before.
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
    """Return when the file's bytes are on the disk, not only on their way."""
    with path.open("r+b") as file:  # Windows syncs only what is open for writing
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Return when the folder's names are on the disk; a no-op where folders cannot be opened."""
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
    """Wait until nobody else replaces anything in `folder`, where the system knows how to wait."""
    if os.name != "posix":
        yield
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # file systems without locks, such as some network ones
            fcntl.flock(descriptor, fcntl.LOCK_EX)
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
