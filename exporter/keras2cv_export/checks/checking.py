"""Check that a bundle still predicts the same as the model that it was made from."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx_ir as ir

from keras2cv.bundle.manifest import Manifest
from keras2cv.bundle.reading import Bundle, read_bundle
from keras2cv.errors import UsageError
from keras2cv.streams.sources import read_image
from keras2cv.tasks import TASKS
from keras2cv_export.bisecting import Bisection, require_onnx
from keras2cv_export.bisecting import bisect as find_first
from keras2cv_export.end_to_end.own_function import load_function
from keras2cv_export.end_to_end.pictures import Pictures, pictures_for
from keras2cv_export.end_to_end.reference_preprocessing import parse_reference
from keras2cv_export.end_to_end.walk import walk
from keras2cv_export.end_to_end.walked import Journey
from keras2cv_export.formats.frozen_file import read_frozen
from keras2cv_export.model.load import LoadedModel, import_modules, load_model
from keras2cv_export.model.untrusted.confined import confined
from keras2cv_export.options import CheckOptions
from keras2cv_export.parity.parity import ParityReport
from keras2cv_export.parity.report import EXIT_CODES, Verdict
from keras2cv_export.parity.tolerance import preset_of
from keras2cv_export.speed.sides import measure_speed
from keras2cv_export.speed.speed import SpeedReport
from keras2cv_export.tasks.labels import read_labels
from keras2cv_export.tasks.recognise import last_activation
from keras2cv_export.verifying.question import Answer, Question, answerer, ask
from keras2cv_export.verifying.verify import Verification, verify

from .record import record

_TIMED_SAMPLES = 4


@dataclass(frozen=True)
class CheckReport:
    """The result of a check.

    Attributes:
        bundle: The folder.
        parity: On the engine that the bundle asks for.
        by_engine: (engine, report) for each engine that was tried and ran.
        notes: Sentences that the user should read.
        seconds: Whole duration, TensorFlow's own import excluded.
        verification: The same with OpenCV's outputs.
        question: The samples for both sides, with TensorFlow's outputs.
        journey: The comparison of whole pipelines on pictures; None without preprocessing.
        mismatches: Other differences from the user's arguments, such as the labels.
        source: The model's file.
        speed: The timing of both sides; None if it was left out, or if the net fails.
        bisect: The first layer that is wrong; None unless it was asked for.
    """

    bundle: Path
    parity: ParityReport
    by_engine: tuple[tuple[str, ParityReport], ...]
    notes: tuple[str, ...]
    seconds: float
    verification: Verification
    question: Question
    manifest: Manifest
    journey: Journey | None = None
    mismatches: tuple[str, ...] = ()
    source: str = ""
    speed: SpeedReport | None = None
    bisect: Bisection | None = None

    @property
    def verdict(self) -> Verdict:
        """The worst of all verdicts: on the net, the whole pipelines, and the speed."""
        found: list[Verdict] = [self.parity.verdict]
        if self.journey is not None:
            found.append(self.journey.report.verdict)
        if self.speed is not None:
            found.append(self.speed.verdict)
        if self.mismatches:
            found.append("fail")
        return max(found, key=lambda verdict: _SEVERITY[verdict])

    @property
    def exit_code(self) -> int:
        """The process' exit code for the verdict: 0, 1, or 4 for inconclusive."""
        return EXIT_CODES[self.verdict]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the verdict is not a pass."""
        walked = self.journey.report.reasons if self.journey is not None else ()
        slow = self.speed.reasons if self.speed is not None else ()
        return self.mismatches + walked + self.parity.reasons + slow

    @property
    def stages_at_fault(self) -> tuple[str, ...]:
        """The places that differ: "labels", then the stages of the pipeline, then "net"."""
        found = ["labels"] if self.mismatches else []
        if self.journey is not None:
            found += [s.name for s in self.journey.report.stages if s.problem is not None]
        found += ["net"] if self.parity.verdict != "pass" else []
        return tuple(dict.fromkeys(found))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for `--json`."""
        return record(self)


