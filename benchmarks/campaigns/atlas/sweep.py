"""The sweep: export a handful of cases, run them in every column, store results, clean up."""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from campaigns import PACKAGES
from campaigns.atlas.children import Children
from campaigns.atlas.columns import Column, Kind
from campaigns.atlas.reasons import tidied
from campaigns.atlas.store import VERDICTS, Record, Store
from keras2cv.errors import MissingDependency
from keras2cv.isolation import ChildAnswer, ChildLost, Entry, Limits, run_once

_RUN_CHILD: Final = Path(__file__).resolve().with_name("run_child.py")
_EXPORT_CHILD: Final = "campaigns.atlas.export_child"
_ONNX_CHILD: Final = "campaigns.atlas.onnx_child"
_START_S: Final = 300.0  # TensorFlow on a busy machine
_MOST_BYTES: Final = 12 * 2**30
# Cases per handful: what is lost by an interruption, and how much is on the disk at once.
_HANDFUL: Final = 40
_HANDFUL_OF: Final[Mapping[str, int]] = {"application": 4}
# A whole VGG16 fits. Keras' own export of it does not, and would exhaust the machine's memory.
EXPORT_LIMITS: Final = Limits(900.0, _START_S, _MOST_BYTES)
RUN_LIMITS: Final = Limits(120.0, _START_S, _MOST_BYTES)

# Errors about the graph, which another --opencv may avoid.
_ON_THE_GRAPH: Final = ("UnsupportedError", "UnsupportedOpsError")

Progress = Callable[[str], None]
File = tuple[Kind, str]
"""What an export writes: a kind, and the `--opencv` that it is for."""
_PLAIN_FILE: Final[File] = ("plain", "")


@dataclass(frozen=True, slots=True)
class Listed:
    """A case as the suite lists it: with its group, its module and the module's subject.

    `sampled`: whether the suite's sample has it.
    """

    name: str
    group: str
    batches: tuple[int, ...]
    family: str
    about: str
    sampled: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """One case at one batch size.

    Attributes:
        case: Its name.
        batch: Samples per run.
        export: The outcome of the export; a pass has a bundle.
        refusal: The kind of error that refused it; "" if none did.
    """

    case: str
    batch: int
    export: Record
    refusal: str = ""


def list_suite(suite: Path, work: Path) -> tuple[tuple[Listed, ...], dict[str, str]]:
    """Return the suite's cases, and the versions of TensorFlow and its friends.

    Raises:
        MissingDependency: The suite cannot be imported.
    """
    entry = Entry(f"{_EXPORT_CHILD}:list_cases", PACKAGES)
    try:
        reply = run_once(entry, {"suite": str(suite.resolve())}, Limits(_START_S), folder=work)
    except ChildLost as lost:
        raise MissingDependency(
            f"The suite in {suite} cannot be imported: {lost.last_words}."
        ) from lost
    cases = (Listed(**{**case, "batches": tuple(case["batches"])}) for case in reply["cases"])
    return tuple(cases), reply["versions"]


