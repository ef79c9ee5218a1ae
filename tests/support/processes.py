"""Other processes of this machine: those that a test has started, and whether they run."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path


def numbers(file: Path) -> list[int]:
    """Wait for a file with the numbers of processes.

    Raises:
        AssertionError: It is not there after a minute.
    """
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if file.exists() and (text := file.read_text(encoding="utf-8")).endswith("\n"):
            return [int(word) for word in text.split()]
        time.sleep(0.02)
    raise AssertionError(f"{file} was not written")


def all_gone(pids: Iterable[int]) -> bool:
    """Wait until no process has one of these numbers; a zombie is none."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if not any(map(is_running, pids)):
            return True
        time.sleep(0.05)
    return False


def is_running(pid: int) -> bool:
    """Whether a process runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return (
        not stat.exists() or stat.read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    )
