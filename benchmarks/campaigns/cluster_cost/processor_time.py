"""The processor time of this process and all below it: an engine's workers and daemons."""

from __future__ import annotations

import os
from pathlib import Path


def processor_time_s() -> float:
    """Return the seconds so far, of children that have ended too. Linux alone says."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        process = int(path.parent.name)
        parents[process] = int(fields[1])
        ticks[process] = sum(map(int, fields[11:15]))  # own and waited-for, user and system
    below = {os.getpid()}
    while more := {p for p, parent in parents.items() if parent in below} - below:
        below |= more
    return sum(ticks[process] for process in below) / os.sysconf("SC_CLK_TCK")
