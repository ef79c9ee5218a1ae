"""Check that a bundle still predicts the same as the model that it was made from."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from keras2cv.bundle.manifest import Manifest
from keras2cv.bundle.reading import Bundle, read_bundle
from keras2cv.net.forms import form_for
from keras2cv.numpy_front.record import ANY_SIZE
from keras2cv.preparing.given_inputs import given_inputs
from keras2cv_export.answers.reference_answers import ReferenceAnswers, load_answers
from keras2cv_export.bisecting import require_onnx
from keras2cv_export.end_to_end.pictures import Pictures, pictures_for
from keras2cv_export.end_to_end.walked import Journey
from keras2cv_export.model.load import LoadedModel, import_modules, load_model
from keras2cv_export.model.load.from_answers import answered_model, as_given
from keras2cv_export.model.untrusted.confined import confined
from keras2cv_export.options import CheckOptions
from keras2cv_export.options.answers_file import is_answers
from keras2cv_export.options.drawn_samples import own_samples
from keras2cv_export.parity.report import worst_report
from keras2cv_export.speed.speed import SpeedReport
from keras2cv_export.verifying.net_comparison import NetComparison
from keras2cv_export.verifying.question import Question, answerer
from keras2cv_export.verifying.verify import Verification

from .answers import Judged, cases_of, judge_answers, names_of
from .arguments import other_file, other_labels, require_same_interface
from .before_the_net import compare_front
from .check_report import CheckReport
from .coverage import coverage
from .file_claims import check_claims
from .findings import CheckFinding, Covered
from .names import compare_names, compare_states, noting_names
from .picture_reference import PictureReference, PictureWalk
from .proof import ProofLimits, WhoAnswers, check_evidence, check_selftest, errors_again
from .two_sides import TwoSides, is_by_twin


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
    wanted = options.engine or found.manifest.engine.name
    with (
        confined(
            unsafe=options.unsafe or options.runs_own_pipeline, own_code=bool(options.imports)
        ),
        NetComparison(found.folder, found.manifest, wanted) as net,
    ):
        if not is_by_twin(found.manifest, options):
            net.load()
        return _compared(options, found, net, started)


@dataclass(frozen=True)
class _Compared:
    """What was compared while the pictures were there.

    Attributes:
        question: The samples, and the answers of Keras' side.
        result: The comparison of the net.
        walks: The inputs that take pictures.
        journeys: The way of the pictures through each of them; none without pictures.
        judged: The comparison of the answers.
        timed: The speed of both; None if nobody asked, or the net is wrong.
    """

    question: Question
    result: Verification
    walks: tuple[PictureWalk, ...]
    journeys: tuple[tuple[str, Journey], ...]
    judged: Judged
    timed: SpeedReport | None


def _compared(
    options: CheckOptions, found: Bundle, net: NetComparison, started: float
) -> CheckReport:
    progress, manifest = options.progress, found.manifest
    progress("loading the model")
    user = _reference_answers(options)
    loaded, output_names = noting_names(_load(options, manifest))
    progress(f"asking {loaded.judge_name}")
    with _pictures(options, manifest, loaded) as pictures:
        sides = TwoSides(options, found, loaded, answerer(loaded, manifest), pictures, net)
        compared = _compare(sides, user, output_names)
    question, result = compared.question, compared.result
    diverging = sides.bisect(question, result) if options.bisect else None
    names, wrong_names = compare_names(manifest, loaded, output_names)
    before, wrong_front = compare_front(manifest, loaded)
    selftest, wrong_proof = _proof(found, sides, question, result)
    journeys, judged = compared.journeys, compared.judged
    return CheckReport(
        found.folder,
        worst_report(result.by_engine.values()),
        tuple(result.by_engine.items()),
        result.notes + other_file(manifest, loaded),
        time.perf_counter() - started,
        result,
        question,
        manifest,
        journey=journeys[0][1] if journeys else None,
        more_journeys=journeys[1:],
        mismatches=other_labels(manifest, options.labels),
        source=loaded.source.file,
        speed=compared.timed,
        bisect=diverging,
        answers=judged.answers,
        covered=coverage(
            manifest,
            {w.rules.input: w.sources for w in compared.walks} if pictures.paths else {},
            (*before, *judged.covered, names, selftest),
            judge=loaded.judge_name,
            labels_given=options.labels is not None,
        ),
        findings=(
            *_contradicted(compared.walks),
            *judged.findings,
            *_false_claims(manifest, sides),
            *wrong_front,
            *wrong_names,
            *compare_states(manifest, loaded),
            *wrong_proof,
        ),
    )


def _compare(
    sides: TwoSides, user: ReferenceAnswers | None, output_names: Sequence[str]
) -> _Compared:
    """Compare the net, the ways of the pictures, the answers, and the speed of both."""
    options, manifest, pictures = sides.options, sides.bundle.manifest, sides.pictures
    reference = PictureReference(
        options.reference_resize, options.reference_preprocess, options.reference_fn
    )
    reference.require_pictures(pictures)
    if user is not None and pictures.paths and len(manifest.inputs) == 1:
        user.require_names(names_of(pictures))
    question, result = sides.compare()
    walks = reference.walks(manifest, sides.loaded)
    journeys = _journeys(sides, reference, walks, question, result)
    options.progress("comparing the answers")
    judged = judge_answers(
        manifest,
        sides.loaded,
        cases_of(pictures, question, result.answers[result.worst_engine]),
        sides.activations(output_names),
        user,
        own_samples=own_samples(options.samples) is not None,
    )
    timed = None
    # The speed of a wrong answer is of no interest, and answers from a file have none.
    is_timed = options.speed and not _is_limited(sides.loaded)
    if is_timed and result.parity.verdict != "fail":
        options.progress("timing both, in turns")
        timed = sides.measure_speed(question, result)
    return _Compared(question, result, walks, journeys, judged, timed)


def _journeys(
    sides: TwoSides,
    reference: PictureReference,
    walks: Sequence[PictureWalk],
    question: Question,
    result: Verification,
) -> tuple[tuple[str, Journey], ...]:
    """Send the pictures, if there are any, through both pipelines of each input."""
    if not walks or not sides.pictures.paths:
        return ()
    sides.options.progress("sending pictures through both pipelines")
    return tuple(
        (walk.rules.input, reference.walk(sides, question, result, walk)) for walk in walks
    )


def _contradicted(walks: Sequence[PictureWalk]) -> tuple[CheckFinding, ...]:
    problems = [text for walk in walks for text in walk.sources.problems]
    return tuple(CheckFinding("preprocessing", "fail", text) for text in problems)


def _is_limited(loaded: LoadedModel) -> bool:
    """Whether whoever answers for the model knows a few samples only."""
    return loaded.judge is not None and loaded.judge.samples is not None


@contextmanager
def _pictures(options: CheckOptions, manifest: Manifest, loaded: LoadedModel) -> Iterator[Pictures]:
    """Yield the pictures to send through both pipelines; none where nobody answers for them."""
    if _is_limited(loaded):
        yield Pictures((), drawn=False)
        return
    with pictures_for(manifest, own_samples(options.samples)) as found:
        yield found


def _false_claims(manifest: Manifest, sides: TwoSides) -> tuple[CheckFinding, ...]:
    return check_claims(manifest, sides.graph) if manifest.model.format == "onnx" else ()


def _proof(
    found: Bundle, sides: TwoSides, question: Question, result: Verification
) -> tuple[Covered, tuple[CheckFinding, ...]]:
    """Check the bundle's own proof; of a net that fails, the limits alone."""
    fails = any(report.verdict == "fail" for report in result.by_engine.values())
    limits = ProofLimits(question.tolerance, tuple(result.by_engine.values()))
    why_not = "the net is another" if fails else ""
    if _is_limited(sides.loaded):
        why_not = "its samples are not among the given answers"
    answer = None if why_not else sides.answer
    who = WhoAnswers(sides.loaded.judge_name, answer, why_not)
    covered, wrong = check_selftest(found, who, limits)
    seen = {} if fails else result.by_engine
    again = cache(partial(errors_again, found))
    return covered, wrong + check_evidence(_as_it_runs(found.manifest), limits, seen, again)


