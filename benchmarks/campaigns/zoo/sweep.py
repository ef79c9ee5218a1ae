"""Make, export and run the specimens, one after the other."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from campaigns import PACKAGES
from campaigns.atlas.columns import Column
from campaigns.atlas.reasons import tidied
from keras2cv.errors import InconclusiveError, MissingDependency
from keras2cv.isolation import ChildLost, Conversation, Entry, Limits, answer_each

from .environments import prepared
from .results import Found, Outcome, Results, Verdict
from .specimen import Specimen

# The bar for an export is 600 s.
_LIMIT_S: Final = 660.0
# Under less memory an export first tries, in a process of its own, whether TensorFlow loads.
_FORKS: Final = Limits(_LIMIT_S + 60.0, 300.0, 16 * 2**30)
_RUN: Final = Limits(300.0, 120.0, 12 * 2**30)
_RUN_CHILD: Final = Path(__file__).resolve().parents[1] / "atlas" / "run_child.py"
# A raw bundle: what a picture means to a model is not the subject here.
_OPTIONS: Final = ("--task", "raw")
# The line of a traceback that names the error: "keras.src.x.SomeError: ...".
_ERROR: Final = re.compile(r"[\w.]*(Error|Exception|Interrupt|Exit)\b")

# Errors above are no rounding, whatever the model.
_ROUNDING: Final = 1e-2

Reply = dict[str, Any]


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
        self._started: tuple[str, dict[str, str]] | None = None
        self._forks: Conversation | None = None

    def run(self, specimens: Sequence[Specimen]) -> None:
        """Try those that have no result yet."""
        todo = [one for one in specimens if one.name not in self._results.found]
        self._progress(f"{len(specimens)} models, {len(specimens) - len(todo)} tried before")
        started = time.monotonic()
        for done, one in enumerate(todo, 1):
            found = self._try(one)
            self._results.add([found])
            minutes = (time.monotonic() - started) / 60
            left = minutes / done * (len(todo) - done)
            self._progress(f"{done}/{len(todo)} {_line(found)}, about {left:.0f} min to go")
        self._end()

    def _try(self, one: Specimen) -> Found:
        folder = self._work / "model"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            made = self._fork(one, "make", function="campaigns.zoo.make_child.make")
            if made["code"] != 0:
                return Found(one.name, "not made", self._tidy(last_words(made["log"])))
            exported = self._fork(one, "export", main=self._words(one, made["reply"]["file"]))
            return self._found(one, made["reply"], exported)
        except (ChildLost, MissingDependency) as error:
            self._end()
            return Found(one.name, "not made", str(error)[:600])

    def _found(self, one: Specimen, made: Reply, exported: Reply) -> Found:
        verdict, reason = judged(exported["code"], self._tidy(exported["log"]))
        keras = self._plain(one, made)
        cells = {c.name: self._cell(c, one, verdict, reason, (made, keras)) for c in self._columns}
        return Found(
            one.name,
            verdict,
            reason,
            exported["seconds"],
            exported["peak_mb"],
            made["weights_bytes"] / 2**20,
            Path(made["file"]).suffix or "SavedModel",
            cells,
            exported["before_mb"],
        )

    def _words(self, one: Specimen, file: str, version: str = "") -> list[str]:
        imports = [word for name in one.collection.imports for word in ("--import", name)]
        bundle = ["-o", self._bundle(version)]
        return ["export", file, *bundle, *_OPTIONS, *imports, *one.options]

    def _plain(self, one: Specimen, made: Reply) -> Reply | None:
        """Let Keras 3 export its file; the old Keras has no such export."""
        if not str(made["file"]).endswith(".keras"):
            return None
        function = "campaigns.zoo.make_child.export_plainly"
        return self._fork(one, "plain", function=function, file=made["file"])

    def _fork(self, one: Specimen, kind: str, **more: Any) -> Reply:
        """Do a job in a copy of the process that has TensorFlow."""
        generation, variables = one.collection.generation, variables_of(one)
        if self._forks is None or self._started != (generation, variables):
            self._end()
            self._started = generation, variables
            python = prepared(generation, one.collection.requirements)
            entry = Entry("campaigns.zoo.forks:answer", PACKAGES, python, variables)
            self._forks = Conversation(entry, _FORKS, self._work).__enter__()
        prepared(generation, one.collection.requirements)
        job = {**_job(one, self._work / "model"), **more}
        log = str(self._work / "model" / f"{kind}.log")
        own = dict(one.collection.variables)
        return self._forks.ask({**job, "log": log, "limit_s": _LIMIT_S, "variables": own})

    def _tidy(self, log: str) -> str:
        return without_folders(log, f"{self._work}/model/")

    def _end(self) -> None:
        if self._forks is not None:
            self._forks.__exit__(None, None, None)
        self._forks = None

    def _cell(
        self,
        column: Column,
        one: Specimen,
        verdict: Verdict,
        reason: str,
        replies: tuple[Reply, Reply | None],
    ) -> Outcome:
        made, keras = replies
        job = _job(one, self._work / "model")
        if column.kind != "plain":
            if verdict != "right":
                return Outcome(verdict, reason=reason)
            return self._run_bundle(column, one, job, made)
        if keras is None:
            return Outcome("none")
        if keras["code"] != 0:
            return Outcome("refused", reason=self._tidy(last_words(keras["log"]))[:300])
        return self._run(column, {**job, "kind": "plain", "path": job["plain"], **keras["reply"]})

    def _run_bundle(self, column: Column, one: Specimen, job: Reply, made: Reply) -> Outcome:
        """Run the bundle; where it needs a newer OpenCV, one that is exported for this OpenCV."""
        found = self._run(column, {**job, "kind": "bundle", "path": self._bundle()})
        if "with --opencv" not in found.reason:
            return self._held_against_exact(column, one, {**job, "file": made["file"]}, found)
        words = [*self._words(one, made["file"], column.version), "--opencv", column.version]
        exported = self._fork(one, "again", main=words)
        verdict, reason = judged(exported["code"], self._tidy(exported["log"]))
        if verdict != "right":
            return Outcome(verdict, reason=reason)
        path = self._bundle(column.version)
        return self._run(column, {**job, "kind": "bundle", "path": path})

    def _held_against_exact(
        self, column: Column, one: Specimen, job: Reply, found: Outcome
    ) -> Outcome:
        """Where float32 alone cannot tell, let the exact answer: see `run_child.judge`."""
        if found.verdict != "wrong" or found.error is None or found.error > _ROUNDING:
            return found
        made = self._fork(one, "exact", function="campaigns.zoo.exact_child.add_exact", **job)
        if made["code"] != 0:
            return found
        return self._run(column, {**job, "kind": "bundle", "path": self._bundle()})

    def _bundle(self, version: str = "") -> str:
        return str(self._work / "model" / f"bundle{version}.cv")

    def _run(self, column: Column, job: Mapping[str, Any]) -> Outcome:
        entry = Entry(f"{_RUN_CHILD}:answer", (), column.where.python, self._environment)
        request = {**job, "engine": column.engine}
        (answer,) = answer_each(entry, [request], _RUN, folder=self._work)
        if answer.problem is not None:
            return Outcome("traceback", reason=f"OpenCV {answer.problem}"[:300])
        reply = answer.reply
        meaning: dict[str, Verdict] = {
            "pass": "right", "fails": "refused", "wrong": "wrong", "crash": "traceback",
        }  # fmt: skip
        reason = self._tidy(tidied(reply.get("reason", "")))[:300]
        return Outcome(meaning[reply["verdict"]], reply.get("error"), reason)


def variables_of(one: Specimen) -> dict[str, str]:
    """Return the environment of the process with TensorFlow, which reads some at its import."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    old = {"TF_USE_LEGACY_KERAS": "1"} if one.collection.generation == "keras2" else {}
    own = {k: v for k, v in one.collection.variables.items() if k.startswith("TF_")}
    return {**kept, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", **old, **own}


def judged(code: int, log: str) -> tuple[Verdict, str]:
    """Return the verdict on an export, and its sentence in one line, by what it printed.

    One whose samples tell too little wrote its bundle: the columns tell more.
    """
    if code == 0:
        return "right", ""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    if code == InconclusiveError.exit_code:
        return "right", next((li for li in lines if "inconclusive" in li.lower()), "inconclusive")
    starts = [k for k, line in enumerate(lines) if line.startswith("error:")]
    if "Traceback (most recent call last)" in log or code < 0 or not starts:
        return "traceback", last_words(log)
    return "refused", " ".join(lines[starts[-1] :]).removeprefix("error: ")[:600]


def without_folders(log: str, work: str) -> str:
    """Return words without this machine's folders: the one at work, and where packages lie."""
    return re.sub(r"/[^\s\"']*/site-packages/", "", log.replace(work, ""))


def last_words(log: str) -> str:
    """Return the last error that was printed, with what follows it."""
    lines = [line.rstrip() for line in log.splitlines() if line.strip()]
    errors = [k for k, line in enumerate(lines) if _ERROR.match(line)]
    start = errors[-1] if errors else -3
    return " ".join(line.strip() for line in lines[start:])[:600]


def _job(one: Specimen, folder: Path) -> dict[str, Any]:
    return {
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


def _line(found: Found) -> str:
    cells = " ".join(cell.verdict for cell in found.cells.values())
    return (
        f"{found.name}: {found.verdict} in {found.seconds:.0f} s, {found.peak_mb:.0f} MB of "
        f"{found.weights_mb:.1f}; {cells} {found.reason[-300:]}"
    )
