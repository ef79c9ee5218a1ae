"""Keras model in, proven bundle out."""

from __future__ import annotations

import dataclasses
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from keras2cv.bundle.manifest import SCHEMA, Engine, Manifest, Model, Weights
from keras2cv.bundle.reading import staged_bundle, write_manifest
from keras2cv.errors import UsageError
from keras2cv.net.opencv import version_tuple
from keras2cv.schema.vocabulary import Storage
from keras2cv.tasks import TASKS

from .convert import Converted
from .formats.formats import FileFormat, format_of
from .model.load import LoadedModel, Shapes, load_model
from .parity.parity import ParityReport
from .parity.tolerance import parted
from .passes.left_alone import LeftAlone, grouped
from .storage.weights import FIRST_TO_DECODE, Proof, require_decodable, shrink, store_weights, top1
from .storage.weights import SAMPLES as SAMPLES_FOR_WEIGHTS
from .targets.importer_support import oldest
from .targets.target import Target, dotted
from .tasks.decide import Facts, Wishes, decide
from .tasks.detect.options import DetectOptions
from .tasks.image.options import ImageOptions
from .tasks.keypoints.options import KeypointsOptions
from .tasks.presets import Geometry
from .tasks.segment.options import SegmentOptions
from .tasks.text.options import TextOptions
from .tasks.user_options import only_options
from .tuning.tune import tune as find_fastest
from .tuning.variants import Variants
from .verifying.selftest import write_selftest
from .verifying.verify import SAMPLES, ask, require_parity, verify

Step = Callable[[str], None]


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


