"""Make, export and run the specimens, a handful at a time."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from campaigns import PACKAGES
from campaigns.atlas.columns import Column
from campaigns.atlas.reasons import tidied
from keras2cv.errors import MissingDependency
from keras2cv.isolation import ChildAnswer, Entry, Limits, answer_each

from .environments import prepared
from .exporting import Ran, export_file, sentence_of
from .results import Found, Outcome, Results, Verdict
from .specimen import Collection, Specimen

_HANDFUL: Final = 6
_MAKE: Final = Limits(600.0, 300.0, 12 * 2**30)
_RUN: Final = Limits(300.0, 120.0, 12 * 2**30)
_MAKE_CHILD: Final = "campaigns.zoo.make_child:answer"
_RUN_CHILD: Final = Path(__file__).resolve().parents[1] / "atlas" / "run_child.py"
# A raw bundle: what a picture means to a model is not the subject here.
_OPTIONS: Final = ("--task", "raw")


class Sweep:
    """Tries specimens on every column, and stores what it finds.

    Args:
        columns: The OpenCVs, for bundles and for Keras' own export.
        results: Receives what was found.
        work: A folder for files that are removed again.
        environment: With which a column's Python imports keras2cv.
        progress: Called with a line for each model.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        results: Results,
        work: Path,
        environment: Mapping[str, str],
        progress: Callable[[str], None],
    ) -> None:
        self._columns, self._results, self._work = columns, results, work
        self._environment, self._progress = environment, progress

    def run(self, specimens: Sequence[Specimen]) -> None:
        """Try those that have no result yet."""
        todo = [one for one in specimens if one.name not in self._results.found]
        self._progress(f"{len(specimens)} models, {len(specimens) - len(todo)} tried before")
        done, started = 0, time.monotonic()
        for handful in _handfuls(todo):
            for found in self._try(handful):
                self._results.add([found])
                done += 1
                minutes = (time.monotonic() - started) / 60
                left = minutes / done * (len(todo) - done)
                self._progress(f"{done}/{len(todo)} {_line(found)}, about {left:.0f} min to go")

    def _try(self, handful: Sequence[Specimen]) -> Iterator[Found]:
        folder = self._work / "models"
        jobs = [_job(one, folder / str(k)) for k, one in enumerate(handful)]
        python = self._prepared(handful)
        for job in jobs:
            Path(job["folder"]).mkdir(parents=True)
        made = list(self._ask(jobs, python, handful[0].collection))
        plain = self._export_plainly(jobs, made, python, handful[0].collection)
        try:
            for one, job, answer, kerass in zip(handful, jobs, made, plain, strict=True):
                yield self._found(one, job, answer, kerass, python)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _prepared(self, handful: Sequence[Specimen]) -> Path:
        needed = [name for one in handful for name in one.collection.requirements]
        return prepared(handful[0].collection.generation, needed)

    def _ask(
        self, jobs: Sequence[Mapping[str, Any]], python: Path, collection: Collection
    ) -> Iterator[ChildAnswer]:
        entry = Entry(_MAKE_CHILD, PACKAGES, python, variables_of(collection))
        return iter(answer_each(entry, jobs, _MAKE, folder=self._work))

    def _export_plainly(
        self,
        jobs: Sequence[Mapping[str, Any]],
        made: Sequence[ChildAnswer],
        python: Path,
        collection: Collection,
    ) -> list[ChildAnswer | None]:
        """Let Keras 3 export its files; the old Keras has no such export."""
        if collection.generation != "keras3":
            return [None] * len(jobs)
        wishes = [
            {**job, "kind": "plain", "file": answer.reply["file"]}
            for job, answer in zip(jobs, made, strict=True)
            if answer.problem is None and str(answer.reply["file"]).endswith(".keras")
        ]
        answers = {
            wish["folder"]: answer
            for wish, answer in zip(wishes, self._ask(wishes, python, collection), strict=True)
        }
        return [answers.get(job["folder"]) for job in jobs]

    def _found(
        self,
        one: Specimen,
        job: Mapping[str, Any],
        made: ChildAnswer,
        kerass: ChildAnswer | None,
        python: Path,
    ) -> Found:
        if made.problem is not None:
            return Found(one.name, "not made", f"{made.problem}"[:600])
        imports = [word for name in one.collection.imports for word in ("--import", name)]
        bundle = Path(job["folder"], "bundle.cv")
        ran = export_file(
            python,
            made.reply["file"],
            bundle,
            [*_OPTIONS, *imports, *one.options],
            variables_of(one.collection),
        )
        verdict, reason = _judged(ran)
        cells = {
            column.name: self._cell(column, job, verdict, reason, kerass)
            for column in self._columns
        }
        weights = made.reply["weights_bytes"] / 2**20
        return Found(one.name, verdict, reason, ran.seconds, ran.peak_mb, weights, cells)

    def _cell(
        self,
        column: Column,
        job: Mapping[str, Any],
        verdict: Verdict,
        reason: str,
        kerass: ChildAnswer | None,
    ) -> Outcome:
        if column.kind != "plain":
            if verdict != "right":
                return Outcome(verdict, reason=reason)
            path = str(Path(job["folder"], "bundle.cv"))
            return self._run(column, {**job, "kind": "bundle", "path": path})
        if kerass is None:
            return Outcome("none")
        if kerass.problem is not None:
            return Outcome("refused", reason=kerass.problem[:300])
        return self._run(column, {**job, "kind": "plain", "path": job["plain"], **kerass.reply})

    def _run(self, column: Column, job: Mapping[str, Any]) -> Outcome:
        entry = Entry(f"{_RUN_CHILD}:answer", (), column.where.python, self._environment)
        request = {**job, "engine": column.engine}
        (answer,) = answer_each(entry, [request], _RUN, folder=self._work)
        if answer.problem is not None:
            return Outcome("traceback", reason=f"OpenCV {answer.problem}"[:300])
        said = answer.reply
        meaning: dict[str, Verdict] = {
            "pass": "right", "fails": "refused", "wrong": "wrong", "crash": "traceback",
        }  # fmt: skip
        reason = tidied(said.get("reason", ""))[:300]
        return Outcome(meaning[said["verdict"]], said.get("error"), reason)


