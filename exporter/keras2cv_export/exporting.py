"""Keras model in, proven bundle out."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from keras2cv.bundle.manifest import SCHEMA, Engine, Manifest, Model, StateLink, Weights
from keras2cv.bundle.writing import staged_bundle, write_manifest
from keras2cv.errors import UsageError
from keras2cv.isolation.confinement import entered_freely, freely
from keras2cv.net.opencv import version_tuple
from keras2cv.schema.vocabulary import Storage
from keras2cv.tasks import TASKS

from .convert import Converted
from .formats.formats import FileFormat, format_of
from .model.load import LoadedModel, import_modules, load_model
from .model.untrusted.confined import confined
from .options import DESCRIBED_TASKS, ExportOptions
from .parity.parity import ParityReport
from .parity.tolerance import parted
from .passes.left_alone import LeftAlone, grouped
from .storage.storages import FIRST_TO_DECODE
from .storage.weights import SAMPLES as SAMPLES_FOR_WEIGHTS
from .storage.weights import Proof, shrink, store_weights, top1
from .targets.importer_support import oldest
from .targets.target import dotted
from .tasks.decide import Decisions, Wishes, decide
from .tasks.presets import Geometry
from .tasks.user_options import only_options
from .tuning.tune import tune as find_fastest
from .tuning.variants import Variants
from .verifying.question import SAMPLES, ask
from .verifying.selftest import write_selftest
from .verifying.verify import require_parity, verify


@dataclass(frozen=True)
class ExportReport:
    """What an export did.

    Attributes:
        bundle: The folder that was written.
        manifest: What it says about itself.
        parity: OpenCV against TensorFlow, on the preferred engine; None with `check=False`.
        notes: Sentences that the user should hear: what was guessed, recognised, or changed.
        passes: (name, how often it fired), in the order of first use.
        seconds: Whole duration, TensorFlow's own import excluded.
        left_alone: What passes looked at and did not rewrite, with their reasons.
    """

    bundle: Path
    manifest: Manifest
    parity: ParityReport | None
    notes: tuple[str, ...]
    passes: tuple[tuple[str, int], ...]
    seconds: float
    left_alone: tuple[LeftAlone, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for `--json`."""
        return {
            "bundle": str(self.bundle),
            "status": self.manifest.status,
            "seconds": round(self.seconds, 3),
            "parity": self.parity.to_dict() if self.parity else None,
            "notes": list(self.notes),
            "passes": dict(self.passes),
            "left_alone": [dataclasses.asdict(one) for one in self.left_alone],
        }


def export_model(options: ExportOptions) -> ExportReport:
    """Export as `options` say; see `keras2cv_export.export`.

    Raises:
        ParityError: OpenCV's predictions differ from TensorFlow's; nothing was written.
        NetError: OpenCV refuses the graph or crashes on it; nothing was written.
        UnsupportedError: Ops that OpenCV cannot run, all of them listed; nothing was written.
        UsageError: The model, a file or an argument is not right; nothing was written.
    """
    started = time.perf_counter()
    file_format = format_of(options.format)
    target, weights, progress = options.target, options.weights, options.progress
    for_graph, for_file = parted(options.tolerance, weights)
    geometry = Geometry(
        options.size, options.resize, options.interpolation, options.transpose_image
    )
    described = {task: getattr(options, task) for task in DESCRIBED_TASKS}
    wishes = Wishes(
        options.task, options.labels, options.preprocess, geometry, only_options(described)
    )
    import_modules(options.imports)
    with (
        entered_freely(staged_bundle(options.bundle)) as stage,
        confined(stage.folder, unsafe=options.unsafe, own_code=bool(options.imports)),
    ):
        progress("loading the model")
        loaded = load_model(
            options.model,
            input_shapes=options.input_shapes,
            batch=options.batch,
            unsafe=options.unsafe,
            imports=options.imports,
            signature=options.signature,
        )
        _require_no_states(loaded, options)
        file_format.require_room(loaded, None if weights == "fp32" else cast("Storage", weights))
        progress("converting")
        converted = file_format.convert(loaded, target, keep=options.tune)
        file_format.require(converted.model, target)
        needs = oldest(file_format.examine(converted.model), target)
        held = {output for _, output in loaded.states}
        decided = decide(loaded.without_states(), converted.without(held), wishes)
        proof: Proof | None = None
        stored: tuple[str, ...] = ()
        record: Weights | None = None
        if weights != "fp32" and not file_format.has_room(converted.model):
            record, note = shrink(converted, weights)
            stored, for_graph = (note,), for_file
        manifest = _write(
            stage.folder, loaded, converted, decided, file_format, needs.opencv, record
        )
        if options.check:
            progress("asking TensorFlow")
            question = ask(
                loaded,
                manifest,
                samples=options.samples,
                tolerance=for_graph,
                scores=_scores(converted, decided),
                constant=converted.constant,
                drawn=SAMPLES if weights == "fp32" else SAMPLES_FOR_WEIGHTS,
            )
            progress("asking OpenCV, in a process of its own")
            # In the stage: whatever kills this process, one folder is left, and known by its name.
            found = verify(stage.folder, manifest, question, options.wanted_engine, stage.folder)
            proof = Proof(question, found)
            require_parity(proof.verification.parity)
            if record is not None:
                top = top1(proof.verification.parity)
                manifest = manifest.replace(weights=replace(record, top1=top))
        if weights != "fp32" and record is None:
            manifest, proof, stored = store_weights(
                stage.folder, manifest, converted, weights, proof, for_file, progress
            )
        if options.tune and proof is not None:
            variants = Variants(stage.folder, manifest, proof, converted, target, file_format)
            fastest = find_fastest(stage.folder, manifest, proof, variants, progress)
            manifest, proof = fastest.manifest, fastest.proof
            converted = replace(converted, fired=Counter(fastest.fired))
        manifest = _settle(stage.folder, manifest, proof)
        freely(stage.commit)
    notes = loaded.notes + needs.notes + decided.notes + _mixed(converted, loaded.batch)
    notes += _finished(converted) + stored + _tuned(manifest)
    verification = proof.verification if proof else None
    return ExportReport(
        Path(options.bundle),
        manifest,
        verification.parity if verification else None,
        notes + (verification.notes if verification else ()),
        tuple(converted.fired.items()),
        time.perf_counter() - started,
        grouped(converted.missed),
    )