def check_bundle(options: CheckOptions) -> CheckReport:
    """Compare as `options` say; see `keras2cv_export.check`.

    Raises:
        NetError: OpenCV refuses the bundle or crashes on it.
        UsageError: The bundle, the model, a file or an argument is not right, or the model has
            other inputs or outputs than the bundle.
    """
    started = time.perf_counter()
    found = read_bundle(options.bundle)
    if options.bisect:
        require_onnx(found)
    import_modules(options.imports)
    own_code = bool(options.imports or options.reference_fn)
    with confined(unsafe=options.unsafe, own_code=own_code):
        return _compared(options, found, started)


def _compared(options: CheckOptions, found: Bundle, started: float) -> CheckReport:
    progress = options.progress
    progress("loading the model")
    loaded = _load(options, found.manifest)
    progress("asking TensorFlow")
    answer = answerer(loaded, found.manifest)
    reference = Reference(
        options.reference_resize, options.reference_preprocess, options.reference_fn
    )
    with pictures_for(found.manifest, options.samples) as pictures:
        reference.require_pictures(pictures)
        question = _ask(options, found, loaded, pictures, answer)
        progress("asking OpenCV, in a process of its own")
        wanted = options.engine or found.manifest.engine.name
        result = verify(found.folder, found.manifest, question, wanted)
        journey = None
        if pictures.paths:
            progress("sending pictures through both pipelines")
            journey = _travel(found.manifest, pictures, reference, question, result, answer)
        timed = None
        # The speed of a wrong answer is of no interest.
        if options.speed and result.parity.verdict != "fail":
            progress("timing both, in turns")
            timed = _time(
                found.folder, loaded, pictures, question, result, answer, options.max_ratio
            )
    diverging = _bisect(options, found, loaded, question, result) if options.bisect else None
    reports = tuple(result.by_engine.items())
    worst = max(reports, key=lambda pair: _SEVERITY[pair[1].verdict])[1]
    return CheckReport(
        found.folder,
        worst,
        reports,
        result.notes + _other_file(found.manifest, loaded),
        time.perf_counter() - started,
        result,
        question,
        found.manifest,
        journey,
        _other_labels(found.manifest, options.labels),
        loaded.source.file,
        timed,
        diverging,
    )


def _load(options: CheckOptions, manifest: Manifest) -> LoadedModel:
    shapes = {t.name: t.keras_shape for t in manifest.own_inputs}
    loaded = load_model(
        options.against,
        input_shapes=_fitting(shapes),
        unsafe=options.unsafe,
        imports=options.imports,
        signature=manifest.source.signature,
    )
    _require_same_interface(manifest, loaded)
    return loaded


def _ask(
    options: CheckOptions, found: Bundle, loaded: LoadedModel, pictures: Pictures, answer: Answer
) -> Question:
    return ask(
        loaded,
        found.manifest,
        samples=options.samples,
        tolerance=_tolerance(options, found.manifest),
        scores=_scores(found),
        constant=frozenset(o.name for o in found.manifest.outputs if not o.batched),
        pictures=pictures.paths if pictures.drawn else (),
        answer=answer,
    )


def _bisect(
    options: CheckOptions,
    found: Bundle,
    loaded: LoadedModel,
    question: Question,
    result: Verification,
) -> Bisection:
    folder = None if options.repro is None else Path(options.repro)
    return find_first(
        found, loaded, question, result.by_engine, repro=folder, progress=options.progress
    )


def _tolerance(options: CheckOptions, manifest: Manifest) -> str | Sequence[str]:
    if options.tolerance is not None:
        return options.tolerance
    return preset_of(manifest.weights.storage if manifest.weights is not None else "fp32")


def _time(
    folder: Path,
    loaded: LoadedModel,
    pictures: Pictures,
    question: Question,
    result: Verification,
    answer: Answer,
    max_ratio: float | None,
) -> SpeedReport:
    paths = pictures.paths[:_TIMED_SAMPLES]
    samples = question.samples[-len(pictures.paths) :][: len(paths)] if paths else question.samples
    return measure_speed(
        folder,
        next(iter(result.by_engine)),
        loaded,
        answer,
        samples[:_TIMED_SAMPLES],
        [read_image(path) for path in paths],
        max_ratio,
    )


@dataclass(frozen=True)
class Reference:
    """The user's description of Keras' side; see `check`."""

    resize: str | None
    preprocess: str | os.PathLike[str] | None
    function: str | None

    def require_pictures(self, pictures: Pictures) -> None:
        """Raise UsageError if options describe Keras' reading of pictures, and there are none.

        Raises:
            UsageError: they do.
        """
        if pictures.paths or (self.resize, self.preprocess, self.function) == (None,) * 3:
            return
        raise UsageError(
            "How pictures were read in training matters to pictures only, and none are compared: "
            "the samples are arrays, or the bundle was exported without --preprocess. "
            "Leave out the options --reference-..., or give pictures."
        )


