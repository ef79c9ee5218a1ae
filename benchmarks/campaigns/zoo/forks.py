"""A process that has TensorFlow imported, and copies itself for every job.

Importing TensorFlow takes most of a small model's time. Nothing is computed before the copy is
made, so that it starts without threads. Each copy's time and memory are its own. What it shares
with its parent counts, and so do libraries' pages that only the parent has read: as if the copy had
imported TensorFlow itself.
"""

from __future__ import annotations

import functools
import json
import os
import pkgutil
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

_STEP_S: Final = 0.05


def answer(job: Mapping[str, Any], _: Callable[..., None]) -> dict[str, Any]:
    """Do a job in a copy of this process: its exit code, its log, seconds, memory, reply.

    The job names `function` ("package.module.function", called with the job), `log`, `limit_s` and
    `variables`; `main` in place of `function` is words for the command line of keras2cv.
    """
    before, libraries = _imported()
    reply = Path(job["log"]).with_suffix(".reply")
    reply.unlink(missing_ok=True)
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        _live_as_copy(job, reply)
    code, peak_mb = _wait(pid, started + job["limit_s"], libraries)
    return {
        "code": code,
        "log": Path(job["log"]).read_text("utf-8", "replace"),
        "seconds": time.monotonic() - started,
        "peak_mb": peak_mb,
        "before_mb": before,
        "reply": json.loads(reply.read_text("utf-8")) if reply.exists() else {},
    }


def _held_mb(pid: int, kind: str = "VmRSS") -> float:
    """Return what a process holds now; of `RssFile`, libraries; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines()
    except OSError:
        return 0.0
    return next((int(li.split()[1]) / 1024 for li in lines if li.startswith(f"{kind}:")), 0.0)


@functools.cache
def _imported() -> tuple[float, float]:
    """Import, once; return what this process then holds in MB, and how much of it are libraries.

    Later measurements would be lower: the system drops libraries' pages that are not in use.
    """
    _import_first()
    return _held_mb(os.getpid()), _held_mb(os.getpid(), "RssFile")


def _import_first() -> None:
    for name in ("tensorflow", "keras", "tf_keras", "keras2cv_export.exporting", "tf2onnx"):
        pkgutil.resolve_name(name)


def _live_as_copy(job: Mapping[str, Any], reply: Path) -> None:
    """Do the job, and end this process without the parent's cleaning up."""
    code = 1
    try:
        _write_to(Path(job["log"]))
        os.environ.update(job["variables"])
        code = _run_main(job["main"]) if "main" in job else _run_function(job, reply)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _run_main(words: list[str]) -> int:
    """Run the command line of keras2cv."""
    from keras2cv.cli import main

    return int(main(words) or 0)


def _run_function(job: Mapping[str, Any], reply: Path) -> int:
    found = pkgutil.resolve_name(job["function"])(job)
    reply.write_text(json.dumps(found), "utf-8")
    return 0


def _write_to(log: Path) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    sys.stdout = sys.stderr = os.fdopen(descriptor, "w", buffering=1, encoding="utf-8")


def _wait(pid: int, deadline: float, libraries: float) -> tuple[int, float]:
    """Return the exit code and the largest process' peak in MB; kill it when it is late."""
    read = 0.0
    while True:
        ended, status, used = os.wait4(pid, os.WNOHANG)
        if ended:
            peak = used.ru_maxrss / 1024 + max(0.0, libraries - read)
            return os.waitstatus_to_exitcode(status), peak
        read = max(read, _held_mb(pid, "RssFile"))
        if time.monotonic() > deadline:
            os.kill(pid, 9)
            deadline = float("inf")
        time.sleep(_STEP_S)
