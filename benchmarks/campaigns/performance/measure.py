"""Measure case by case: keep existing results, and report cases that cannot run."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from campaigns import PACKAGES
from keras2cv.errors import Keras2cvError
from keras2cv.isolation import ChildLost, Entry, Limits, run_once
from keras2cv_bench.benching import Wishes, bench
from keras2cv_bench.environment import instruction_sets, usable_cores
from keras2cv_bench.records import Record, read_record, to_json
from keras2cv_bench.subjects import AT_AVX2, CALL, Subject, choose
from keras2cv_bench.whole.measure import bench_whole
from keras2cv_bench.whole.record import WholeRecord

from .flops import peak_gflops
from .photos import photos_in
from .reasons import without_folders
from .zoo import Case

MODEL_PEERS: Final = ("naive", "tf", "ort", "openvino", "litert")  # those that are installed
SCALE_PEERS: Final = ("ort",)
WAY_PEERS: Final = ("tf", "ort")
_PREPARE_S: Final = 7200.0  # of a busy machine
_PREPARE: Final = Entry("campaigns.performance.prepare:answer", PACKAGES)
FROZEN: Final = "frozen"
DEFAULT: Final = "default"  # exported without a flag
PORTABLE: Final = "portable"  # its form for every OpenCV, where it has another one

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Found:
    """A measured case: its record, its arithmetic, and the reason if it has no frozen graph.

    `whole` is from file to answer, where that is measured.
    """

    case: Case
    record: Record
    gflop: float
    why_not_frozen: str
    whole: WholeRecord | None = None


def prepare_all(cases: Sequence[Case], work: Path, progress: Progress) -> None:
    """Export the missing cases, a process each; the log of a failure is in its folder."""
    for number, case in enumerate(cases, start=1):
        folder = folder_of(case, work)
        if (folder / "prepared.json").exists():
            continue
        if absent := [module for module in case.imports if find_spec(module) is None]:
            install = absent[0].replace("_", "-")
            progress(f"[{number}/{len(cases)}] {case.name} is left out: pip install {install}")
            continue
        progress(f"[{number}/{len(cases)}] exporting {case.name}")
        folder.mkdir(parents=True, exist_ok=True)
        job = {"case": case.name, "folder": str(folder), "cores": usable_cores()}
        try:
            run_once(_PREPARE, job, Limits(_PREPARE_S))
        except Keras2cvError as error:
            log = error.log if isinstance(error, ChildLost) else str(error)
            (folder / "prepare.log").write_text(log, encoding="utf-8")
            progress(f"    failed, see {folder / 'prepare.log'}")


def measure_all(
    cases: Sequence[Case],
    work: Path,
    seconds: float,
    progress: Progress,
    *,
    again: bool = False,
    minutes: float = math.inf,
) -> None:
    """Measure the missing cases; write each record to the disk at once.

    Args:
        cases: Those that are not prepared are skipped.
        work: Folder of all cases' files.
        seconds: About how long to time each subject.
        progress: Called with a line per case.
        again: Whether to measure existing results anew.
        minutes: No case is begun after that; another run goes on from there.
    """
    until = time.monotonic() + 60 * minutes
    for number, case in enumerate(cases, start=1):
        folder = folder_of(case, work)
        if not (folder / "prepared.json").exists():
            progress(f"[{number}/{len(cases)}] {case.name} is not prepared")
            continue
        for path, bench_case in _records(case, folder, work, seconds):
            if path.exists() and not again:
                continue
            if time.monotonic() > until:
                progress(f"{minutes:g} minutes are over before {case.name}; run it again to go on")
                return
            progress(f"[{number}/{len(cases)}] measuring {case.name}: {path.stem}")
            try:
                path.write_text(bench_case(), encoding="utf-8")
            except Keras2cvError as error:
                progress(f"    {error}")


def _records(
    case: Case, folder: Path, work: Path, seconds: float
) -> Iterator[tuple[Path, Callable[[], str]]]:
    """Yield the file of each record of a case, and what measures it."""
    yield folder / "record.json", lambda: to_json(_bench(case, folder, seconds))
    if case.answers:
        yield folder / "whole.json", lambda: _bench_whole(case, folder, work, seconds)


def _bench(case: Case, folder: Path, seconds: float) -> Record:
    others = {name: folder / f"{name}.cv" for name in (FROZEN, DEFAULT, PORTABLE)}
    return bench(
        folder / "model.cv",
        folder / "model.keras",
        peers=installed_peers() if case.group == "models" else SCALE_PEERS,
        without=(CALL,),
        also={name: path for name, path in others.items() if path.exists()},
        beside=_beside(case),
        lend=others[DEFAULT] if others[DEFAULT].exists() else None,
        wishes=_wishes(case, seconds),
        work=folder,
    )


def _bench_whole(case: Case, folder: Path, work: Path, seconds: float) -> str:
    record = bench_whole(
        folder / "answers.cv",
        folder / "model.keras",
        str(photos_in(work)),
        peers=WAY_PEERS,
        wishes=_wishes(case, seconds),
        work=folder,
    )
    return json.dumps(record.to_dict()) + "\n"


def _wishes(case: Case, seconds: float) -> Wishes:
    return Wishes(
        (case.batch,), case.threads, seconds=seconds, rounds=case.rounds, imports=case.imports
    )


def installed_peers() -> tuple[str, ...]:
    """Return those of `MODEL_PEERS` that are installed."""
    _, absent = choose(MODEL_PEERS)
    return tuple(peer for peer in MODEL_PEERS if peer not in {s.peer for s, _ in absent})


def _beside(case: Case) -> tuple[Subject, ...]:
    """Add TensorFlow at AVX2 for models, where TensorFlow could use more."""
    return (AT_AVX2,) if case.group == "models" and "avx512f" in instruction_sets() else ()


def results(cases: Sequence[Case], work: Path) -> Iterator[Found]:
    """Yield the cases measured so far."""
    for case in cases:
        folder = folder_of(case, work)
        record = folder / "record.json"
        if not record.exists():
            continue
        prepared: dict[str, Any] = json.loads(
            (folder / "prepared.json").read_text(encoding="utf-8")
        )
        found = _without_folders(read_record(record))
        gflop, frozen = float(prepared["gflop"]), without_folders(str(prepared["frozen"]))
        yield Found(case, found, gflop, frozen, _whole_in(folder))


def _whole_in(folder: Path) -> WholeRecord | None:
    path = folder / "whole.json"
    if not path.exists():
        return None
    return WholeRecord.from_dict(json.loads(path.read_text(encoding="utf-8")))


def _without_folders(record: Record) -> Record:
    """Cut this machine's folders from the messages about files."""
    reasons = (replace(m, reason=without_folders(m.reason)) for m in record.missing)
    return replace(record, missing=tuple(reasons))


def peaks(work: Path, threads: Sequence[int]) -> dict[int, float]:
    """Return this machine's GFLOP/s for each number of threads; measured once."""
    path = work / "peaks.json"
    known = {}
    if path.exists():
        known = {int(k): v for k, v in json.loads(path.read_text(encoding="utf-8")).items()}
    for count in threads:
        if count not in known:
            known[count] = peak_gflops(count)
    path.write_text(json.dumps(known), encoding="utf-8")
    return known


def folder_of(case: Case, work: Path) -> Path:
    """Return the folder of a case's files."""
    return work / case.folder
