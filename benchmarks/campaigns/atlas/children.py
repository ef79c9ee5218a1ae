"""Jobs in child processes that may crash, hang or eat all memory: one job's loss is one answer.

A child reads a JSON list of jobs from a file, and answers with a JSON map per line on stdout:

    {"job": 3, "started": true}          before it does anything that may end it
    {"job": 3, "verdict": "pass", ...}   when it is done

What ends a child ends the job that it had started; a new child goes on with the rest.
"""

from __future__ import annotations

import json
import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from keras2cv.errors import MissingDependency
from keras2cv.isolation import ending

_POLL_S: Final = 0.25
_START_TIMEOUT_S: Final = 300.0  # TensorFlow on a busy machine


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a job: the child's own words, or in `problem` how the child ended over it."""

    job: int
    facts: Mapping[str, Any]
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may take; memory is watched on Linux alone."""

    timeout_s: float
    memory_gib: float | None = None


def supervise(
    command: Sequence[str],
    jobs: Sequence[Mapping[str, Any]],
    limits: Limits,
    *,
    environment: Mapping[str, str],
    folder: Path,
) -> Iterator[Answer]:
    """Yield an answer per job, in order; `command` gets the path of the jobs' file appended.

    Raises:
        MissingDependency: The child ends without starting a single job.
    """
    pending = list(range(len(jobs)))
    while pending:
        todo = [{"job": k, **jobs[k]} for k in pending]
        before = len(pending)
        for answer in _one_child(command, todo, limits, environment, folder):
            pending.remove(answer.job)
            yield answer
        if len(pending) == before:
            raise MissingDependency(
                f"`{' '.join(command)}` ends before its first job. Run it by hand to see why."
            )


def _one_child(
    command: Sequence[str],
    todo: Sequence[Mapping[str, Any]],
    limits: Limits,
    environment: Mapping[str, str],
    folder: Path,
) -> Iterator[Answer]:
    """Run one child until it has done all, or is no more."""
    with tempfile.TemporaryDirectory(dir=folder) as name, tempfile.TemporaryFile() as said:
        path = Path(name, "jobs.json")
        path.write_text(json.dumps(list(todo)), encoding="utf-8")
        with subprocess.Popen(
            [*command, str(path)],
            env=dict(environment),
            cwd=name,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
        ) as child:
            try:
                yield from _listen(child, limits, said)
            finally:
                child.kill()


def _listen(child: subprocess.Popen[bytes], limits: Limits, said: IO[bytes]) -> Iterator[Answer]:
    lines = _lines_of(child)
    current: int | None = None
    deadline = time.monotonic() + _START_TIMEOUT_S
    why = ""
    while True:
        try:
            line = lines.get(timeout=_POLL_S)
        except queue.Empty:
            why = _over(child.pid, limits, deadline) if current is not None else ""
            if why or time.monotonic() > deadline:
                child.kill()
            continue
        if line is None:
            break
        facts = json.loads(line)
        job = int(facts.pop("job"))
        deadline = time.monotonic() + limits.timeout_s
        if "started" in facts:
            current = job
            continue
        current = None
        yield Answer(job, facts)
    code = child.wait()
    if current is not None:
        yield Answer(current, {}, why or f"crashed ({ending(code)}){_last_words(said)}")


def _lines_of(child: subprocess.Popen[bytes]) -> queue.Queue[bytes | None]:
    """Return a queue that gets every line of stdout, and None when there will be no more."""
    lines: queue.Queue[bytes | None] = queue.Queue()

    def read() -> None:
        assert child.stdout is not None  # noqa: S101 - it is a pipe
        for line in child.stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    return lines


def _over(pid: int, limits: Limits, deadline: float) -> str:
    """Return which limit is passed, or nothing."""
    if time.monotonic() > deadline:
        return f"was not done after {limits.timeout_s:g} s"
    if limits.memory_gib is not None and _resident_gib(pid) > limits.memory_gib:
        return f"took more than {limits.memory_gib:g} GiB of memory"
    return ""


def _resident_gib(pid: int) -> float:
    """Return the memory that a process holds now (VmRSS in proc(5)); 0 where that is not told."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    line = next((x for x in status.splitlines() if x.startswith("VmRSS")), "VmRSS: 0 kB")
    return int(line.split()[1]) / 2**20


def _last_words(said: IO[bytes]) -> str:
    said.seek(0)
    lines = [line for line in said.read().decode("utf-8", "replace").splitlines() if line.strip()]
    return f"; its last words: {lines[-1].strip()[:200]}" if lines else ""