def variables_of(collection: Collection) -> dict[str, str]:
    """Return the environment of a collection's processes."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    old = {"TF_USE_LEGACY_KERAS": "1"} if collection.generation == "keras2" else {}
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    return {**kept, **quiet, **old, **collection.variables}


def _job(one: Specimen, folder: Path) -> dict[str, Any]:
    return {
        "kind": "make",
        "build": one.build,
        "arguments": dict(one.arguments),
        "format": one.format,
        "trained": one.trained,
        "values": list(one.collection.values),
        "shapes": [list(shape) for shape in one.shapes],
        "imports": list(one.collection.imports),
        "folder": str(folder),
        "io": str(folder / "io.npz"),
        "plain": str(folder / "plain.onnx"),
    }


def _judged(ran: Ran) -> tuple[Verdict, str]:
    if ran.code == 0:
        return "right", ""
    said = sentence_of(ran.said)
    if "Traceback (most recent call last)" in ran.said or ran.code < 0 or "error:" not in ran.said:
        return "traceback", said
    return "refused", said


def _handfuls(specimens: Sequence[Specimen]) -> Iterator[list[Specimen]]:
    """Yield specimens of one environment and one collection's variables, few at a time."""
    handful: list[Specimen] = []
    for one in specimens:
        if handful and (len(handful) >= _HANDFUL or _setting(handful[-1]) != _setting(one)):
            yield handful
            handful = []
        handful.append(one)
    if handful:
        yield handful


def _setting(one: Specimen) -> object:
    return one.collection.generation, dict(one.collection.variables)


def _line(found: Found) -> str:
    cells = " ".join(f"{cell.verdict}" for cell in found.cells.values())
    return (
        f"{found.name}: {found.verdict} in {found.seconds:.0f} s, {found.peak_mb:.0f} MB of "
        f"{found.weights_mb:.1f}; {cells} {found.reason[:160]}"
    )


__all__ = ["MissingDependency", "Sweep", "variables_of"]
