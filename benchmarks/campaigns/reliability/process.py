"""Resources of a process, from /proc: memory, open files, threads, processor time."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Held:
    """The resources of a process at one moment, and the processor time used until then."""

    rss_mib: float
    handles: int
    threads: int
    cpu_s: float


def held(pid: int | None = None) -> Held:
    """Return the resources of process `pid`, by default this one.

    Raises:
        OSError: there is no such process any more.
    """
    folder = Path(f"/proc/{os.getpid() if pid is None else pid}")
    pages = int((folder / "statm").read_text(encoding="ascii").split()[1])
    # Behind the name in brackets, which may have blanks: fields 14 and 15 of proc(5).
    times = (folder / "stat").read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
    return Held(
        pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
        len(os.listdir(folder / "fd")),  # noqa: PTH208 - names are enough
        len(os.listdir(folder / "task")),  # noqa: PTH208
        sum(map(int, times)) / os.sysconf("SC_CLK_TCK"),
    )