class Sweep:
    """Measures cases in columns, and adds the results to a store.

    Args:
        suite: The folder of the conformance suite.
        columns: The targets.
        store: Receives the records, and holds those of an earlier run.
        work: A folder for files that are removed again.
        environment: The variables with which a column's Python imports keras2cv.
        progress: Called with a line now and then.
        workers: How many processes may run at once.
        run_limits: Of a column's process; an emulated one needs more time.
    """

    def __init__(
        self,
        suite: Path,
        columns: Sequence[Column],
        store: Store,
        work: Path,
        environment: Mapping[str, str],
        progress: Progress,
        workers: int = 1,
        run_limits: Limits = RUN_LIMITS,
    ) -> None:
        """Keep the arguments; `run` does the work."""
        self._suite, self._columns, self._store = suite, columns, store
        self._work, self._environment, self._progress = work, environment, progress
        self._workers, self._run_limits = workers, run_limits
        self._children = Children(work)

    def run(self, cases: Sequence[Listed]) -> None:
        """Measure the cells that the store lacks."""
        todo = [case for case in cases if not self._is_done(case)]
        self._progress(f"{len(cases)} cases, {len(cases) - len(todo)} of them measured before")
        try:
            self._run(todo)
        finally:
            self._children.close()

    def _run(self, todo: Sequence[Listed]) -> None:
        done, started = 0, time.monotonic()
        for handful in _handfuls(todo):
            self._measure(handful)
            if handful[0].group in _HANDFUL_OF:
                self._children.close()  # their memory has held large models
            shutil.rmtree(self._work / "cases", ignore_errors=True)
            done += len(handful)
            minutes = (time.monotonic() - started) / 60
            left = minutes / done * (len(todo) - done)
            self._progress(
                f"{done} of {len(todo)}  {handful[0].family:24s} {self._count_verdicts(handful)}, "
                f"{minutes:.0f} min, about {left:.0f} to go"
            )

    def _count_verdicts(self, cases: Sequence[Listed]) -> str:
        """Return how many cells of some cases have each verdict."""
        names = {case.name for case in cases}
        counts = Counter(r.verdict for r in self._store.records.values() if r.case in names)
        return " ".join(f"{verdict} {counts[verdict]}" for verdict in VERDICTS if counts[verdict])

    def _is_done(self, case: Listed) -> bool:
        keys = ((case.name, column.name, b) for column in self._columns for b in case.batches)
        return all(key in self._store.records for key in keys)

    def _measure(self, cases: Sequence[Listed]) -> None:
        ours, frozen, onnx, plain = (
            self._unknown(cases, kind) for kind in ("bundle", "frozen", "onnx", "plain")
        )
        wishes = [(case.name, batch) for case in cases for batch in case.batches]
        columns = (*ours, *onnx, *frozen)
        tasks, files = self._export(cases, {_file_of(c) for c in (*columns, *plain)})
        with ThreadPoolExecutor(self._workers) as pool:
            runs = pool.map(lambda c: list(self._run_bundles(tasks[_file_of(c)], c)), columns)
            for records in runs:
                self._store.add(records)
            for records in pool.map(lambda c: list(self._run_plain(wishes, files, c)), plain):
                self._store.add(records)
        if ours:
            self._try_again(tasks["bundle", ""], ours)

    def _unknown(self, cases: Sequence[Listed], kind: Kind) -> list[Column]:
        """Return the columns of a kind that miss any of the cases."""
        keys = [(case.name, batch) for case in cases for batch in case.batches]
        known = self._store.records
        return [
            c for c in self._columns
            if c.kind == kind and any((case, c.name, batch) not in known for case, batch in keys)
        ]  # fmt: skip

    def _export(
        self, cases: Sequence[Listed], files: Collection[File]
    ) -> tuple[dict[File, list[Task]], dict[str, ChildAnswer]]:
        """Let Keras predict, and export: ours per batch size, Keras' once, with an open batch.

        One case after the other, so that its model is built once.
        """
        ours = set(files) - {_PLAIN_FILE}
        plain = _PLAIN_FILE in files
        jobs = [
            job
            for case in cases
            for job in (
                *(self._job("ask", case.name, batch) for batch in case.batches),
                *(
                    self._job(kind, case.name, batch, opencv)
                    for kind, opencv in sorted(ours)
                    for batch in case.batches
                ),
                *([self._job("plain", case.name, 0)] if plain else ()),
            )
        ]
        answers = {
            (job["kind"], job["opencv"], job["case"], job["batch"]): answer
            for job, answer in zip(jobs, self._export_child(jobs), strict=True)
        }
        tasks: dict[File, list[Task]] = {file: [] for file in ours}
        for file in ours:
            for case in cases:
                for batch in case.batches:
                    asked = _task(answers["ask", "", case.name, batch], case.name, batch, "Keras")
                    answer = answers[file[0], file[1], case.name, batch]
                    exported = _task(answer, case.name, batch, "export")
                    tasks[file].append(exported if asked.export.verdict == "pass" else asked)
        return tasks, {case.name: answers["plain", "", case.name, 0] for case in cases if plain}

    def _run_bundles(
        self, tasks: Sequence[Task], column: Column, opencv: str = ""
    ) -> Iterator[Record]:
        """Yield the record of every task: the export's if it failed, else the run's."""
        good = [task for task in tasks if task.export.verdict == "pass"]
        kind, asked = _file_of(column)
        jobs = [
            {**self._job(kind, task.case, task.batch, opencv or asked), "engine": column.engine}
            for task in good
        ]
        answers = iter(list(self._run_child(jobs, column)))
        for task in tasks:
            record = replace(task.export, column=column.name, opencv=opencv)
            if task.export.verdict == "pass":
                name = column.runtime if column.kind == "onnx" else f"OpenCV {column.runtime}"
                found = _record(next(answers), task.case, column.name, task.batch, name)
                record = replace(found, opencv=opencv, rewrites=task.export.rewrites)
            yield record

    def _try_again(self, tasks: Sequence[Task], columns: Sequence[Column]) -> None:
        """Where the portable bundle fails, export for that OpenCV, as its user would."""
        wishes = [
            (task, version)
            for task in tasks
            for version in dict.fromkeys(c.version for c in columns if self._failed(task, c))
        ]
        jobs = [self._job("bundle", task.case, task.batch, version) for task, version in wishes]
        again: dict[str, list[Task]] = {}
        for (task, version), answer in zip(wishes, self._export_child(jobs), strict=True):
            again.setdefault(version, []).append(_task(answer, task.case, task.batch, "export"))
        for column in columns:
            about_graph = [
                t for t in again.get(column.version, ()) if t.refusal in ("", *_ON_THE_GRAPH)
            ]
            failed = [task for task in about_graph if self._failed(task, column)]
            self._store.add(list(self._run_bundles(failed, column, column.version)))

    def _failed(self, task: Task, column: Column) -> bool:
        """Whether a column failed on the graph, rather than on the model."""
        record = self._store.records[task.case, column.name, task.batch]
        return record.verdict != "pass" and task.refusal in ("", *_ON_THE_GRAPH)

    def _run_plain(
        self, wishes: Sequence[tuple[str, int]], files: Mapping[str, ChildAnswer], column: Column
    ) -> Iterator[Record]:
        runnable = [wish for wish in wishes if _verdict(files[wish[0]]) == "pass"]
        jobs = [
            {
                **self._job("plain", case, batch),
                "inputs": files[case].reply["inputs"],
                "outputs": files[case].reply["outputs"],
            }
            for case, batch in runnable
        ]
        answers = dict(zip(runnable, self._run_child(jobs, column), strict=True))
        for case, batch in wishes:
            ran = answers.get((case, batch))
            who = f"OpenCV {column.where.opencv}" if ran else "Keras' export"
            yield _record(ran or files[case], case, column.name, batch, who)

    def _job(self, kind: str, case: str, batch: int, opencv: str = "") -> dict[str, Any]:
        """Return the description of a job, with the paths that all of its case share."""
        folder = self._work / "cases" / case / str(batch)
        paths = {
            "ask": "",
            "bundle": f"bundle{opencv}.cv",
            "frozen": "frozen.cv",
            "plain": "../plain.onnx",
        }
        return {
            "kind": kind,
            "case": case,
            "batch": batch,
            "opencv": opencv,
            "folder": str(folder),
            "io": str(folder / "io.npz"),
            "path": os.path.normpath(folder / paths[kind]),
        }

    def _export_child(self, jobs: Sequence[Mapping[str, Any]]) -> Iterable[ChildAnswer]:
        """Do the jobs in as many processes as may run at once; a case stays in one of them."""
        names = list(dict.fromkeys(job["case"] for job in jobs))
        shares = [
            [k for k, job in enumerate(jobs) if names.index(job["case"]) % self._workers == share]
            for share in range(self._workers)
        ]
        with ThreadPoolExecutor(self._workers) as pool:
            answered = pool.map(
                lambda share: self._exported(share, [jobs[k] for k in shares[share]]),
                range(self._workers),
            )
            found = {
                k: answer
                for share, answers in zip(shares, answered, strict=True)
                for k, answer in zip(share, answers, strict=True)
            }
        return [found[k] for k in range(len(jobs))]

    def _exported(self, share: int, jobs: Sequence[Mapping[str, Any]]) -> list[ChildAnswer]:
        entry = Entry(f"{_EXPORT_CHILD}:answer", PACKAGES)
        requests = [{"suite": str(self._suite.resolve()), **job} for job in jobs]
        return self._children.answers(share, entry, requests, EXPORT_LIMITS)

    def _run_child(
        self, jobs: Sequence[Mapping[str, Any]], column: Column
    ) -> Iterable[ChildAnswer]:
        entry = Entry(f"{_RUN_CHILD}:answer", (), column.where.python, self._environment)
        if column.kind == "onnx":
            entry = Entry(f"{_ONNX_CHILD}:answer", PACKAGES)
        return self._children.answers(column.name, entry, jobs, self._run_limits)


