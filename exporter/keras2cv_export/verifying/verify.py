"""Run a staged bundle in OpenCV, in a process of its own, against TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from platform import python_version
from typing import Any, Literal, cast

import numpy as np

from keras2cv._version import VERSION
from keras2cv.bundle.manifest import Engine, Evidence, Manifest, Measured, Run
from keras2cv.errors import NetError, ParityError, UsageError
from keras2cv.net.engines import ENGINES
from keras2cv.schema.vocabulary import RunEngine
from keras2cv.streams.reading import read_image
from keras2cv.trial.running import CrashError, WorkerRun, run_worker
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.model.reference import reference
from keras2cv_export.parity.parity import ParityReport, compare, unrepeatable
from keras2cv_export.parity.report import OutputParity
from keras2cv_export.parity.tolerance import Tolerance, parse_tolerance
from keras2cv_export.tasks.presets import value_range

from .pictures import Picture, PictureInput, draw_picture
from .samples import Sample, ValueRange, default_samples, load_samples

# Four drawn samples: enough for outputs to be seen to vary, few enough for VGG16 in seconds.
SAMPLES = 4
SEED = 20
# A first run may page a gigabyte in from a slow disk; a hang is longer than any of that.
_TIMEOUT_S = 120.0
_TIMEOUT_S_PER_GIB = 600.0

Array = np.ndarray[Any, Any]
Outputs = dict[str, Array]


@dataclass(frozen=True)
class Verification:
    """What a comparison found.

    Attributes:
        parity: On the preferred engine.
        by_engine: Engine -> its report; an engine that could not run is not in it.
        engine: What the manifest asks for.
        evidence: For the manifest; None unless the verdict is pass.
        notes: Sentences that the user should hear.
        answers: Engine -> OpenCV's outputs by name, for each sample.
    """

    parity: ParityReport
    by_engine: Mapping[str, ParityReport]
    engine: Engine
    evidence: Evidence | None
    notes: tuple[str, ...]
    answers: Mapping[str, Sequence[Outputs]]


@dataclass(frozen=True)
class Question:
    """What is asked of both sides: samples, TensorFlow's answers, and how near is near enough.

    Attributes:
        samples: Inputs in Keras' layout and order.
        expected: TensorFlow's outputs by name, for each sample.
        picture: For image tasks, one image on its whole way; for the golden vectors.
        tolerance: The limits.
        scores: Outputs that are known to hold class scores.
        constant: Outputs that are known not to depend on the input.
        unsteady: What TensorFlow itself answers differently when asked again; nothing, it is hoped.
        pictures: Image files that the last samples were made of, by the bundle's preprocessing.
    """

    samples: Sequence[Sample]
    expected: Sequence[Outputs]
    picture: Picture | None
    tolerance: Tolerance
    scores: Mapping[str, str]
    constant: frozenset[str]
    unsteady: tuple[str, ...] = ()
    pictures: tuple[Path, ...] = ()


Answer = Callable[[Sample], Outputs]
"""Asks TensorFlow: a sample in, the outputs with the manifest's names and dtypes out."""


def answerer(loaded: LoadedModel, manifest: Manifest) -> Answer:
    """Return what asks TensorFlow.

    Its function raises UsageError where the model's outputs are not the manifest's.
    """
    native = reference(loaded)
    names = [s.name for s in loaded.inputs]

    def answer(sample: Sample) -> Outputs:
        return _as_promised(native(dict(zip(names, sample, strict=True))), manifest)

    return answer


def ask(
    loaded: LoadedModel,
    manifest: Manifest,
    *,
    samples: str | PathLike[str] | None,
    tolerance: str | Sequence[str] | Tolerance,
    scores: Mapping[str, str],
    constant: frozenset[str],
    pictures: Sequence[Path] = (),
    answer: Answer | None = None,
    drawn: int = SAMPLES,
) -> Question:
    """Read or draw samples, and let TensorFlow answer them.

    `pictures` are more samples, for a manifest with preprocessing. `answer` is what `answerer`
    gave, if it was asked before. `drawn` is how many samples are drawn where none are given.

    Raises:
        InputError: The samples cannot be read or do not fit the model.
        UsageError: The tolerance means nothing or names no output, or the model's outputs are not
            the manifest's.
    """
    limits = parse_tolerance(tolerance)
    limits.require_outputs([o.name for o in manifest.outputs])
    # A picture alone is no sample of a model that takes something else beside it.
    alone = manifest.preprocessing is not None and len(manifest.inputs) == 1
    preprocess = PictureInput(manifest) if alone else None
    chosen = _choose_samples(loaded, manifest, samples, preprocess, drawn)
    if preprocess is not None:
        chosen += [(preprocess(read_image(path))[1],) for path in pictures]
    answer = answer or answerer(loaded, manifest)
    picture = draw_picture(manifest, preprocess, answer) if preprocess else None
    expected, again = _halves([answer(s) for s in there_and_back(chosen)])
    unsteady = _told(unrepeatable(expected, again, limits), "TensorFlow", "The reference is no use")
    return Question(chosen, expected, picture, limits, scores, constant, unsteady, tuple(pictures))