def _require_no_states(loaded: LoadedModel, options: ExportOptions) -> None:
    if loaded.states and options.tune:
        raise UsageError(
            "--tune runs several nets and other batches, and this model remembers from call to "
            "call. Leave --tune out."
        )


def _mixed(converted: Converted, batch: int) -> tuple[str, ...]:
    """Say which outputs are one answer for all samples of a run, such as a mean over them."""
    return tuple(
        f"The output {o.name} has no batch dimension, and depends on the input: it is one answer "
        f"for all {batch} samples of a run. Give infer() exactly {batch}, or end the model before."
        for o in converted.outputs
        if not o.batched and o.name not in converted.constant
    )


def _finished(converted: Converted) -> tuple[str, ...]:
    """Say what the net does not do."""
    if converted.tail is None:
        return ()
    made = [o.name for o in converted.outputs if o.net_name in converted.tail.made]
    return (
        f"OpenCV has no op for the model's end: keras2cv makes {', '.join(made)} of the net's "
        f"outputs {', '.join(h.net_name for h in converted.tail.heads)}, in NumPy.",
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


def _write(
    folder: Path,
    loaded: LoadedModel,
    converted: Converted,
    decided: Decisions,
    file_format: FileFormat,
    opencv: str,
    weights: Weights | None,
) -> Manifest:
    """Write the net and a manifest that claims nothing yet."""
    if weights is not None:
        opencv = max(opencv, dotted(FIRST_TO_DECODE), key=version_tuple)
    empty = Model(file_format.file, file_format.name, "0" * 64, "1", loaded.batch, opencv)
    manifest = Manifest(
        schema=SCHEMA,
        status="unverified",
        model=file_format.save(converted.model, folder, empty),
        inputs=converted.inputs,
        outputs=converted.outputs,
        task=decided.task,
        engine=Engine("any", fusion=True, winograd=True),
        source=loaded.source,
        preprocessing=decided.preprocessing,
        tail=converted.tail,
        weights=weights,
        states=tuple(StateLink(*pair) for pair in loaded.states) or None,
    )
    write_manifest(folder, manifest)
    return manifest


def _settle(folder: Path, manifest: Manifest, proof: Proof | None) -> Manifest:
    """Write the golden vectors, and a manifest that says what the check found."""
    if proof is None:
        write_manifest(folder, manifest)
        return manifest
    question, found = proof.question, proof.verification
    settled = replace(
        manifest,
        status="verified" if found.parity.verdict == "pass" else "unverified",
        engine=found.engine,
        evidence=found.evidence,
    )
    write_selftest(
        folder, manifest, question.samples, question.expected, question.tolerance, question.picture
    )
    write_manifest(folder, settled)
    return settled
