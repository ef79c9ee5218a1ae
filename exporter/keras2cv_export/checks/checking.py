"""Check that a bundle still predicts the same as the model that it was made from."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx_ir as ir

from keras2cv.bundle.manifest import Manifest, Preprocessing
from keras2cv.bundle.reading import Bundle, read_bundle
from keras2cv.errors import UsageError
from keras2cv.streams.sources import read_image
from keras2cv.tasks import TASKS
from keras2cv_export.answers.heads import keras_activations
from keras2cv_export.answers.reference_answers import ReferenceAnswers, load_answers
from keras2cv_export.bisecting import Bisection, require_onnx
from keras2cv_export.bisecting import bisect as find_first
from keras2cv_export.end_to_end.own_function import load_function
from keras2cv_export.end_to_end.pictures import Pictures, pictures_for
from keras2cv_export.end_to_end.reference_preprocessing import parse_reference
from keras2cv_export.end_to_end.reference_sources import PictureSources, sources_of
from keras2cv_export.end_to_end.walk import walk
from keras2cv_export.end_to_end.walked import Journey
from keras2cv_export.formats.frozen_file import read_frozen
from keras2cv_export.model.load import LoadedModel, import_modules, load_model
from keras2cv_export.model.untrusted.confined import confined
from keras2cv_export.options import CheckOptions
from keras2cv_export.options.drawn_samples import drawn_count, own_samples
from keras2cv_export.parity.report import worst_report
from keras2cv_export.parity.tolerance import preset_of
from keras2cv_export.speed.sides import measure_speed
from keras2cv_export.speed.speed import SpeedReport
from keras2cv_export.storage.proving import StoredFile, verify_stored
from keras2cv_export.tasks.recognise import last_activation
from keras2cv_export.verifying.circumstances import in_other_circumstances
from keras2cv_export.verifying.question import SAMPLES, Answer, Question, answerer, ask
from keras2cv_export.verifying.verify import Verification, verify

from .answers import cases_of, judge_answers, names_of
from .arguments import other_file, other_labels, require_same_interface
from .check_report import CheckReport
from .coverage import coverage
from .file_claims import check_claims
from .findings import CheckFinding, Covered
from .names import compare_names, noting_names
from .proof import ProofLimits, check_evidence, check_selftest

_TIMED_SAMPLES = 4


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
    user = _reference_answers(options)
    loaded, output_names = noting_names(_load(options, found.manifest))
    progress("asking TensorFlow")
    answer = answerer(loaded, found.manifest)
    reference = Reference(
        options.reference_resize, options.reference_preprocess, options.reference_fn
    )
    with pictures_for(found.manifest, own_samples(options.samples)) as pictures:
        reference.require_pictures(pictures)
        if user is not None and pictures.paths:
            user.require_names(names_of(pictures))
        question = _ask(options, found, loaded, pictures, answer)
        progress("asking OpenCV, in a process of its own")
        result = _compare(options, found, loaded, question)
        if result.parity.lost and own_samples(options.samples) is None:
            question = _ask(options, found, loaded, pictures, answer, smooth=True)
            result = _compare(options, found, loaded, question)
        result = in_other_circumstances(found.folder, found.manifest, question, result)
        journey = None
        sources = _sources(options, found.manifest, loaded)
        if sources is not None and pictures.paths:
            progress("sending pictures through both pipelines")
            journey = _travel(
                found.manifest, pictures, reference, question, result, answer, sources.library
            )
        progress("comparing the answers")
        judged = judge_answers(
            found.manifest,
            loaded,
            cases_of(pictures, question, result.answers[_worst_engine(result)]),
            _activations(found, loaded, output_names),
            user,
            own_samples=own_samples(options.samples) is not None,
        )
        timed = None
        # The speed of a wrong answer is of no interest.
        if options.speed and result.parity.verdict != "fail":
            progress("timing both, in turns")
            timed = _time(
                found.folder, loaded, pictures, question, result, answer, options.max_ratio
            )
    diverging = _bisect(options, found, loaded, question, result) if options.bisect else None
    names, wrong_names = compare_names(found.manifest, loaded, output_names)
    selftest, wrong_selftest, forged = _proof(found, answer, question, result)
    contradicted = () if sources is None else sources.problems
    reports = tuple(result.by_engine.items())
    worst = worst_report(result.by_engine.values())
    return CheckReport(
        found.folder,
        worst,
        reports,
        result.notes + other_file(found.manifest, loaded),
        time.perf_counter() - started,
        result,
        question,
        found.manifest,
        journey,
        other_labels(found.manifest, options.labels),
        loaded.source.file,
        timed,
        diverging,
        judged.answers,
        coverage(
            found.manifest,
            sources if pictures.paths else None,
            (*judged.covered, names, selftest),
            labels_given=options.labels is not None,
        ),
        (
            *(CheckFinding("preprocessing", "fail", text) for text in contradicted),
            *judged.findings,
            *_false_claims(found),
            *wrong_names,
            *wrong_selftest,
            *forged,
        ),
    )


def _false_claims(found: Bundle) -> tuple[CheckFinding, ...]:
    if found.manifest.model.format != "onnx":
        return ()
    return check_claims(found.manifest, ir.load(found.model_path).graph)


def _proof(
    found: Bundle, answer: Answer, question: Question, result: Verification
) -> tuple[Covered, tuple[CheckFinding, ...], tuple[CheckFinding, ...]]:
    """Check the bundle's own proof; of a net that fails, the limits alone."""
    fails = any(report.verdict == "fail" for report in result.by_engine.values())
    limits = ProofLimits(question.tolerance, tuple(result.by_engine.values()))
    covered, wrong = check_selftest(found, None if fails else answer, limits)
    seen = {} if fails else result.by_engine
    return covered, wrong, check_evidence(found.manifest, limits, seen)


