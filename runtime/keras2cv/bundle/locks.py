"""Locks that the system drops when the process that holds them ends (flock)."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from pathlib import Path
from typing import Final

_PAUSE_S: Final = 0.02
_TAKEN: Final = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)


def is_locked_by_others(descriptor: int, patience_s: float = 0.0) -> bool:
    """Lock an open file or folder for this process alone; return whether others hold a lock.

    Where there are no such locks nothing is locked, and nobody else holds one.
    """
    return try_lock(descriptor, patience_s) is False


def try_lock(descriptor: int, patience_s: float = 0.0) -> bool | None:
    """Lock an open file or folder; return whether that worked; None: there are no locks here."""
    if sys.platform == "win32":
        return None
    import fcntl

    end_s = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _TAKEN:
                return None
            if time.monotonic() >= end_s:
                return False
            time.sleep(_PAUSE_S)
        else:
            return True


def holders_of(descriptor: int) -> str:
    """Return " (process 12, python3)" for the locks on an open file; "" where that is not known."""
    found = os.fstat(descriptor)
    inode = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    with contextlib.suppress(OSError):
        rows = [row.split() for row in Path("/proc/locks").read_text(encoding="ascii").splitlines()]
        pids = [row[4] for row in rows if "FLOCK" in row and "->" not in row and inode in row]
        named = [f"{pid}, {_name_of(pid)}" for pid in dict.fromkeys(pids) if int(pid) > 0]
        if named:
            return f" (process {'; '.join(named)})"
    return ""


def _name_of(pid: str) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    return "of another user"
