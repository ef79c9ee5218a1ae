"""The measuring side of a subject's process: it sends commands and receives answers.

A process that crashes, hangs or gives up becomes a `Lost` subject with a reason; the others go on.
"""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO, Any, Final, Protocol

from keras2cv.isolation.isolated import ending

from .artefacts import environment
from .way import Job

_PATIENCE_S: Final = 600.0  # for any one command: VGG16 on a busy machine takes its time


class Lost(Exception):  # noqa: N818 - named after the process's state
    """The process has ended, or is of no more use; the message is the reason."""


class Process(Protocol):
    """The interface of a process that is measured."""

    pid: int

    def started(self) -> float:
        """Wait until it is ready; return the milliseconds that its imports took."""

    def ask(self, do: str, **facts: Any) -> dict[str, Any]:
        """Send a command, and return its answer; raise Lost if there is none."""

    def close(self) -> dict[str, Any]:
        """End the process, and return its last answer."""


class Child:
    """`python -m keras2cv_bench.child` for one job; a context that leaves nothing behind."""

    def __init__(self, job: Job, patience_s: float = _PATIENCE_S) -> None:
        """Start the process; it imports its framework while others do the same."""
        self._patience_s = patience_s
        self._doing = "starting"
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._file = tempfile.NamedTemporaryFile("w", suffix=".json", delete=False)  # noqa: SIM115
        with self._file as file:
            json.dump(job.to_dict(), file)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "keras2cv_bench.child", file.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env=environment_of(job),
            text=True,
            encoding="utf-8",
        )
        self.pid = self._process.pid
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        self._lines = _lines_of(self._process.stdout)

    def __enter__(self) -> Child:
        """Use the process."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process, even in the middle of a command."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._said):
            with contextlib.suppress(OSError):  # its last output is of no interest any more
                if pipe is not None:
                    pipe.close()
        Path(self._file.name).unlink(missing_ok=True)

    def started(self) -> float:
        """Wait until it is ready; return the milliseconds that its imports took."""
        return float(self._answer()["import_ms"])

    def ask(self, do: str, **facts: Any) -> dict[str, Any]:
        """Send a command, and return its answer."""
        self._doing = do.replace("_", " ")
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        with contextlib.suppress(OSError):  # the answer holds the reason
            self._process.stdin.write(json.dumps({"do": do, **facts}) + "\n")
            self._process.stdin.flush()
        return self._answer()

    def close(self) -> dict[str, Any]:
        """End the commands, and return the process' last answer."""
        self._doing = "ending"
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        self._process.stdin.close()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=self._patience_s)
        except queue.Empty:
            raise Lost(f"was not done with {self._doing} after {self._patience_s:g} s") from None
        if line is None:
            code = self._process.wait()
            raise Lost(f"crashed ({ending(code)}) while {self._doing}{self._last_words()}")
        found: dict[str, Any] = json.loads(line)
        if "error" in found:
            raise Lost(str(found["error"]))
        return found

    def _last_words(self) -> str:
        self._said.seek(0)
        text = self._said.read().decode("utf-8", "replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return f"; its last words: {lines[-1][:200]}" if lines else ""


def environment_of(job: Job) -> dict[str, str]:
    """Return the environment that a job's process starts with, before it imports anything."""
    return {**environment(), **dict(job.variables)}


def _lines_of(pipe: IO[str]) -> queue.Queue[str | None]:
    """Return a queue that gets every line, and None when there will be no more."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        for line in pipe:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    return lines
