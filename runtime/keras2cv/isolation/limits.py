"""The time and the memory that a child may use."""

from __future__ import annotations

import contextlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SHARE: Final = 0.8  # of the memory that is free when the child starts
LEAST_BYTES: Final = 2**28


@dataclass(frozen=True)
class Limits:
    """The time and memory of a child.

    Attributes:
        seconds: For each reply.
        start_seconds: Added for the first reply, because starting and importing take a while.
        memory_bytes: How many it may write to, as Linux' RLIMIT_DATA counts them: reserved
            addresses and mapped files are free. None: `spare_memory()`. Other systems do not
            enforce it.
    """

    seconds: float
    start_seconds: float = 0.0
    memory_bytes: int | None = None

    def __post_init__(self) -> None:
        if self.seconds <= 0 or self.start_seconds < 0 or (self.memory_bytes or 1) <= 0:
            raise ValueError(f"Limits must be positive, got {self}.")

    def effective_memory(self) -> int | None:
        """Return the bytes that a child started now may write to; None: nothing limits it."""
        wanted = spare_memory() if self.memory_bytes is None else self.memory_bytes
        limits = [limit for limit in (wanted, *inherited_limits()) if limit is not None]
        return min(limits, default=None)


def spare_memory() -> int | None:
    """Return `SHARE` of the memory that is free here, in bytes; None where the system has no count.

    A container's own limit counts where it is lower.
    """
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
        free = int(re.findall(r"MemAvailable:\s+(\d+) kB", text)[0]) * 1024
    except (OSError, IndexError):
        return None
    with contextlib.suppress(OSError, ValueError):  # no container, or one without a limit ("max")
        group = Path("/sys/fs/cgroup")
        most = int((group / "memory.max").read_text(encoding="ascii"))
        free = min(free, most - int((group / "memory.current").read_text(encoding="ascii")))
    return max(int(free * SHARE), LEAST_BYTES)


def gib(size: int | None) -> str:
    """Return a number of bytes for people: "6.4 GiB"."""
    return f"{(size or 0) / 2**30:.1f} GiB"


def inherited_limits() -> list[int]:
    """Return the limits of this process (`ulimit -d`, `ulimit -v`), which its children share."""
    if not sys.platform.startswith("linux"):
        return []
    import resource

    soft = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_DATA, resource.RLIMIT_AS)]
    return [limit for limit in soft if limit != resource.RLIM_INFINITY]
