"""A limit of memory and time for a child process."""

from __future__ import annotations

import subprocess
import threading
import time
from pathlib import Path


class Watch(threading.Thread):
    """Reads a child's peak memory from Linux's /proc, and ends it at a limit."""

    def __init__(self, child: subprocess.Popen[bytes], memory_gib: float, timeout_s: float) -> None:
        super().__init__(daemon=True)
        self.child, self.memory_gib, self.timeout_s = child, memory_gib, timeout_s
        self.peak_gib = 0.0
        self.why = ""

    def run(self) -> None:
        """Watch until the child ends."""
        deadline = time.monotonic() + self.timeout_s
        while self.child.poll() is None:
            self.peak_gib = max(self.peak_gib, peak_gib(self.child.pid))
            if self.peak_gib > self.memory_gib or time.monotonic() > deadline:
                over = self.peak_gib > self.memory_gib
                self.why = f"stopped: over {self.memory_gib:g} GiB" if over else "stopped: timeout"
                self.child.kill()
            time.sleep(0.02)


def peak_gib(pid: int) -> float:
    """Return the most memory that a process ever held (VmHWM in proc(5)), in GiB."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    line = next((x for x in status.splitlines() if x.startswith("VmHWM")), "VmHWM: 0 kB")
    return int(line.split()[1]) / 2**20
