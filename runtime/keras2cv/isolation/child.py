"""Run a program for a limited time in limited memory: cv2 is not trusted with a fresh graph.

A graph can make cv2 crash, abort, hang, or ask for all the memory there is. None of that may reach
the process that wanted to know, or the machine. The memory is the kernel's to limit (Linux): what
a process writes to (RLIMIT_DATA), so that reserved addresses and mapped files do not count. Where
the limit is met, an allocation fails, and cv2 says so or aborts.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SHARE: Final = 0.8  # of the memory that is free when the child starts
_WANTED_MORE: Final = re.compile(
    r"Insufficient memory|Failed to allocate|bad_alloc|MemoryError|[Cc]annot allocate memory|"
    r"Unable to allocate"
)


@dataclass(frozen=True)
class Ended:
    """How a program ended: its exit code (None: its time was over), and what it wrote."""

    code: int | None
    stdout: str
    stderr: str
    limit: int | None

    @property
    def out_of_memory(self) -> bool:
        """Whether it failed, and spoke of memory while it did."""
        return self.code != 0 and bool(_WANTED_MORE.search(self.stderr + self.stdout))

    @property
    def last_words(self) -> str:
        """The last line on stderr."""
        lines = self.stderr.strip().splitlines() or ["nothing on stderr"]
        return lines[-1].strip()[:200]


def run_child(
    command: Sequence[str],
    *,
    timeout_s: float,
    memory: int | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Ended:
    """Return how `command` ended, after `timeout_s` seconds at the latest.

    Args:
        command: The program and its arguments.
        timeout_s: When it is killed.
        memory: The bytes that it may write to; None: `spare_memory()`. Enforced on Linux alone.
        env: Its environment variables; None: this process' own.
        cwd: Its working folder; None: this process' own.
    """
    limit = spare_memory() if memory is None else memory
    with subprocess.Popen(
        command,
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    ) as child:
        code: int | None = None
        try:
            _limit(child.pid, limit)
            stdout, stderr = child.communicate(timeout=timeout_s)
            code = child.returncode
        except subprocess.TimeoutExpired:
            child.kill()
            stdout, stderr = child.communicate()
        except BaseException:
            child.kill()
            raise
    return Ended(code, stdout, stderr, limit)


def spare_memory() -> int | None:
    """Return `SHARE` of the memory that is free here, in bytes; None where nobody says.

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
    return max(int(free * SHARE), 2**28)


def gib(size: int | None) -> str:
    """Return a number of bytes for people: "6.4 GiB"."""
    return f"{(size or 0) / 2**30:.1f} GiB"


def _limit(pid: int, memory: int | None) -> None:
    if memory is None or not sys.platform.startswith("linux"):
        return
    import resource

    with contextlib.suppress(ProcessLookupError):  # it is over already
        resource.prlimit(pid, resource.RLIMIT_DATA, (memory, memory))
        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
