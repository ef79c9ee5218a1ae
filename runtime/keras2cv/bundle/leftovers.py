"""Name half-made and temporary folders, and remove those whose processes died."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from keras2cv.errors import UsageError

_DISK_ERRORS: Final = (
    *(errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM),
)


def stage_name(target: Path) -> str:
    """Return a fresh name for making `target`: <name>.tmp-<host>-<process>-<random>."""
    return f"{_prefix(target)}{os.getpid()}-{secrets.token_hex(4)}"


def remove_leftovers(target: Path) -> None:
    """Remove the half-made folders of `target` whose processes, on this machine, have ended."""
    pattern = re.compile(re.escape(_prefix(target)) + r"(\d{1,10})-[0-9a-f]{8}")
    for entry in target.parent.iterdir():
        match = pattern.fullmatch(entry.name)
        if match and not is_running(int(match[1])):
            shutil.rmtree(entry, ignore_errors=True)


@contextlib.contextmanager
def temporary_folder(inside: Path | None = None) -> Iterator[Path]:
    """Give a folder `inside` another, by default in the system's place for temporary files.

    It is removed in the end; if the process is killed, the next call of any process removes it.

    Raises:
        UsageError: it cannot be made, or the disk is full while files are written into it.
    """
    place = Path(tempfile.gettempdir() if inside is None else inside)
    folder = place / stage_name(place / "keras2cv")
    try:
        remove_leftovers(place / "keras2cv")
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise _no_place(place, error) from error
    try:
        yield folder
    except OSError as error:
        if not concerns(error, folder):
            raise
        raise _no_place(place, error) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def concerns(error: OSError, folder: Path) -> bool:
    """Whether the error is about a file in `folder`; that of a full disk names no file."""
    if error.filename is None:
        return error.errno in _DISK_ERRORS
    return Path(os.fsdecode(error.filename)).is_relative_to(folder)


def is_running(pid: int) -> bool:
    """Return whether process `pid` of this machine runs."""
    if sys.platform == "win32":  # os.kill(pid, 0) would end the process there
        return _is_running_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _no_place(place: Path, error: OSError) -> UsageError:
    return UsageError(
        f"Temporary files cannot be written in {place}: {error.strerror or error}. "
        "Make room there, or name another place in the environment variable TMPDIR."
    )


def _prefix(target: Path) -> str:
    import socket

    # Process numbers mean something on their own machine only, and folders may be shared.
    host = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:6]
    return f"{target.name}.tmp-{host}-"


def _is_running_on_windows(pid: int) -> bool:
    import ctypes

    kernel = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined,unused-ignore]
    handle = kernel.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
    if not handle:
        return False
    code = ctypes.c_ulong()
    kernel.GetExitCodeProcess(handle, ctypes.byref(code))
    kernel.CloseHandle(handle)
    return code.value == 259  # STILL_ACTIVE