def _as_it_runs(manifest: Manifest) -> Manifest:
    """Return the manifest with the evidence of the files that run here, an engine each."""
    form, evidence = form_for()(manifest), manifest.evidence
    if form is None or form.runs is None or evidence is None:
        return manifest
    others = tuple(run for run in evidence.runs if run.engine != form.engine)
    return manifest.replace(evidence=replace(evidence, runs=(*others, *form.runs)))


def _reference_answers(options: CheckOptions) -> ReferenceAnswers | None:
    if options.reference_answers is None:
        return None
    return load_answers(options.reference_answers, options.reference_timeout)


def _load(options: CheckOptions, manifest: Manifest) -> LoadedModel:
    if is_answers(options.against):
        return answered_model(Path(options.against), manifest)
    batch = (manifest.model.batch,)
    shapes = {one.name: batch + one.shape for one in given_inputs(manifest)}
    if manifest.front is not None:
        shapes = {name: shape for name, shape in shapes.items() if ANY_SIZE not in shape}
    loaded = load_model(
        options.against,
        input_shapes=_fitting(shapes) if shapes else None,
        batch=manifest.model.batch,
        unsafe=options.unsafe,
        imports=options.imports,
        signature=manifest.source.signature,
    )
    require_same_interface(manifest, loaded)
    return as_given(loaded, manifest)


def _fitting(shapes: dict[str, tuple[int, ...]]) -> Any:
    """Return the shape alone for a single input, because a live model may name it otherwise."""
    return next(iter(shapes.values())) if len(shapes) == 1 else shapes
