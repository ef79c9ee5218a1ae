"""`export --tune`: which way of running the net is the fastest here, parity being the judge.

Every way has to give TensorFlow's predictions before it is timed, in a process of its own. Then it
takes turns with the default, block by block, and only one that is surely faster replaces it. First
the file as it is, on each engine, with each option; then other files of the same net (`variants`),
each verified on every engine like the first; then several samples in a run (`rates`).
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast

import cv2

from keras2cv.bundle.manifest import Manifest, Trial, Tuned
from keras2cv.errors import NetError
from keras2cv.net.engines import ENGINES
from keras2cv.net.tuned import cores
from keras2cv.schema.vocabulary import RunEngine
from keras2cv.trial.running import run_worker
from keras2cv_export.speed.interleave import Block, Comparison, compare_blocks, take_blocks
from keras2cv_export.speed.sides import opencv_side
from keras2cv_export.storage.weights import Proof
from keras2cv_export.verifying.verify import answers_of, judge, patience, there_and_back

from .throughput import MIN_GAIN, chosen, find_rates
from .variants import MOST_VARIANTS, Variants

Compare = Callable[[Trial], tuple[float, Comparison]]
"""Times a way in turns with the default: its median in milliseconds, and both compared."""
Step = Callable[[str], None]

_BLOCK: Final = 3  # runs
_WARM_UP: Final = 3
_ROUNDS: Final = (7, 21)
_BUDGET_S: Final = 3.0  # for each way


def candidates(engines: Sequence[str], threads: int) -> list[Trial]:
    """Return the ways to try, OpenCV's own first.

    Args:
        engines: Those that passed, the preferred one first.
        threads: How many OpenCV uses by itself.
    """
    counts = [threads, *(n for k in range(8) if (n := 2**k) < threads)]
    return [
        Trial(cast("RunEngine", engine), count, fusion, winograd)
        for engine in engines
        for count in counts
        for fusion, winograd in _options(engine, alone=count == threads)
    ]


def _options(engine: str, *, alone: bool) -> Iterator[tuple[bool, bool]]:
    """Yield (fusion, winograd): only the classic engine lets either be switched off.

    Once is enough (`alone`): what they save or cost does not depend on how work is shared out.
    """
    yield True, True
    if engine == "classic" and alone:
        yield True, False
        yield False, True


@dataclass(frozen=True)
class Tuning:
    """What was found, and the bundle that it is about.

    Attributes:
        manifest: Of the file that is the fastest, with all figures.
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
    """Try all ways on this machine; the net's file in `folder` is the fastest afterwards.

    Args:
        folder: The staged bundle's.
        manifest: What it says.
        proof: What both sides answered; its samples are what is timed.
        variants: Other files of the same net.
        progress: Told which way comes next.
        budget_s: About how long each is timed.

    Raises:
        NetError: The default itself cannot be timed.
    """
    good = [e for e, report in proof.verification.by_engine.items() if report.verdict != "fail"]
    engines = sorted(good, key=lambda e: e != _preferred(proof))
    first = tuple(sorted(variants.default))
    ways = [replace(way, rewrites=first) for way in candidates(engines, cv2.getNumThreads())]
    samples = proof.question.samples[:4]
    arrays = {f"in/{i}/{k}": a for i, sample in enumerate(samples) for k, a in enumerate(sample)}
    patience_s = (len(ways) + MOST_VARIANTS) * (budget_s + patience(manifest))
    with ExitStack() as stack:
        default = stack.enter_context(_side(folder, ways[0], arrays, patience_s))

        def timed(place: Path, way: Trial) -> tuple[float, Comparison]:
            return _timed(place, way, arrays, default, len(samples), budget_s)

        found = try_all(
            ways,
            lambda way: _wrong(folder, manifest, proof, way),
            lambda way: timed(folder, way),
            progress,
        )

        def attempt(way: Trial) -> Trial:
            progress(f"timing other rewrites: {way}, {_said(way)}")
            return variants.attempt(way, timed)

        found += vary(found, variants.default, variants.all, attempt)
    number = chosen(found)
    shipped = variants.ship(found[number].rewrites or ())
    rates = find_rates(
        folder, shipped.manifest, shipped.proof, found[number], ways[0].threads, progress, budget_s
    )
    tuned = Tuned(cv2.__version__, machine(), cores(), number, tuple(found), rates, chosen(rates))
    return Tuning(shipped.manifest.replace(tuned=tuned), shipped.proof, shipped.fired)


