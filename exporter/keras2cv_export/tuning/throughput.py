"""`export --tune` for many samples: how many in a run of the net, and how many nets at a time.

A run of more samples than the file was made for is right only if the net's shapes allow other
numbers, which only a trial shows: every number has to give TensorFlow's predictions, in a process
of its own, before it is timed in turns with the bundle's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from keras2cv.bundle.manifest import Manifest, Rate, Trial
from keras2cv.errors import Keras2cvError
from keras2cv.trial.running import run_worker
from keras2cv.tuning.interleave import Block, Comparison, compare_blocks, take_blocks
from keras2cv.tuning.search import try_throughputs
from keras2cv_export.speed.sides import opencv_side
from keras2cv_export.storage.weights import Proof
from keras2cv_export.verifying.question import Outputs, there_and_back
from keras2cv_export.verifying.verify import judge, patience

Array = np.ndarray[Any, Any]
Step = Callable[[str], None]

_BLOCK: Final = 2  # runs
_ROUNDS: Final = (7, 21)


def find_throughputs(
    folder: Path,
    manifest: Manifest,
    proof: Proof,
    setting: Trial,
    threads: int,
    progress: Step,
    budget_s: float,
) -> tuple[Rate, ...]:
    """Time the bundle in `folder`, run with `setting`, on many samples.

    Args:
        folder: The staged bundle's.
        manifest: Its manifest.
        proof: The answers of both sides.
        setting: Engine, threads and options.
        threads: How many OpenCV uses by itself; several nets share them out.
        progress: Called with a few words before each step.
        budget_s: About how long each is timed.

    Raises:
        NetError: The bundle's own batch cannot be timed.
    """
    own = Rate(1, setting.threads, manifest.model.batch)
    patience_s = 10 * (budget_s + patience(manifest))
    with ExitStack() as stack:
        base = stack.enter_context(_side(folder, proof, setting, own, patience_s))[1]

        def attempt(rate: Rate) -> Rate:
            progress(f"timing many samples: {rate}")
            try:
                if rate.batch != own.batch and (
                    problem := _wrong(folder, manifest, proof, setting, rate)
                ):
                    return replace(rate, refused=problem)
                median_ms, ratio = _timed(folder, proof, setting, rate, (base, own), budget_s)
            except Keras2cvError as error:
                return replace(rate, refused=str(error)[:1000])
            return replace(rate, sample_ms=median_ms, ratio=ratio.ratio, high=ratio.high)

        return tuple(try_throughputs(own, threads, int(manifest.model.size_bytes), attempt))


def _wrong(
    folder: Path, manifest: Manifest, proof: Proof, setting: Trial, rate: Rate
) -> str | None:
    """Explain why runs of so many samples do not give TensorFlow's predictions; else None."""
    question = proof.question
    if not all(output.batched for output in manifest.outputs):
        return "an output has no batch dimension"
    run = run_worker(
        folder,
        [_joined(there_and_back(question.samples))],
        timeout_s=patience(manifest),
        engine=setting.engine,
        fusion=setting.fusion,
        winograd=setting.winograd,
        threads=rate.threads,
        batch=rate.batch,
    )
    names = [output.name for output in manifest.outputs]
    parts = _parted(dict(zip(names, run.outputs[0], strict=True)), manifest.model.batch)
    half = len(question.samples)
    report = judge(question, parts[:half], parts[half:][::-1])
    if report.verdict == proof.verification.parity.verdict:
        return None
    return f"parity: {report.verdict} ({'; '.join(report.reasons)})"[:1000]


def _joined(samples: Sequence[Sequence[Array]]) -> tuple[Array, ...]:
    """Return the samples as one, one behind the other."""
    return tuple(np.concatenate(arrays) for arrays in zip(*samples, strict=True))


def _parted(outputs: Outputs, batch: int) -> list[Outputs]:
    count = len(next(iter(outputs.values()))) // batch
    parts = (slice(k * batch, (k + 1) * batch) for k in range(count))
    return [{name: array[part] for name, array in outputs.items()} for part in parts]


def _side(folder: Path, proof: Proof, setting: Trial, rate: Rate, more_s: float) -> Any:
    whole = _joined(there_and_back(proof.question.samples))
    rows = np.resize(np.arange(len(whole[0])), rate.batch)
    arrays = {f"in/0/{k}": array[rows] for k, array in enumerate(whole)}
    options = {
        "threads": rate.threads,
        "fusion": setting.fusion,
        "winograd": setting.winograd,
        "nets": rate.nets,
        "batch": rate.batch,
    }
    return opencv_side(folder, setting.engine, arrays, options=options, more_s=more_s)


def _timed(
    folder: Path,
    proof: Proof,
    setting: Trial,
    rate: Rate,
    base: tuple[Any, Rate],
    budget_s: float,
) -> tuple[float, Comparison]:
    with _side(folder, proof, setting, rate, 100 * budget_s) as (_, asked):
        sides = {"rate": _block(asked, rate), "own": _block(*base)}
        warm = [sum(side()) for side in sides.values() for _ in range(2)]
        cost_s = (warm[1] * rate.nets * rate.batch + warm[3] * base[1].batch) / 1e9
        times = take_blocks(sides, min(max(int(budget_s / cost_s), _ROUNDS[0]), _ROUNDS[1]))
    runs = sorted(t for block in times["rate"] for t in block)
    return runs[len(runs) // 2] / 1e6, compare_blocks(times["rate"], times["own"])


def _block(side: Callable[[int], float], rate: Rate) -> Block[float]:
    """Return a block of runs, each in nanoseconds a sample."""
    return lambda: [side(0) / (rate.nets * rate.batch) for _ in range(_BLOCK)]