def there_and_back(samples: Sequence[Sample]) -> list[Sample]:
    """Ask everything twice, the second time backwards: an answer of the call before then shows."""
    return [*samples, *reversed(samples)]


def _halves(answers: Sequence[Outputs]) -> tuple[list[Outputs], list[Outputs]]:
    """Part what was asked there and back; both in the samples' order."""
    half = len(answers) // 2
    return list(answers[:half]), list(reversed(answers[half:]))


def _told(differences: Sequence[str], side: str, consequence: str) -> tuple[str, ...]:
    """Give the first difference between two runs of one side, as a sentence."""
    if not differences:
        return ()
    more = f" (and {len(differences) - 1} more)" if len(differences) > 1 else ""
    return (f"{side} does not repeat itself: {differences[0]}{more}. {consequence}.",)


def _as_promised(outputs: Outputs, manifest: Manifest) -> Outputs:
    """Give TensorFlow's outputs the manifest's names and dtypes.

    They are matched by position, since a SavedModel calls them otherwise than the model that it
    was made from. A float16 head is given as float32.
    """
    promised = [o.keras_shape for o in manifest.outputs]
    found = {name: np.asarray(array) for name, array in outputs.items()}
    if [array.shape for array in found.values()] != promised:
        raise UsageError(
            f"The model gives {_shown(outputs, (a.shape for a in found.values()))}, and the bundle "
            f"was made for {_shown((o.name for o in manifest.outputs), promised)}. "
            "Give the model that the bundle was made from."
        )
    pairs = zip(manifest.outputs, found.values(), strict=True)
    return {o.name: array.astype(o.dtype, copy=False) for o, array in pairs}


def _shown(names: Iterable[str], shapes: Iterable[tuple[int, ...]]) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in zip(names, shapes, strict=True))


def _choose_samples(
    loaded: LoadedModel,
    manifest: Manifest,
    given: str | PathLike[str] | None,
    preprocess: PictureInput | None,
    drawn: int,
) -> list[Sample]:
    if given is None:
        return default_samples(loaded.inputs, drawn, SEED, value_range=_ranges(loaded, manifest))
    if preprocess is None:
        return load_samples(Path(given), loaded.inputs)
    whole = preprocess
    return load_samples(Path(given), loaded.inputs, preprocess=lambda p: whole(read_image(p))[1])


def _ranges(loaded: LoadedModel, manifest: Manifest) -> dict[str, ValueRange]:
    ranges: dict[str, ValueRange] = {}
    if manifest.preprocessing is not None:
        # By position: a live model may call its input otherwise than its file does.
        place = [t.name for t in manifest.inputs].index(manifest.preprocessing.input)
        ranges[loaded.inputs[place].name] = value_range(manifest.preprocessing)
    vocabulary = loaded.smallest_vocabulary
    if vocabulary is not None:
        words = [s.name for s in loaded.inputs if "int" in s.dtype and s.dtype != "uint8"]
        ranges |= dict.fromkeys(words, (0, vocabulary - 1))
    return ranges


def verify(
    folder: Path,
    manifest: Manifest,
    question: Question,
    engine: str | None,
    scratch: Path | None = None,
) -> Verification:
    """Compare on each engine, and say what the manifest may claim.

    Temporary files lie in `scratch`; None: in the system's place for them.

    Raises:
        NetError: No engine runs the net.
        UsageError: There is no such engine here.
    """
    engines = _engines(engine)
    runs, reports, troubles, answers = _run_all(folder, manifest, question, engines, scratch)
    if not reports:
        raise NetError(" ".join(troubles.values()))
    good = [e for e in reports if reports[e].verdict == "pass"]
    preferred = (good or list(reports))[0]
    return Verification(
        reports[preferred],
        reports,
        Engine(_engine_name(good, engines, preferred), fusion=True, winograd=True),
        _evidence(question, {e: (runs[e], reports[e]) for e in good}),
        _notes(reports, troubles, preferred),
        answers,
    )