def vary(
    trials: Sequence[Trial],
    default: frozenset[str],
    every: frozenset[str],
    attempt: Callable[[Trial], Trial],
) -> list[Trial]:
    """Vary the optional rewrites of a net that was timed with `default` of them; return the trials.

    First the other whole set (all of them, or none) on the best way of each engine, then single
    switches on the winner, each of which stays where it is surely worth it.

    Args:
        trials: Of the default file; the first is what all are held to.
        default: Names of its optional rewrites.
        every: Names of those that change this net.
        attempt: Makes the file with a trial's rewrites, judges it, times it.
    """
    other = every if not default else frozenset[str]()
    if other == default:
        return []
    found = [attempt(_with(way, other)) for way in _best_of_each_engine(trials)]
    best = [*trials, *found][chosen([*trials, *found])]
    for name in sorted(every):
        tried = attempt(_with(best, frozenset(best.rewrites or ()) ^ {name}))
        if tried.rewrites not in [t.rewrites for t in found if t.engine == tried.engine]:
            found.append(tried)
        if _is_surely_faster(tried, best):
            best = tried
    return found


def _best_of_each_engine(trials: Sequence[Trial]) -> list[Trial]:
    """Return each engine's first trial, or the one that is surely faster, engine by engine."""
    best: dict[str, Trial] = {}
    for trial in trials:
        if trial.ratio is not None and (
            trial.engine not in best or _is_surely_faster(trial, best[trial.engine])
        ):
            best[trial.engine] = trial
    return list(best.values())


def _with(way: Trial, rewrites: frozenset[str]) -> Trial:
    plain = Trial(way.engine, way.threads, way.fusion, way.winograd)
    return replace(plain, rewrites=tuple(sorted(rewrites)))


def _is_surely_faster(one: Trial, other: Trial) -> bool:
    """By their ratios to the default's time, of which `one`'s whole interval has to be better."""
    if one.ratio is None or one.high is None or other.ratio is None:
        return False
    return one.ratio <= MIN_GAIN * other.ratio and one.high < other.ratio


def _said(way: Trial) -> str:
    return f"with {', '.join(way.rewrites)}" if way.rewrites else "with none"


def _preferred(proof: Proof) -> str:
    name = proof.verification.engine.name
    return ENGINES[0] if name == "any" else name


def try_all(
    ways: Sequence[Trial], wrong: Callable[[Trial], str | None], compare: Compare, progress: Step
) -> list[Trial]:
    """Judge each way, and time those that are right; the first is what the others are held to."""
    found = []
    for number, way in enumerate(ways, start=1):
        progress(f"timing way {number} of {len(ways)}: {way}")
        problem = wrong(way) if number > 1 else None  # the first has just been verified
        if problem is not None:
            found.append(replace(way, refused=problem))
            continue
        try:
            median_ms, ratio = compare(way)
        except NetError as error:
            if number == 1:
                raise
            found.append(replace(way, refused=str(error)[:1000]))
            continue
        found.append(replace(way, median_ms=median_ms, ratio=ratio.ratio, high=ratio.high))
    return found


def _wrong(folder: Path, manifest: Manifest, proof: Proof, way: Trial) -> str | None:
    """Say why a way's predictions are not TensorFlow's; None if they are."""
    question = proof.question
    try:
        run = run_worker(
            folder,
            there_and_back(question.samples),
            timeout_s=patience(manifest),
            engine=way.engine,
            fusion=way.fusion,
            winograd=way.winograd,
            threads=way.threads,
        )
    except NetError as error:
        return str(error)[:1000]
    report = judge(question, *answers_of(manifest, run))
    if report.verdict == proof.verification.parity.verdict:
        return None
    return f"parity: {report.verdict} ({'; '.join(report.reasons)})"[:1000]


def _side(folder: Path, way: Trial, arrays: Any, seconds: float) -> Any:
    return opencv_side(
        folder,
        way.engine,
        arrays,
        options={"threads": way.threads, "fusion": way.fusion, "winograd": way.winograd},
        more_s=10 * seconds,
    )


def _timed(
    folder: Path, way: Trial, arrays: Any, default: Any, samples: int, budget_s: float
) -> tuple[float, Comparison]:
    with _side(folder, way, arrays, budget_s) as (_, asked):
        sides = {"way": _block(asked, samples), "default": _block(default[1], samples)}
        for side in (asked, default[1]):
            for number in range(_WARM_UP):
                side(number % samples)
        cost_s = (asked(0) + default[1](0)) * _BLOCK / 1e9
        rounds = min(max(int(budget_s / cost_s), _ROUNDS[0]), _ROUNDS[1])
        times = take_blocks(sides, rounds)
    runs = sorted(t for block in times["way"] for t in block)
    return runs[len(runs) // 2] / 1e6, compare_blocks(times["way"], times["default"])


def _block(side: Callable[[int], float], samples: int) -> Block[float]:
    return lambda: [side(number % samples) for number in range(_BLOCK)]


def machine() -> str:
    """Name the processor, as the system does."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine() or "unknown"
