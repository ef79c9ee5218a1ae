"""Keras model in, proven bundle out."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import cast

from keras2cv.bundle.forms import Form
from keras2cv.bundle.manifest import SCHEMA, Engine, Manifest, Model, StateLink, Weights
from keras2cv.bundle.reading import require_bounded_work
from keras2cv.bundle.writing import staged_bundle, write_manifest
from keras2cv.errors import NetError, UsageError
from keras2cv.isolation.confinement import entered_freely, freely
from keras2cv.net.opencv import version_tuple
from keras2cv.schema.vocabulary import Storage
from keras2cv.tasks import TASKS

from .convert import Converted
from .export_report import ExportReport
from .formats.formats import FileFormat, format_of
from .forms.making import Made, Staged, make_forms
from .model.load import LoadedModel, import_modules, load_model
from .model.untrusted.confined import confined
from .options import DESCRIBED_TASKS, ExportOptions
from .options.drawn_samples import drawn_count, own_samples
from .parity.tolerance import Tolerance, parted
from .passes.left_alone import grouped
from .storage.cost import top1
from .storage.storages import FIRST_TO_DECODE
from .storage.weights import SAMPLES as SAMPLES_FOR_WEIGHTS
from .storage.weights import Proof, shrink, store_weights
from .targets.importer_support import oldest
from .targets.target import dotted
from .tasks.contradictions import contradictions
from .tasks.decide import Decisions, Wishes, decide
from .tasks.outputs import PICTURES_OUT
from .tasks.presets import Geometry
from .tasks.user_options import only_options
from .tuning.tune import tune as find_fastest
from .tuning.variants import Variants
from .verifying.front_samples import golden_front
from .verifying.neighbours import leaning_outputs
from .verifying.net_comparison import NetComparison
from .verifying.pictures import draw_pictures, has_golden_pictures
from .verifying.promise import (
    Kept,
    keep_promise,
    not_run_note,
    refused_by_all,
    without_advice,
)
from .verifying.question import SAMPLES, Question, ask
from .verifying.selftest import write_selftest
from .verifying.verify import require_parity


def export_model(options: ExportOptions) -> ExportReport:
    """Export as `options` say; see `keras2cv_export.export`.

    Raises:
        ParityError: OpenCV's predictions differ from TensorFlow's; nothing was written.
        NetError: OpenCV refuses the graph or crashes on it; nothing was written.
        UnsupportedError: Ops that OpenCV cannot run, all of them listed; nothing was written.
        UsageError: The model, a file or an argument is not right; nothing was written.
    """
    import_modules(options.imports)
    with entered_freely(staged_bundle(options.bundle)) as stage:
        report = fill_bundle(options, stage.folder)
        freely(stage.commit)
    return report


def fill_bundle(options: ExportOptions, folder: Path) -> ExportReport:
    """Write the bundle's files into an empty folder, compared as `options` say.

    Raises:
        ParityError: OpenCV's predictions differ from TensorFlow's.
        NetError: OpenCV refuses the graph or crashes on it.
        UnsupportedError: Ops that OpenCV cannot run, all of them listed.
        UsageError: The model, a file or an argument is not right.
    """
    started = time.perf_counter()
    file_format = format_of(options.format)
    limits = parted(options.tolerance, options.weights)
    wishes = _wishes(options)
    with confined(folder, unsafe=options.unsafe, own_code=bool(options.imports)):
        options.progress("loading the model")
        loaded = _load(options)
        storage = None if options.weights == "fp32" else cast("Storage", options.weights)
        file_format.require_room(loaded, storage)
        options.progress("converting")
        further = options.may_have_forms or len(options.forms or ()) > 1
        converted = file_format.convert(loaded, options.target, keep=options.tune or further)
        file_format.require(converted.model, options.target)
        needs = oldest(file_format.examine(converted.model), options.target)
        held = {output for _, output in loaded.states}
        decided = decide(loaded.without_states(), converted.without(held), wishes)
        staged = _Staged(folder, loaded, converted, decided, file_format)
        proven = _prove(options, staged, needs.opencv, limits)
        made = _further_forms(options, staged, proven) if further else Made()
        manifest = _settle(loaded, folder, proven, made.forms)
    verification = proven.proof.verification if proven.proof else None
    notes = loaded.notes + needs.notes + decided.notes + _mixed(converted, loaded.batch)
    notes += (
        _begun(loaded)
        + _finished(converted)
        + proven.stored
        + _tuned(manifest)
        + proven.kept
        + made.notes
    )
    notes += not_run_note(options.target, verification.answers if verification else ())
    notes += tuple(without_advice(note) for note in (verification.notes if verification else ()))
    return ExportReport(
        Path(options.bundle),
        manifest,
        verification.parity if verification else None,
        notes,
        proven.fired,
        time.perf_counter() - started,
        grouped(converted.missed),
    )


@dataclass(frozen=True)
class _Staged:
    """A converted model, and the folder that becomes its bundle."""

    folder: Path
    loaded: LoadedModel
    converted: Converted
    decided: Decisions
    file_format: FileFormat


@dataclass(frozen=True)
class _Proven:
    """A net that was written, and compared as far as the options say.

    Attributes:
        manifest: The bundle's.
        proof: The comparison; None with `check=False`.
        stored: What storing weights smaller gave, for the user.
        kept: What the comparison changed in the manifest, for the user.
        fired: (pass, how often it fired), of the file that is shipped.
    """

    manifest: Manifest
    proof: Proof | None
    stored: tuple[str, ...]
    kept: tuple[str, ...]
    fired: tuple[tuple[str, int], ...]


def _wishes(options: ExportOptions) -> Wishes:
    geometry = Geometry(
        options.size,
        options.resize,
        options.interpolation,
        options.transpose_image,
        depth=options.depth,
        window=options.window,
        stride=options.stride,
        hop=options.hop,
    )
    described = {task: getattr(options, task) for task in DESCRIBED_TASKS}
    return Wishes(
        options.task, options.labels, options.preprocess, geometry, only_options(described)
    )


def _load(options: ExportOptions) -> LoadedModel:
    loaded = load_model(
        options.model,
        input_shapes=options.input_shapes,
        batch=options.batch,
        unsafe=options.unsafe,
        imports=options.imports,
        signature=options.signature,
        answers=options.against,
    )
    if loaded.states and options.tune:
        raise UsageError(
            "--tune runs several nets and other batches, and this model remembers from call to "
            "call. Leave --tune out."
        )
    described = (options.task, *(t for t in DESCRIBED_TASKS if getattr(options, t) is not None))
    return loaded.with_pictures_out() if set(described) & PICTURES_OUT else loaded


def _prove(
    options: ExportOptions, staged: _Staged, opencv: str, limits: tuple[Tolerance, Tolerance]
) -> _Proven:
    """Write the net, compare it, store its weights smaller, and tune it, as the options say.

    Args:
        options: The user's.
        staged: The converted model.
        opencv: The oldest OpenCV that runs it.
        limits: The tolerance of the graph, and of the file if its weights are smaller.

    Raises:
        ParityError: OpenCV's predictions differ from TensorFlow's.
        NetError: No engine runs the net.
        BundleError: A run of it takes minutes, and the user does not allow it.
    """
    folder, converted, weights = staged.folder, staged.converted, options.weights
    for_graph, for_file = limits
    proof: Proof | None = None
    record: Weights | None = None
    stored: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    if weights != "fp32" and not staged.file_format.has_room(converted.model):
        record, note = shrink(converted, weights)
        stored, for_graph = (note,), for_file
    manifest = _write(staged, opencv, record)
    require_bounded_work(folder, manifest)
    if options.check:
        promised, proof = _compared(options, staged, manifest, for_graph)
        manifest, kept = _with_true_scores(promised.manifest, proof.question, converted)
        kept += promised.notes + _joining(staged, proof.question)
        if record is not None:
            top = top1(proof.verification.parity)
            manifest = manifest.replace(weights=replace(record, top1=top))
    if weights != "fp32" and record is None:
        manifest, proof, stored = store_weights(
            folder, manifest, converted, weights, proof, for_file, options.progress
        )
    fired = converted.fired
    if options.tune and proof is not None:
        variants = Variants(folder, manifest, proof, converted, options.target, staged.file_format)
        fastest = find_fastest(folder, manifest, proof, variants, options.progress)
        manifest, proof, fired = fastest.manifest, fastest.proof, Counter(fastest.fired)
    return _Proven(manifest, proof, stored, kept, tuple(fired.items()))


def _with_true_scores(
    manifest: Manifest, question: Question, converted: Converted
) -> tuple[Manifest, tuple[str, ...]]:
    """Refuse a description of the outputs that the model's own numbers contradict.

    Where nobody described them, and the graph's end does not show probabilities that are some, the
    manifest is corrected, with a note.

    Raises:
        UsageError: Scores are said to be what they cannot be.
    """
    activations = {head.spec.name: head.activation for head in converted.heads}
    task = manifest.task
    found = contradictions(task, manifest.outputs, question.expected, activations)
    if found and task.scores == "logits":
        task = dataclasses.replace(task, scores="sigmoid" if task.kind == "binary" else "softmax")
        if not contradictions(task, manifest.outputs, question.expected, activations):
            note = f"Scores: {task.output} gives probabilities on all samples, so they stay so."
            return manifest.replace(task=task), (note,)
    if found:
        raise UsageError(
            f"The outputs are not what they are said to be: task.{found[0]} "
            "Correct the description, such as --activation, or leave it out."
        )
    return manifest, ()


def _compared(
    options: ExportOptions, staged: _Staged, manifest: Manifest, tolerance: Tolerance
) -> tuple[Kept, Proof]:
    """Compare the staged bundle with TensorFlow, and keep to what its manifest may promise.

    Args:
        options: The user's.
        staged: The converted model.
        manifest: The bundle's.
        tolerance: The limits of the graph.

    Raises:
        ParityError: They differ, or the requested OpenCV computes something else.
        NetError: No engine runs the net.
    """
    options.progress(f"asking {staged.loaded.judge_name}")
    folder = staged.folder
    usual = SAMPLES if options.weights == "fp32" else SAMPLES_FOR_WEIGHTS
    put = partial(
        ask,
        staged.loaded,
        manifest,
        samples=own_samples(options.samples),
        tolerance=tolerance,
        scores=_scores(staged.converted, staged.decided),
        constant=staged.converted.constant,
        drawn=drawn_count(options.samples, options.power, usual),
    )
    # In the stage: whatever kills this process, one folder is left, and known by its name.
    with NetComparison(folder, manifest, options.wanted_engine, folder) as net:
        question = put(begin=net.begin)
        options.progress("asking OpenCV, in a process of its own")
        try:
            found = net.compare(question)
            if found.parity.lost and own_samples(options.samples) is None:
                question = put(smooth=True, begin=net.begin)
                found = net.compare(question)
        except NetError as error:
            raise refused_by_all(error) from error
        found = net.in_other_circumstances(question, found)
    require_parity(found.parity, staged.loaded.judge_name)
    kept = keep_promise(manifest, found.engine.name, found.wrong, options.target)
    return kept, Proof(question, found)


def _mixed(converted: Converted, batch: int) -> tuple[str, ...]:
    """Say which outputs are one answer for all samples of a run, such as a mean over them."""
    return tuple(
        f"The output {o.name} has no batch dimension, and depends on the input: it is one answer "
        f"for all {batch} samples of a run. Give infer() exactly {batch}, or end the model before."
        for o in converted.outputs
        if not o.batched and o.name not in converted.constant
    ) + _mixing(converted.mixing, batch)


def _mixing(layers: tuple[str, ...], batch: int) -> tuple[str, ...]:
    """Say that an answer depends on the samples beside it."""
    if not layers:
        return ()
    more = f" and {len(layers) - 1} more" if len(layers) > 1 else ""
    return (
        f"{layers[0]}{more} normalizes by the batch at hand, as in training. OpenCV runs {batch} "
        f"at a time, and answers what Keras answers for batches of {batch}; others differ there.",
    )


def _joining(staged: _Staged, question: Question) -> tuple[str, ...]:
    """Say which outputs TensorFlow's own batches show to depend on the samples beside one."""
    converted, loaded = staged.converted, staged.loaded
    if converted.mixing:  # said already
        return ()
    found = sorted(question.leaning)
    if converted.joining and not found and loaded.batch == 1:
        found = list(leaning_outputs(loaded, question.samples, question.expected))
    if not found:
        return ()
    where = f": {converted.joining[0]} computes over the batch" if converted.joining else ""
    return (
        f"The answer of {', '.join(found)} to a sample depends on the samples beside it{where}. "
        f"OpenCV runs {loaded.batch} at a time, and answers what Keras answers for batches of "
        f"{loaded.batch}; others differ there.",
    )


