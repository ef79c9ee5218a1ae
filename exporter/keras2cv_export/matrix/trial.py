"""Run a bundle's self-test with another Python, and turn what happens to it into a row."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from keras2cv.bundle.leftovers import temporary_folder
from keras2cv.isolation.child import gib, run_child
from keras2cv.isolation import ending

from .environment import Environment, runtime_copy
from .report import MatrixRow

_MAX_WORDS: Final = 300
_TINY: Final = 1e-30  # a limit of 0 asks for equality


def run_selftest(
    environment: Environment,
    bundle: Path,
    *,
    asked: str,
    engine: str,
    force_engine: bool,
    required: bool,
    timeout_s: float,
) -> MatrixRow:
    """Run `keras2cv selftest` there, and return its row, whatever came of it.

    Args:
        environment: Where to run.
        bundle: The bundle's folder.
        asked: The version as the user gave it, for the row.
        engine: The engine that the row is about.
        force_engine: Ask for that engine; otherwise the bundle's own choice runs.
        required: Whether a failure counts.
        timeout_s: How long it may take.
    """
    with temporary_folder() as folder:
        written = folder / "report.json"
        command = [str(environment.python), "-m", "keras2cv", "selftest", str(bundle.resolve())]
        command += ["--in-process"]
        command += ["--json", str(written), *(["--engine", engine] if force_engine else [])]
        started = time.monotonic()
        with runtime_copy(folder) as variables:
            problem = _run(command, variables, written, timeout_s)
        seconds = time.monotonic() - started
        measured, limit, failed = _read(written)
    problem = problem or failed
    return MatrixRow(
        asked=asked,
        wheel=environment.wheel,
        opencv=environment.opencv,
        numpy=environment.numpy,
        engine=engine,
        verdict="fail" if problem else "pass",
        required=required,
        seconds=round(seconds, 3),
        measured=measured,
        limit=limit,
        problem=problem,
    )


def _run(
    command: Sequence[str], variables: Mapping[str, str], written: Path, timeout_s: float
) -> str | None:
    """Return why the program has not `written` a report; None if it has."""
    # The folder: Python 3.10 imports from the current one first.
    done = run_child(command, env=variables, cwd=written.parent, timeout_s=timeout_s)
    if done.code is None:
        return f"It was not done after {timeout_s:g} s."
    if done.out_of_memory:
        return f"It asked for more than the {gib(done.limit)} of memory that it may have here."
    lines = done.stderr.strip().splitlines()
    said = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    if said:
        return said[-1]
    if done.code == 0 or (done.code == 1 and written.exists()):
        return None  # the report has the answer
    last = lines[-1].strip()[:_MAX_WORDS] if lines else "nothing on stderr"
    return f"The self-test crashed ({ending(done.code)}); its last words: {last}"


def _read(path: Path) -> tuple[float | None, float | None, str | None]:
    """Return (measured, limit, problem) of the comparison that is worst of all in a report."""
    if not path.exists():
        return None, None, "The self-test wrote no report."
    report = json.loads(path.read_text(encoding="utf-8"))
    rows = report["rows"]
    worst = max(rows, key=_strain, default=None)
    limit = worst["limit"] if worst else None
    return _number(worst) if worst else None, limit, _failure(report, worst)


def _strain(row: Mapping[str, Any]) -> float:
    measured = _number(row)
    return math.inf if measured is None else measured / max(float(row["limit"]), _TINY)


def _number(row: Mapping[str, Any]) -> float | None:
    """Return what was measured; None where that is infinite, a string in JSON, or not there."""
    measured = row.get("measured")
    return float(measured) if isinstance(measured, int | float) else None


def _failure(report: Mapping[str, Any], worst: Mapping[str, Any] | None) -> str | None:
    if report["verdict"] == "pass":
        return None
    said = list(report["problems"])
    if worst is not None and not worst["passed"]:
        found = worst.get("problem") or _of_limit(worst)
        said.insert(0, f"Wrong numbers: {worst['case']}, output {worst['output']}: {found}.")
    return " ".join(said) or "The bundle has nothing to compare with."


def _of_limit(row: Mapping[str, Any]) -> str:
    measured = _number(row)
    number = "an infinite error" if measured is None else f"{measured:.1e}"
    return f"{number} of {row['limit']:.1e} allowed"