def _reference_answers(options: CheckOptions) -> ReferenceAnswers | None:
    if options.reference_answers is None:
        return None
    return load_answers(options.reference_answers, options.reference_timeout)


def _sources(
    options: CheckOptions, manifest: Manifest, loaded: LoadedModel
) -> PictureSources | None:
    """Return who says how pictures were read in training; None for a bundle of arrays."""
    if manifest.preprocessing is None:
        return None
    return sources_of(
        manifest,
        loaded,
        resize=options.reference_resize,
        preprocess=options.reference_preprocess,
        function=options.reference_fn,
    )


def _activations(found: Bundle, loaded: LoadedModel, output_names: Sequence[str]) -> dict[str, str]:
    """Return the last activation of each output: by the graph, or by the model's own layers."""
    own = keras_activations(loaded.keras_model, list(output_names))
    places = zip(found.manifest.outputs, output_names, strict=False)
    by_place = {output.name: own[name] for output, name in places if name in own}
    return _last_activations(found) | by_place


def _compare(
    options: CheckOptions, found: Bundle, loaded: LoadedModel, question: Question
) -> Verification:
    """Compare the net; one with stored weights in float32 too, unless a tolerance is given."""
    wanted = options.engine or found.manifest.engine.name
    if found.manifest.weights is None or options.tolerance is not None:
        return verify(found.folder, found.manifest, question, wanted)
    return verify_stored(StoredFile(found.folder, found.manifest, question, wanted), loaded)


def _load(options: CheckOptions, manifest: Manifest) -> LoadedModel:
    shapes = {t.name: t.keras_shape for t in manifest.own_inputs}
    loaded = load_model(
        options.against,
        input_shapes=_fitting(shapes),
        unsafe=options.unsafe,
        imports=options.imports,
        signature=manifest.source.signature,
    )
    require_same_interface(manifest, loaded)
    return loaded


def _ask(
    options: CheckOptions,
    found: Bundle,
    loaded: LoadedModel,
    pictures: Pictures,
    answer: Answer,
    *,
    smooth: bool = False,
) -> Question:
    return ask(
        loaded,
        found.manifest,
        samples=own_samples(options.samples),
        drawn=drawn_count(options.samples, options.power, SAMPLES),
        tolerance=_tolerance(options, found.manifest),
        scores=_scores(found),
        constant=frozenset(o.name for o in found.manifest.outputs if not o.batched),
        pictures=pictures.paths if pictures.drawn else (),
        answer=answer,
        smooth=smooth,
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
    library: Preprocessing | None,
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
        parse_reference(reference.resize, chosen, rules, library),
        None if reference.function is None else load_function(reference.function, rules),
        drawn=pictures.drawn,
        blobs=[sample[0] for sample in question.samples[-count:]],
        answers=(question.expected[-count:], candidates[-count:]),
        answer=answer,
        tolerance=question.tolerance,
        net_fails=result.by_engine[worst].verdict == "fail",
    )


def _worst_engine(result: Verification) -> str:
    worst = worst_report(result.by_engine.values())
    return next(name for name, report in result.by_engine.items() if report is worst)


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
