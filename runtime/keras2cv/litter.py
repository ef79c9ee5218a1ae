"""Names for half-made folders, and the removal of those whose makers died."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import sys
from pathlib import Path


def stage_name(target: Path) -> str:
    """Return a fresh name for making `target`: <name>.tmp-<host>-<process>-<random>."""
    return f"{_prefix(target)}{os.getpid()}-{secrets.token_hex(4)}"


def remove_litter(target: Path) -> None:
    """Remove the half-made folders of `target` whose processes, on this machine, have ended."""
    pattern = re.compile(re.escape(_prefix(target)) + r"(\d{1,10})-[0-9a-f]{8}")
    for entry in target.parent.iterdir():
        match = pattern.fullmatch(entry.name)
        if match and not is_running(int(match[1])):
            shutil.rmtree(entry, ignore_errors=True)


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