def _travel(
    manifest: Manifest,
    pictures: Pictures,
    reference: Reference,
    question: Question,
    result: Verification,
    answer: Answer,
) -> Journey:
    rules = manifest.preprocessing
    assert rules is not None  # noqa: S101 - there are pictures
    count = len(pictures.paths)
    worst = _worst_engine(result)
    candidates = result.answers[worst]
    chosen = None if reference.preprocess is None else Path(reference.preprocess)
    return walk(
        manifest,
        pictures.paths,
        parse_reference(reference.resize, chosen, rules),
        None if reference.function is None else load_function(reference.function, rules),
        drawn=pictures.drawn,
        blobs=[sample[0] for sample in question.samples[-count:]],
        answers=(question.expected[-count:], candidates[-count:]),
        answer=answer,
        tolerance=question.tolerance,
        net_fails=result.by_engine[worst].verdict == "fail",
    )


def _worst_engine(result: Verification) -> str:
    return max(result.by_engine, key=lambda name: _SEVERITY[result.by_engine[name].verdict])


_SEVERITY = {"pass": 0, "inconclusive": 1, "fail": 2}


def _fitting(shapes: dict[str, tuple[int, ...]]) -> Any:
    """Return the shape alone for a single input, because a live model may name it otherwise."""
    return next(iter(shapes.values())) if len(shapes) == 1 else shapes


def _scores(bundle: Bundle) -> dict[str, str]:
    """Find the outputs with probabilities or logits, by the task and the graph's last ops."""
    task, outputs = bundle.manifest.task, bundle.manifest.outputs
    known = {name: kind for name, kind in _last_activations(bundle).items() if kind != "linear"}
    flat = {o.name for o in outputs if len(o.keras_shape) == 2}
    known = {name: kind for name, kind in known.items() if name in flat}
    if task.output is not None and task.scores is not None:
        known[task.output] = task.scores
    return {**known, **TASKS[task.kind].known_scores(task.record)} if task.record else known


def _last_activations(bundle: Bundle) -> dict[str, str]:
    frozen = bundle.manifest.model.format == "frozen"
    graph = (read_frozen if frozen else ir.load)(bundle.model_path).graph
    values = {value.name: value for value in graph.outputs}
    return {o.name: last_activation(values.get(o.net_name)) for o in bundle.manifest.outputs}


def _other_labels(
    manifest: Manifest, labels: Sequence[str] | str | os.PathLike[str] | None
) -> tuple[str, ...]:
    """Return a note if the bundle's labels are not those that were given."""
    if labels is None:
        return ()
    wanted, got = read_labels(labels) or (), manifest.task.labels or ()
    if wanted == got:
        return ()
    if len(wanted) != len(got):
        return (f"labels: the bundle has {len(got)}, and {len(wanted)} were given.",)
    first = next(i for i, (a, b) in enumerate(zip(wanted, got, strict=True)) if a != b)
    return (
        f"labels: class {first} is {got[first]!r} in the bundle, and {wanted[first]!r} was given. "
        "Export again with the right --labels.",
    )


def _other_file(manifest: Manifest, loaded: LoadedModel) -> tuple[str, ...]:
    """Return a note if the model's file is not the one that was exported."""
    then, now = manifest.source, loaded.source
    if None in (then.sha256, now.sha256) or then.sha256 == now.sha256:
        return ()
    return (
        f"{now.file} is not the file that the bundle was made from ({then.file}): its sha256 is "
        "another. If the predictions differ, export it again.",
    )


def _require_same_interface(manifest: Manifest, loaded: LoadedModel) -> None:
    ours = [(t.keras_shape, t.dtype) for t in manifest.inputs]
    theirs = [(s.shape, s.dtype) for s in loaded.inputs]
    if ours != theirs:
        raise UsageError(
            f"The model takes {', '.join(map(str, loaded.inputs))}, and the bundle was made for "
            f"{', '.join(f'{t.name} {t.keras_shape} {t.dtype}' for t in manifest.inputs)}. "
            "Give the model that the bundle was made from."
        )
