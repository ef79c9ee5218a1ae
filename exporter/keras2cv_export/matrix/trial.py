"""Run a bundle's self-test with another Python, and make a row of the outcome."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from keras2cv.bundle.leftovers import temporary_folder
from keras2cv.errors import Keras2cvError
from keras2cv.isolation import ChildCrash, ChildOutOfMemory, ChildTimeout, Entry, Limits, run_once
from keras2cv.plain_files import real_path

from .environment import Environment, runtime_copy
from .report import MatrixRow

_SELFTEST: Final = "keras2cv.trial.selftest_child:answer"
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
    request = {
        "bundle": str(real_path(bundle)),
        "engine": engine if force_engine else None,
        "device": "cpu",
        "threads": None,
    }
    with temporary_folder() as folder:
        started = time.monotonic()
        with runtime_copy(folder) as variables:
            entry = Entry(_SELFTEST, (), environment.python, variables)
            report, problem = _run(entry, request, timeout_s)
        seconds = time.monotonic() - started
    measured, limit, failed = _read(report)
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
    entry: Entry, request: Mapping[str, Any], timeout_s: float
) -> tuple[Mapping[str, Any] | None, str | None]:
    """Return the child's report, or why there is none."""
    try:
        return run_once(entry, request, Limits(timeout_s))["report"], None
    except (ChildTimeout, ChildOutOfMemory) as lost:
        return None, f"It {lost.how}."
    except ChildCrash as lost:
        if lost.code == 0:
            return None, "The self-test wrote no report."
        return None, f"The self-test {lost.how}; its last words: {lost.last_words}"
    except Keras2cvError as error:
        return None, str(error)


def _read(report: Mapping[str, Any] | None) -> tuple[float | None, float | None, str | None]:
    """Return (measured, limit, problem) of the comparison that is worst of all in a report."""
    if report is None:
        return None, None, None
    rows = report["rows"]
    worst = max(rows, key=_strain, default=None)
    limit = worst["limit"] if worst else None
    return _number(worst) if worst else None, limit, _failure(report, worst)


def _strain(row: Mapping[str, Any]) -> float:
    measured = _number(row)
    return math.inf if measured is None else measured / max(float(row["limit"]), _TINY)


def _number(row: Mapping[str, Any]) -> float | None:
    """Return the measured error; None if it is infinite (a string in JSON) or missing."""
    measured = row.get("measured")
    return float(measured) if isinstance(measured, int | float) else None


def _failure(report: Mapping[str, Any], worst: Mapping[str, Any] | None) -> str | None:
    if report["verdict"] == "pass":
        return None
    problems = list(report["problems"])
    if worst is not None and not worst["passed"]:
        found = worst.get("problem") or _of_limit(worst)
        problems.insert(0, f"Wrong numbers: {worst['case']}, output {worst['output']}: {found}.")
    return " ".join(problems) or "The bundle has nothing to compare with."


def _of_limit(row: Mapping[str, Any]) -> str:
    measured = _number(row)
    number = "an infinite error" if measured is None else f"{measured:.1e}"
    return f"{number} of {row['limit']:.1e} allowed"