def export(
    model: Any,
    bundle: str | os.PathLike[str],
    *,
    format: str = "onnx",  # noqa: A002 - the command line's word
    opencv: str | None = None,
    engine: str | None = None,
    input_shapes: Shapes = None,
    batch: int = 1,
    task: str | None = None,
    labels: Sequence[str] | str | os.PathLike[str] | None = None,
    preprocess: str | os.PathLike[str] | None = None,
    resize: str | None = None,
    size: tuple[int, int] | None = None,
    interpolation: str | None = None,
    transpose_image: bool = False,
    detect: DetectOptions | Mapping[str, Any] | None = None,
    segment: SegmentOptions | Mapping[str, Any] | None = None,
    keypoints: KeypointsOptions | Mapping[str, Any] | None = None,
    image: ImageOptions | Mapping[str, Any] | None = None,
    text: TextOptions | Mapping[str, Any] | None = None,
    samples: str | os.PathLike[str] | None = None,
    tolerance: str | Sequence[str] | None = None,
    weights: str = "fp32",
    tune: bool = False,
    unsafe: bool = False,
    check: bool = True,
    imports: Sequence[str] = (),
    progress: Step = lambda _: None,
) -> ExportReport:
    """Turn a Keras model into a bundle that OpenCV runs, and prove that it predicts the same.

    Args:
        model: A keras.Model, a .keras or .h5 file, or a SavedModel folder.
        bundle: The folder to write; an earlier bundle there stays until the new one has passed.
        format: "onnx"; or "frozen", a TensorFlow graph for code that calls
            `readNetFromTensorflow`, which runs fewer models.
        opencv: The oldest OpenCV that the file must run on, such as "4.8"; it is refused if that
            or a newer one cannot. A newer one leaves rewrites out that it does not need. None:
            as old as can be, from 4.6 on; the notes say which, if it is a newer one.
        engine: "new", "classic" or None: verify on each that the installed OpenCV has.
        input_shapes: {input: shape with the batch}, or one shape, for open dimensions.
        batch: Samples per run of the net; `predict` takes any number whatever it is.
        task: classify, binary, regress, embed, detect, segment, keypoints, image, text or raw;
            None: told by the last layer where it can be.
        labels: Names of the classes, or a text file with one per line.
        preprocess: none, 0-1, tf, torch, caffe or a JSON file; None: recognised, or an error.
        resize: stretch, letterbox, center-crop or pad.
        size: (width, height) that images are resized to; it is the input's own.
        interpolation: One of `keras2cv.pixels.resize.INTERPOLATIONS`.
        transpose_image: Whether the model reads the resized image turned sideways, its rows as
            columns; `size` is that of the upright image.
        detect: For the task detect: which output is what, and what its numbers mean.
        segment: For the task segment: the same.
        keypoints: For the task keypoints: the same.
        image: For the task image, which makes an image of an image: the same.
        text: For the task text: the charset, the blank, and how to decode.
        samples: .npz, .npy or a folder of images to compare on; None: drawn ones.
        tolerance: "strict", "fp32", "fp16" and "OUTPUT:VALUE", for the graph with float32
            weights; with "fp16-weights" or "int8-weights" among them, for the file as it is
            stored. None: "fp32", and the preset of `weights`.
        weights: How large kernels are stored: "fp32", "fp16" for half the size, or "int8" for a
            quarter. Needs OpenCV 4.7. The graph has to pass with float32 weights first; what
            storing them costs is said, and judged by a preset of its own.
        tune: Time OpenCV's engines, threads and options on this machine, those that predict the
            same, and note the fastest in the manifest; `keras2cv.load` then takes it.
        unsafe: Let the model do more than compute: run code that is in its file, read and write
            files.
        check: False writes a bundle that calls itself unverified.
        imports: Modules to import first, which register the model's own layers.
        progress: Called with a few words before each step.

    Returns:
        What was done; `.parity.verdict` is "pass", or "inconclusive" for a bundle that is kept as
        unverified.

    Raises:
        ParityError: OpenCV's predictions differ from TensorFlow's; nothing was written.
        NetError: OpenCV refuses the graph or crashes on it; nothing was written.
        UnsupportedError: Ops that OpenCV cannot run, all of them listed; nothing was written.
        UsageError: The model, a file or an argument is not right; nothing was written.
    """
    started = time.perf_counter()
    file_format = format_of(format)
    if tune and not check:
        raise UsageError(
            "Tuning keeps to what predicts the same, so it needs the comparison. Drop one."
        )
    target = Target.parse(opencv, None if engine == "auto" else engine)
    require_decodable(weights, target, file_format.name)
    for_graph, for_file = parted(tolerance, weights)
    geometry = Geometry(size, resize, interpolation, transpose_image)
    described = {
        "detect": detect, "segment": segment, "keypoints": keypoints, "image": image, "text": text,
    }  # fmt: skip
    wishes = Wishes(task, labels, preprocess, geometry, only_options(described))
    with staged_bundle(bundle) as stage:
        progress("loading the model")
        loaded = load_model(
            model, input_shapes=input_shapes, batch=batch, unsafe=unsafe, imports=imports
        )
        file_format.require_room(loaded, None if weights == "fp32" else cast("Storage", weights))
        progress("converting")
        converted = file_format.convert(loaded, target, keep=tune)
        file_format.require(converted.model, target)
        needs = oldest(file_format.examine(converted.model), target)
        facts = decide(loaded, converted, wishes)
        proof: Proof | None = None
        stored: tuple[str, ...] = ()
        record: Weights | None = None
        if weights != "fp32" and not file_format.has_room(converted.model):
            record, note = shrink(converted, weights)
            stored, for_graph = (note,), for_file
        manifest = _write(stage.folder, loaded, converted, facts, file_format, needs.opencv, record)
        if check:
            progress("asking TensorFlow")
            question = ask(
                loaded,
                manifest,
                samples=samples,
                tolerance=for_graph,
                scores=_scores(converted, facts),
                constant=converted.constant,
                drawn=SAMPLES if weights == "fp32" else SAMPLES_FOR_WEIGHTS,
            )
            progress("asking OpenCV, in a process of its own")
            # In the stage: whatever kills this process, one folder is left, and known by its name.
            found = verify(stage.folder, manifest, question, engine, stage.folder)
            proof = Proof(question, found)
            require_parity(proof.verification.parity)
            if record is not None:
                top = top1(proof.verification.parity)
                manifest = manifest.replace(weights=replace(record, top1=top))
        if weights != "fp32" and record is None:
            manifest, proof, stored = store_weights(
                stage.folder, manifest, converted, weights, proof, for_file, progress
            )
        if tune and proof is not None:
            variants = Variants(stage.folder, manifest, proof, converted, target, file_format)
            fastest = find_fastest(stage.folder, manifest, proof, variants, progress)
            manifest, proof = fastest.manifest, fastest.proof
            converted = replace(converted, fired=Counter(fastest.fired))
        manifest = _settle(stage.folder, manifest, proof)
        stage.commit()
    notes = loaded.notes + needs.notes + facts.notes + _mixed(converted, loaded.batch)
    notes += _finished(converted) + stored + _tuned(manifest)
    verification = proof.verification if proof else None
    return ExportReport(
        Path(bundle),
        manifest,
        verification.parity if verification else None,
        notes + (verification.notes if verification else ()),
        tuple(converted.fired.items()),
        time.perf_counter() - started,
        grouped(converted.missed),
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


def _scores(converted: Converted, facts: Facts) -> dict[str, str]:
    """Say which outputs hold scores of classes: by the graph's end, or by the task."""
    task = facts.task
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
    facts: Facts,
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
        task=facts.task,
        engine=Engine("any", fusion=True, winograd=True),
        source=loaded.source,
        preprocessing=facts.preprocessing,
        tail=converted.tail,
        weights=weights,
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