def _begun(loaded: LoadedModel) -> tuple[str, ...]:
    """Say what is done before the net."""
    if loaded.front is None:
        return ()
    layers = ", ".join(f"{call.kind} {call.name!r}" for call in loaded.front.calls)
    return (
        f"OpenCV takes numbers only: keras2cv does what the first layers do ({layers}) before the "
        "net, in NumPy, and compared it with Keras on drawn values: all are equal.",
    )


def _finished(converted: Converted) -> tuple[str, ...]:
    """Say what the net does not do."""
    if converted.tail is None:
        return ()
    made = [o.name for o in converted.outputs if o.net_name in converted.tail.made]
    return (
        *_opened(converted),
        f"OpenCV has no op for the model's end: keras2cv makes {', '.join(made)} of the net's "
        f"outputs {', '.join(h.net_name for h in converted.tail.heads)}, in NumPy.",
    )


def _opened(converted: Converted) -> Iterator[str]:
    """Say which outputs have zeros behind what is found."""
    sizes = {o.name: o.keras_shape for o in converted.outputs}
    shapes = ", ".join(f"{name} {sizes[name]}" for name in converted.opened if name in sizes)
    if shapes:
        yield (
            "The model gives as many rows as it finds, and the bundle as many as there can be, "
            f"with zeros behind those that are found: {shapes}."
        )


