"""Run a staged bundle in OpenCV, in a process of its own, against TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import cast

from keras2cv._version import VERSION
from keras2cv.bundle.manifest import Engine, Evidence, Manifest, Measured, Run
from keras2cv.errors import NetError, ParityError, UsageError
from keras2cv.net.engines import ENGINES
from keras2cv.schema.vocabulary import RunEngine
from keras2cv.trial.running import CrashError, WorkerRun, run_worker
from keras2cv_export.parity.parity import ParityReport, compare, unrepeatable
from keras2cv_export.parity.report import OutputParity, worst_report

from .ahead import NetRun
from .promise import choose_engine
from .question import Outputs, Question, first_difference, halves, there_and_back
from .sample_files import Sample

# A first run may page a gigabyte in from a slow disk; a hang is longer than any of that.
_TIMEOUT_S = 120.0
_TIMEOUT_S_PER_GIB = 600.0


@dataclass(frozen=True)
class Verification:
    """The result of a comparison.

    Attributes:
        parity: On the preferred engine.
        by_engine: Engine -> its report; an engine that could not run is not in it.
        engine: The manifest's engine.
        evidence: For the manifest; None unless the verdict is pass.
        notes: Sentences for the user.
        answers: Engine -> OpenCV's outputs by name, for each sample.
        wrong: Engine -> why the manifest does not promise it, for those that were tried.
    """

    parity: ParityReport
    by_engine: Mapping[str, ParityReport]
    engine: Engine
    evidence: Evidence | None
    notes: tuple[str, ...]
    answers: Mapping[str, Sequence[Outputs]]
    wrong: Mapping[str, str]

    @property
    def worst_engine(self) -> str:
        """The engine whose report has the worst verdict, the first of several."""
        worst = worst_report(self.by_engine.values())
        return next(name for name, report in self.by_engine.items() if report is worst)


def verify(
    folder: Path,
    manifest: Manifest,
    question: Question,
    engine: str | None,
    scratch: Path | None = None,
    run: Callable[[NetRun], WorkerRun] = NetRun.now,
) -> Verification:
    """Compare on each engine, and decide which of them the manifest may promise.

    Args:
        folder: The staged bundle's.
        manifest: Its manifest.
        question: The samples and TensorFlow's answers.
        engine: The requested engine; None: all.
        scratch: A folder for temporary files; None: the system's.
        run: Runs OpenCV, or returns the outcome of a run that was begun before.

    Raises:
        NetError: No engine runs the net.
        UsageError: There is no such engine here.
    """
    engines = engines_of(engine)
    stress = [one.sample for one in question.stress]
    planned = runs_of(folder, manifest, question.samples, stress, engines, scratch)
    runs, reports, troubles, answers = _run_all(manifest, question, planned, run)
    if not reports:
        raise NetError(" ".join(troubles.values()))
    choice = choose_engine({e: r.verdict for e, r in reports.items()}, engines)
    wrong = _wrong(reports, troubles)
    return Verification(
        reports[choice.preferred],
        reports,
        Engine(choice.name, fusion=True, winograd=True),
        _evidence(question, {e: (runs[e], reports[e]) for e in choice.right}),
        _notes(reports, troubles, choice.preferred, wrong),
        answers,
        wrong,
    )


def require_parity(parity: ParityReport, judge: str = "TensorFlow") -> None:
    """End an export whose predictions are wrong; `judge` gave the right ones.

    Raises:
        ParityError: The predictions differ; the error carries the report.
    """
    if parity.verdict != "fail":
        return
    error = ParityError(
        f"OpenCV's predictions are not {judge}'s: {'; '.join(parity.reasons)}. "
        "Nothing was written. `--explain` shows the rewrites, and --no-check keeps the "
        "bundle for a closer look."
    )
    error.report = parity  # type: ignore[attr-defined]
    raise error


def engines_of(asked: str | None) -> tuple[str, ...]:
    """Return the engines that a request means; None: all that there are.

    Raises:
        UsageError: There is no such engine here.
    """
    if asked in (None, "auto", "any"):
        return ENGINES
    if asked not in ENGINES:
        raise UsageError(
            f"The engine {asked!r} is not in this OpenCV. It has: {', '.join(ENGINES)}. "
            "Choose one that it has, or install another OpenCV."
        )
    return (str(asked),)


def runs_of(
    folder: Path,
    manifest: Manifest,
    samples: Sequence[Sample],
    stress: Sequence[Sample],
    engines: Sequence[str],
    scratch: Path | None,
) -> dict[str, NetRun]:
    """Return the run of each engine: all samples there and back, and then those of stress.

    Args:
        folder: The bundle's.
        manifest: Its manifest.
        samples: The samples.
        stress: Those that the model was not made for.
        engines: The engines.
        scratch: A folder for temporary files; None: the system's.
    """
    asked = [*there_and_back(samples), *stress]
    options = {"timeout_s": patience(manifest), "scratch": scratch}
    return {e: NetRun(run_worker, folder, asked, {**options, "engine": e}) for e in engines}


def _run_all(
    manifest: Manifest,
    question: Question,
    planned: Mapping[str, NetRun],
    run: Callable[[NetRun], WorkerRun],
) -> tuple[dict[str, WorkerRun], dict[str, ParityReport], dict[str, str], dict[str, list[Outputs]]]:
    runs: dict[str, WorkerRun] = {}
    reports: dict[str, ParityReport] = {}
    troubles: dict[str, str] = {}
    answers: dict[str, list[Outputs]] = {}
    for engine, one in planned.items():
        try:
            runs[engine] = run(one)
        except CrashError as error:
            troubles[engine] = f"{error}{_crash_site(one.folder, manifest, engine)}"
            continue
        except NetError as error:
            troubles[engine] = str(error)
            continue
        given = _named(manifest, runs[engine])
        first = len(given) - len(question.stress)
        answers[engine], again = halves(given[:first])
        reports[engine] = judge(question, answers[engine], again, given[first:])
    return runs, reports, troubles, answers


def _crash_site(folder: Path, manifest: Manifest, engine: str) -> str:
    """Return a sentence on the layer with which OpenCV crashes, or ""."""
    from .probing import crash_site

    if manifest.model.format != "onnx":
        return ""
    shapes = {tensor.net_name: tensor.net_shape for tensor in manifest.inputs}
    site = crash_site(folder / manifest.model.file, shapes, engine)
    return f" It crashes{site}" if site != "." else ""


def answers_of(manifest: Manifest, run: WorkerRun) -> tuple[list[Outputs], list[Outputs]]:
    """Return a process' answers to `there_and_back`, by the outputs' names."""
    return halves(_named(manifest, run))


def patience(manifest: Manifest) -> float:
    """Return how many seconds a process may take with a net of that size."""
    return _TIMEOUT_S + _TIMEOUT_S_PER_GIB * int(manifest.model.size_bytes) / 2**30


def _named(manifest: Manifest, run: WorkerRun) -> list[Outputs]:
    names = [o.name for o in manifest.outputs]
    return [dict(zip(names, outputs, strict=True)) for outputs in run.outputs]


def judge(
    question: Question,
    candidate: Sequence[Outputs],
    again: Sequence[Outputs],
    stressed: Sequence[Outputs] = (),
) -> ParityReport:
    """Compare one engine's answers with TensorFlow's, and with its own in the second run.

    Args:
        question: The samples and TensorFlow's answers.
        candidate: The engine's answers to the samples.
        again: Its answers to the same in another order.
        stressed: Its answers to the question's `stress`, or none if they were not asked.
    """
    stress = question.stress[: len(stressed)]
    report = compare(
        [*question.expected, *(one.expected for one in stress)],
        [*candidate, *stressed],
        question.tolerance,
        scores=question.scores,
        constant=question.constant,
        exact=question.exact,
        near=question.near,
        stress=[one.name for one in stress],
        judge=question.judge,
    )
    unsteady = unrepeatable(candidate, again, question.tolerance)
    stale = first_difference(
        unsteady, "OpenCV", "A buffer is read again, or something in it is random"
    )
    return report.with_failures(question.unsteady + stale)


def _evidence(
    question: Question, passed: Mapping[str, tuple[WorkerRun, ParityReport]]
) -> Evidence | None:
    if not passed:
        return None
    runs = tuple(
        Run(run.opencv, cast("RunEngine", run.engine), tuple(_measured(o) for o in report.outputs))
        for run, report in passed.values()
    )
    first = next(iter(passed.values()))[0]
    return Evidence(
        str(question.tolerance), len(question.samples), "pass", runs, _versions(first.opencv)
    )


def _measured(output: OutputParity) -> Measured:
    check = next((c for c in output.checks if c.metric == "max_abs/max_ref"), output.tightest)
    if check is None:
        raise AssertionError(f"{output.name} passed without a check")
    return Measured(output.name, check.metric, check.limit, check.measured)


def _versions(opencv: str) -> dict[str, str]:
    tools = ("tensorflow", "keras", "tf2onnx", "onnx", "onnx-ir", "numpy")
    return {
        "keras2cv": VERSION,
        "python": python_version(),
        "opencv": opencv,
        **{name: version(name) for name in tools},
    }


def _wrong(reports: Mapping[str, ParityReport], troubles: Mapping[str, str]) -> dict[str, str]:
    wrong = {e: "; ".join(r.reasons) for e, r in reports.items() if r.verdict == "fail"}
    return wrong | dict(troubles)


def _notes(
    reports: Mapping[str, ParityReport],
    troubles: Mapping[str, str],
    preferred: str,
    wrong: Mapping[str, str],
) -> tuple[str, ...]:
    if len(reports) + len(troubles) < 2 or reports[preferred].verdict == "fail":
        return tuple(troubles.values())
    return tuple(
        f"OpenCV's {engine} engine does not run this model right ({why}); "
        f"the bundle asks for the {preferred} engine."
        for engine, why in wrong.items()
    )
