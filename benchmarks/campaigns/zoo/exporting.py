"""`keras2cv export FILE`, as its user types it, with its time and the memory of its processes."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SLOWEST_S: Final = 660.0  # the bar is 600
_STEP_S: Final = 0.1


@dataclass(frozen=True)
class Ran:
    """How the command ended."""

    code: int
    said: str
    seconds: float
    peak_mb: float


def export_file(
    python: Path, file: str, bundle: Path, options: Sequence[str], variables: Mapping[str, str]
) -> Ran:
    """Run the command in a process of its own, and wait for it.

    Args:
        python: Of the collection's environment, which has its layers.
        file: The model.
        bundle: The folder to write.
        options: Further words.
        variables: Of the environment.
    """
    log = bundle.with_suffix(".log")
    words = [str(python), "-m", "keras2cv", "export", file, "-o", str(bundle), *options]
    started = time.monotonic()
    with log.open("w") as out:
        child = subprocess.Popen(
            words, env=dict(variables), stdout=out, stderr=subprocess.STDOUT, cwd=bundle.parent
        )
        code, peak = _wait(child.pid, started + _SLOWEST_S)
        child.returncode = code
    return Ran(code, log.read_text("utf-8", "replace"), time.monotonic() - started, peak / 1024)


def _wait(pid: int, deadline: float) -> tuple[int, int]:
    """Return the exit code and the peak of its largest process in KiB; kill it when it is late."""
    while True:
        ended, status, used = os.wait4(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), used.ru_maxrss
        if time.monotonic() > deadline:
            os.kill(pid, 9)
            deadline = float("inf")
        time.sleep(_STEP_S)


def sentence_of(said: str) -> str:
    """Return what the command gave as its error, in one line."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    starts = [k for k, line in enumerate(lines) if line.startswith("error:")]
    told = lines[starts[-1] :] if starts else lines[-3:]
    return " ".join(told).removeprefix("error: ")[:600]