def _tuned(manifest: Manifest) -> tuple[str, ...]:
    """Say which way of running it is the fastest."""
    if (tuned := manifest.tuned) is None:
        return ()
    choice, first = tuned.choice, tuned.trials[0]
    right = sum(trial.refused is None for trial in tuned.trials)
    gain = "OpenCV's own choice" if choice is first else f"{choice.ratio:.2f} times {first}'s time"
    if choice.rewrites != first.rewrites:
        gain += f", the file rewritten by {', '.join(choice.rewrites or ()) or 'no optional pass'}"
    return (
        f"Tuned: {choice}, {choice.median_ms:.3g} ms, {gain}; {right} of {len(tuned.trials)} ways "
        f"predict the same. It is taken on OpenCV {tuned.opencv} with {tuned.cores} cores.",
    )


def _scores(converted: Converted, decided: Decisions) -> dict[str, str]:
    """Say which outputs hold scores of classes: by the graph's end, or by the task."""
    task = decided.task
    if (
        not TASKS[task.kind].ranks
        or task.output is None
        or task.scores not in ("softmax", "logits")
    ):
        return converted.scores
    return {task.output: task.scores} | converted.scores


def _write(staged: _Staged, opencv: str, weights: Weights | None) -> Manifest:
    """Write the net and a manifest that claims nothing yet."""
    loaded, converted, decided = staged.loaded, staged.converted, staged.decided
    file_format = staged.file_format
    if weights is not None:
        opencv = max(opencv, dotted(FIRST_TO_DECODE), key=version_tuple)
    empty = Model(file_format.file, file_format.name, "0" * 64, "1", loaded.batch, opencv)
    manifest = Manifest(
        schema=SCHEMA,
        status="unverified",
        model=file_format.save(converted.model, staged.folder, empty),
        inputs=converted.inputs,
        outputs=converted.outputs,
        task=decided.task,
        engine=Engine("any", fusion=True, winograd=True),
        source=loaded.source,
        preprocessing=decided.preprocessing,
        more_pictures=decided.more_pictures or None,
        tail=converted.tail,
        front=loaded.front.record if loaded.front is not None else None,
        weights=weights,
        states=tuple(StateLink(*pair) for pair in loaded.states) or None,
    )
    write_manifest(staged.folder, manifest)
    return manifest