def require_parity(parity: ParityReport) -> None:
    """End an export whose predictions are wrong.

    Raises:
        ParityError: The predictions differ; the error carries the report.
    """
    if parity.verdict != "fail":
        return
    error = ParityError(
        f"OpenCV's predictions are not TensorFlow's: {'; '.join(parity.reasons)}. "
        "Nothing was written. `--explain` shows what was rewritten, and --no-check keeps the "
        "bundle for a closer look."
    )
    error.report = parity  # type: ignore[attr-defined]
    raise error


def _engines(asked: str | None) -> tuple[str, ...]:
    if asked in (None, "auto", "any"):
        return ENGINES
    if asked not in ENGINES:
        raise UsageError(
            f"The engine {asked!r} is not in this OpenCV. It has: {', '.join(ENGINES)}."
        )
    return (str(asked),)


def _engine_name(
    good: Sequence[str], engines: Sequence[str], preferred: str
) -> Literal["any", "new", "classic"]:
    """`any` may only be claimed where every engine of an OpenCV with two was tried and passed."""
    everywhere = len(engines) > 1 and list(good) == list(engines)
    return "any" if everywhere else cast('Literal["new", "classic"]', preferred)


def _run_all(
    folder: Path,
    manifest: Manifest,
    question: Question,
    engines: Sequence[str],
    scratch: Path | None,
) -> tuple[dict[str, WorkerRun], dict[str, ParityReport], dict[str, str], dict[str, list[Outputs]]]:
    runs: dict[str, WorkerRun] = {}
    reports: dict[str, ParityReport] = {}
    troubles: dict[str, str] = {}
    answers: dict[str, list[Outputs]] = {}
    asked = there_and_back(question.samples)
    for engine in engines:
        try:
            runs[engine] = run_worker(
                folder, asked, timeout_s=patience(manifest), engine=engine, scratch=scratch
            )
        except CrashError as error:
            troubles[engine] = f"{error}{_crash_site(folder, manifest, engine)}"
            continue
        except NetError as error:
            troubles[engine] = str(error)
            continue
        answers[engine], again = answers_of(manifest, runs[engine])
        reports[engine] = judge(question, answers[engine], again)
    return runs, reports, troubles, answers


def _crash_site(folder: Path, manifest: Manifest, engine: str) -> str:
    """Return a sentence on the layer with which OpenCV crashes; nothing where none is found."""
    from .probing import crash_site

    if manifest.model.format != "onnx":
        return ""
    shapes = {tensor.net_name: tensor.net_shape for tensor in manifest.inputs}
    site = crash_site(folder / manifest.model.file, shapes, engine)
    return f" It crashes{site}" if site != "." else ""


def answers_of(manifest: Manifest, run: WorkerRun) -> tuple[list[Outputs], list[Outputs]]:
    """Return what a process answered there and back, by the outputs' names."""
    return _halves(_named(manifest, run))


def patience(manifest: Manifest) -> float:
    """Return how many seconds a process may take with a net of that size."""
    return _TIMEOUT_S + _TIMEOUT_S_PER_GIB * int(manifest.model.size_bytes) / 2**30


def _named(manifest: Manifest, run: WorkerRun) -> list[Outputs]:
    names = [o.name for o in manifest.outputs]
    return [dict(zip(names, outputs, strict=True)) for outputs in run.outputs]


def judge(
    question: Question, candidate: Sequence[Outputs], again: Sequence[Outputs]
) -> ParityReport:
    """Compare one engine's answers with TensorFlow's, and with its own of the second time."""
    report = compare(
        question.expected,
        candidate,
        question.tolerance,
        scores=question.scores,
        constant=question.constant,
    )
    unsteady = unrepeatable(candidate, again, question.tolerance)
    stale = _told(unsteady, "OpenCV", "A buffer is read again, or something in it is random")
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


def _notes(
    reports: Mapping[str, ParityReport], troubles: Mapping[str, str], preferred: str
) -> tuple[str, ...]:
    if len(reports) + len(troubles) < 2 or reports[preferred].verdict != "pass":
        return tuple(troubles.values())
    wrong = {e: "; ".join(r.reasons) for e, r in reports.items() if r.verdict == "fail"} | dict(
        troubles
    )
    return tuple(
        f"OpenCV's {engine} engine does not run this model right ({why}); "
        f"the bundle asks for the {preferred} engine."
        for engine, why in wrong.items()
    )
