"""Ask OpenCV again in other circumstances: one thread, all rows in one call, and many calls.

A bundle is compared row by row, with all threads, in its first calls. Its answers must not depend
on that. So one more process, with one thread, gets all rows in one call and in another order, and
then the first sample again and again. A bundle that `export --tune` gave another batch runs with
that one there, where its choice holds on this machine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from keras2cv.bundle.manifest import Manifest
from keras2cv.errors import NetError
from keras2cv.net.overflow import overflows_alike
from keras2cv.trial.running import WorkerRun, run_worker
from keras2cv_export.parity.parity import ParityReport

from .ahead import NetRun
from .question import Outputs, Question
from .sample_files import Sample
from .verify import Verification, patience

Array = np.ndarray[Any, Any]

# (bytes of the file, calls): a small net is asked a hundred times, a large one once.
_CALLS: Final = ((2_000_000, 100), (20_000_000, 21), (None, 1))
_MOST_ROWS: Final = 16
_SEED: Final = 5


def in_other_circumstances(
    folder: Path,
    manifest: Manifest,
    question: Question,
    found: Verification,
    scratch: Path | None = None,
    run: Callable[[NetRun], WorkerRun] = NetRun.now,
) -> Verification:
    """Return the result of a comparison, failed if the answers depend on the circumstances.

    Args:
        folder: The bundle's.
        manifest: Its manifest.
        question: The samples.
        found: The result so far; one that fails is returned as it is.
        scratch: A folder for temporary files; None: the system's.
        run: Runs OpenCV, or returns the outcome of a run that was begun before.
    """
    engine = next((e for e, report in found.by_engine.items() if report is found.parity), None)
    if engine is None or found.parity.verdict == "fail":
        return found
    planned = circumstances_of(folder, manifest, question.samples, engine, scratch)
    if planned is None:
        return found
    try:
        outputs = run(planned).outputs
    except NetError as error:
        return _failed(found, engine, (f"With one thread: {error}",))
    names = [o.name for o in manifest.outputs]
    answers = [dict(zip(names, arrays, strict=True)) for arrays in outputs]
    once = found.answers[engine]
    reasons = _rows(once, answers[0], manifest.model.batch, found.parity, question)
    reasons += _calls_alike(once[0], answers[1:], found.parity, question)
    return _failed(found, engine, reasons[:1]) if reasons else found


def circumstances_of(
    folder: Path,
    manifest: Manifest,
    samples: Sequence[Sample],
    engine: str,
    scratch: Path | None,
) -> NetRun | None:
    """Return the run with one thread; None for a net whose answers are not one for each row.

    A net with states takes no other number of rows, and its calls are not to be alike.

    Args:
        folder: The bundle's.
        manifest: Its manifest.
        samples: The samples.
        engine: The engine.
        scratch: A folder for temporary files; None: the system's.
    """
    if depends_on_rows(manifest):
        return None
    some, order = _joined_rows(samples, manifest.model.batch)
    joined = tuple(np.concatenate(arrays)[order] for arrays in zip(*some, strict=True))
    asked = [joined, *[samples[0]] * _calls(int(manifest.model.size_bytes))]
    return NetRun(run_worker, folder, asked, options_of(manifest, engine, scratch))


def depends_on_rows(manifest: Manifest) -> bool:
    """Whether a net's answers are not one for each row: states, or an output without a batch."""
    return bool(manifest.states) or not all(o.batched for o in manifest.outputs)


def options_of(manifest: Manifest, engine: str, scratch: Path | None) -> dict[str, Any]:
    """Return the arguments of `run_worker` for the run with one thread."""
    options = {"timeout_s": patience(manifest), "scratch": scratch, "engine": engine, "threads": 1}
    return options if manifest.tuned is None else {**options, "batch": "auto"}


def _calls(size: int) -> int:
    return next(calls for limit, calls in _CALLS if limit is None or size <= limit)


def _joined_rows(samples: Sequence[Sample], batch: int) -> tuple[Sequence[Sample], Array]:
    """Return the samples whose rows go into one call, and the order of these rows."""
    some = samples[: max(_MOST_ROWS // batch, 1)]
    return some, _order(len(some) * batch, batch)


def _order(rows: int, batch: int) -> Array:
    """Return another order of the rows; with a batch, one row fewer, so that it is not filled."""
    order = np.random.default_rng(_SEED).permutation(rows)
    return order[1:] if batch > 1 else order


def _rows(
    once: Sequence[Outputs], joined: Outputs, batch: int, parity: ParityReport, question: Question
) -> tuple[str, ...]:
    some, order = _joined_rows(question.samples, batch)
    reasons = []
    for name, got in joined.items():
        if name in question.leaning:  # its rows are one answer to the batch that they are in
            continue
        expected = np.concatenate([answer[name] for answer in once[: len(some)]])[order]
        if not _alike(expected, got, _allowed(name, parity, question)):
            reasons.append(
                f"{name}: OpenCV answers {len(order)} rows in one call, in another order and with "
                "one thread, otherwise than each by itself"
            )
    return tuple(reasons)


def _calls_alike(
    once: Outputs, calls: Sequence[Outputs], parity: ParityReport, question: Question
) -> tuple[str, ...]:
    return tuple(
        f"{name}: OpenCV answers the same sample otherwise in its call {number} than in its first"
        for number, answer in enumerate(calls, 2)
        for name, got in answer.items()
        if not _alike(once[name], got, _allowed(name, parity, question))
    )


def _allowed(name: str, parity: ParityReport, question: Question) -> float:
    """Return how far two runs may differ: other threads sum in another order."""
    output = next((o for o in parity.outputs if o.name == name), None)
    between = output.exact.between if output is not None and output.exact is not None else 0.0
    return max(question.tolerance.steadiness(name), between)


def _alike(expected: Array, got: Array, limit: float) -> bool:
    if expected.shape != got.shape:
        return False
    if expected.dtype.kind != "f":
        return bool((expected != got).mean() <= limit)
    usable = ~overflows_alike(expected, got)
    wide, other = (np.where(usable, side, 0.0).astype(np.float64) for side in (expected, got))
    if not (np.isfinite(wide) & np.isfinite(other)).all():
        return False
    return bool(np.abs(wide - other).max() <= limit * np.abs(wide).max())


def _failed(found: Verification, engine: str, reasons: tuple[str, ...]) -> Verification:
    report = found.parity.with_failures(reasons)
    return replace(
        found, parity=report, by_engine={**found.by_engine, engine: report}, evidence=None
    )