def _further_forms(options: ExportOptions, staged: _Staged, proven: _Proven) -> Made:
    """Add files of the same net for newer OpenCVs, as the options say."""
    if proven.proof is None:
        return Made()
    place = Staged(
        staged.folder,
        proven.manifest,
        proven.proof,
        staged.converted,
        staged.file_format,
        options.progress,
    )
    return make_forms(place, None if options.forms is None else tuple(options.forms)[1:])


def _settle(
    loaded: LoadedModel, folder: Path, proven: _Proven, forms: tuple[Form, ...] | None = None
) -> Manifest:
    """Write the golden vectors, and a manifest that says what the check found.

    Args:
        loaded: The model.
        folder: The bundle's.
        proven: The net that is shipped, and its proof.
        forms: Its further files.
    """
    manifest, proof = proven.manifest, proven.proof
    if proof is None:
        write_manifest(folder, manifest)
        return manifest
    question, found = proof.question, proof.verification
    settled = replace(
        manifest,
        status="verified" if found.parity.verdict == "pass" else "unverified",
        engine=found.engine,
        evidence=found.evidence,
        forms=forms,
    )
    write_selftest(
        folder,
        manifest,
        question.samples,
        question.expected,
        question.tolerance,
        question.picture,
        found.parity,
        golden_front(loaded.front, manifest) if loaded.front is not None else None,
        draw_pictures(manifest) if has_golden_pictures(manifest) else (),
    )
    write_manifest(folder, settled)
    return settled
