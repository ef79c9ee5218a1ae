"""`export --tune`: find the fastest setting on this machine, with parity as the judge.

Every setting has to give TensorFlow's predictions, in a process of its own, before it is timed.
Then it takes turns with the default, block by block, and only a setting that is surely faster
replaces the default. First comes the file itself, on each engine, with each option; then other
files of the same net (`variants`), each verified on every engine like the first; then several
samples in a run (`throughput`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import cv2

from keras2cv.bundle.manifest import Manifest, Trial, Tuned
from keras2cv.errors import NetError
from keras2cv.net.engines import ENGINES
from keras2cv.net.machine import cores, processor
from keras2cv.trial.running import run_worker
from keras2cv.tuning.interleave import Block, Comparison, compare_blocks, take_blocks
from keras2cv.tuning.search import candidates, chosen
from keras2cv_export.speed.sides import opencv_side
from keras2cv_export.storage.weights import Proof
from keras2cv_export.verifying.question import there_and_back
from keras2cv_export.verifying.verify import answers_of, judge, patience

from .settings import Step, try_all, vary
from .throughput import find_throughputs
from .variants import MOST_VARIANTS, Variants

_BLOCK: Final = 3  # runs
_WARM_UP: Final = 3
_ROUNDS: Final = (7, 21)
_BUDGET_S: Final = 3.0  # for each setting


@dataclass(frozen=True)
class Tuning:
    """The result of tuning, and the bundle that it is about.

    Attributes:
        manifest: Of the fastest file, with all measurements.
        proof: That this very file predicts the same.
        fired: Which rewrites made it.
    """

    manifest: Manifest
    proof: Proof
    fired: Mapping[str, int]


def tune(
    folder: Path,
    manifest: Manifest,
    proof: Proof,
    variants: Variants,
    progress: Step,
    *,
    budget_s: float = _BUDGET_S,
) -> Tuning:
    """Try all settings on this machine; the net's file in `folder` is the fastest afterwards.

    Args:
        folder: The staged bundle's.
        manifest: Its manifest.
        proof: The answers of both sides; its samples are timed.
        variants: Other files of the same net.
        progress: Called with a few words before each step.
        budget_s: About how long each is timed.

    Raises:
        NetError: The default itself cannot be timed.
    """
    threads = cv2.getNumThreads()
    settings = _settings(proof, variants, threads)
    found = _time_all(folder, manifest, proof, variants, settings, progress, budget_s)
    number = chosen(found)
    shipped = variants.ship(found[number].rewrites or ())
    rates = find_throughputs(
        folder, shipped.manifest, shipped.proof, found[number], threads, progress, budget_s
    )
    tuned = Tuned(cv2.__version__, processor(), cores(), number, tuple(found), rates, chosen(rates))
    return Tuning(shipped.manifest.replace(tuned=tuned), shipped.proof, shipped.fired)


def _settings(proof: Proof, variants: Variants, threads: int) -> list[Trial]:
    """Return the settings of the default file, the preferred engine's first."""
    good = [e for e, report in proof.verification.by_engine.items() if report.verdict != "fail"]
    engines = sorted(good, key=lambda e: e != _preferred(proof))
    rewrites = tuple(sorted(variants.default))
    return [replace(setting, rewrites=rewrites) for setting in candidates(engines, threads)]


def _time_all(
    folder: Path,
    manifest: Manifest,
    proof: Proof,
    variants: Variants,
    settings: Sequence[Trial],
    progress: Step,
    budget_s: float,
) -> list[Trial]:
    """Judge and time all settings, then other rewrites, each in turns with the first setting."""
    samples = proof.question.samples[:4]
    arrays = {f"in/{i}/{k}": a for i, sample in enumerate(samples) for k, a in enumerate(sample)}
    patience_s = (len(settings) + MOST_VARIANTS) * (budget_s + patience(manifest))
    with ExitStack() as stack:
        default = stack.enter_context(_side(folder, settings[0], arrays, patience_s))

        def timed(place: Path, setting: Trial) -> tuple[float, Comparison]:
            return _timed(place, setting, arrays, default, len(samples), budget_s)

        found = try_all(
            settings,
            lambda setting: _wrong(folder, manifest, proof, setting),
            lambda setting: timed(folder, setting),
            progress,
        )

        def attempt(setting: Trial) -> Trial:
            progress(f"timing other rewrites: {setting}, {_with_rewrites(setting)}")
            return variants.attempt(setting, timed)

        return found + vary(found, variants.default, variants.all, attempt)


def _with_rewrites(setting: Trial) -> str:
    return f"with {', '.join(setting.rewrites)}" if setting.rewrites else "with none"


def _preferred(proof: Proof) -> str:
    name = proof.verification.engine.name
    return ENGINES[0] if name == "any" else name


def _wrong(folder: Path, manifest: Manifest, proof: Proof, setting: Trial) -> str | None:
    """Explain why a setting's predictions are not TensorFlow's; None if they are."""
    question = proof.question
    try:
        run = run_worker(
            folder,
            there_and_back(question.samples),
            timeout_s=patience(manifest),
            engine=setting.engine,
            fusion=setting.fusion,
            winograd=setting.winograd,
            threads=setting.threads,
        )
    except NetError as error:
        return str(error)[:1000]
    report = judge(question, *answers_of(manifest, run))
    if report.verdict == proof.verification.parity.verdict:
        return None
    return f"parity: {report.verdict} ({'; '.join(report.reasons)})"[:1000]


def _side(folder: Path, setting: Trial, arrays: Any, seconds: float) -> Any:
    return opencv_side(
        folder,
        setting.engine,
        arrays,
        options={
            "threads": setting.threads,
            "fusion": setting.fusion,
            "winograd": setting.winograd,
        },
        more_s=10 * seconds,
    )


def _timed(
    folder: Path, setting: Trial, arrays: Any, default: Any, samples: int, budget_s: float
) -> tuple[float, Comparison]:
    with _side(folder, setting, arrays, budget_s) as (_, asked):
        sides = {"setting": _block(asked, samples), "default": _block(default[1], samples)}
        for side in (asked, default[1]):
            for number in range(_WARM_UP):
                side(number % samples)
        cost_s = (asked(0) + default[1](0)) * _BLOCK / 1e9
        rounds = min(max(int(budget_s / cost_s), _ROUNDS[0]), _ROUNDS[1])
        times = take_blocks(sides, rounds)
    runs = sorted(t for block in times["setting"] for t in block)
    return runs[len(runs) // 2] / 1e6, compare_blocks(times["setting"], times["default"])


def _block(side: Callable[[int], float], samples: int) -> Block[float]:
    return lambda: [side(number % samples) for number in range(_BLOCK)]