def _file_of(column: Column) -> File:
    """Return the file that a column runs: those of kind "onnx" read bundles."""
    return ("bundle" if column.kind == "onnx" else column.kind, column.asked)


def _record(answer: ChildAnswer, case: str, column: str, batch: int, who: str) -> Record:
    """Turn an answer into a record; `who` names the program that crashed, if the child did."""
    if answer.problem is not None:
        return Record(case, column, batch, "crash", reason=f"{who} {answer.problem}")
    reply = answer.reply
    return Record(
        case,
        column,
        batch,
        reply["verdict"],
        reply.get("error"),
        tidied(reply.get("reason", "")),
        rewrites=tuple(reply.get("rewrites", ())),
    )


def _task(answer: ChildAnswer, case: str, batch: int, who: str) -> Task:
    refusal = str(answer.reply.get("refusal", ""))
    return Task(case, batch, _record(answer, case, "", batch, who), refusal)


def _verdict(answer: ChildAnswer) -> str:
    return "crash" if answer.problem is not None else str(answer.reply["verdict"])


def _handfuls(cases: Sequence[Listed]) -> Iterator[list[Listed]]:
    """Yield a few cases at a time, for the disk's sake."""
    handful: list[Listed] = []
    for case in cases:
        if len(handful) >= _HANDFUL_OF.get(case.group, _HANDFUL):
            yield handful
            handful = []
        handful.append(case)
    if handful:
        yield handful
