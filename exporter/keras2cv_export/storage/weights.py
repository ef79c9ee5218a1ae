"""`--weights fp16|int8`: a smaller file, whose kernels OpenCV decodes when it loads the net."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, cast

import onnx_ir as ir

from keras2cv.bundle.manifest import Manifest, Weights
from keras2cv.bundle.writing import write_manifest
from keras2cv.errors import UsageError
from keras2cv.net.opencv import version_tuple
from keras2cv.schema.vocabulary import Storage
from keras2cv_export.convert import Converted
from keras2cv_export.formats.formats import FORMATS
from keras2cv_export.parity.tolerance import Tolerance
from keras2cv_export.passes import AFTER_COMPRESS, COMPRESS
from keras2cv_export.passes.fixpoint import rewrite
from keras2cv_export.targets.target import dotted
from keras2cv_export.verifying.question import Question
from keras2cv_export.verifying.verify import Verification, require_parity, verify

from .cost import cost_note, top1
from .proving import StoredFile, hold_to_twin
from .storages import FIRST_TO_DECODE
from .twin import make_twin

Step = Callable[[str], None]

# Drawn where none are given: with the 4 of an ordinary export, "top-1 agrees" would prove little.
SAMPLES: Final = 16


@dataclass(frozen=True)
class Proof:
    """A comparison that did not fail: its question, and its result."""

    question: Question
    verification: Verification


def store_weights(
    folder: Path,
    manifest: Manifest,
    converted: Converted,
    weights: str,
    proof: Proof | None,
    tolerance: Tolerance,
    progress: Step,
) -> tuple[Manifest, Proof | None, tuple[str, ...]]:
    """Write the file anew with smaller weights, and compare it again.

    Args:
        folder: The staged bundle's.
        manifest: The manifest of the present file; the result describes the new one.
        converted: The graph, whose kernels are stored smaller in place.
        weights: "fp16" or "int8".
        proof: That the graph is right with float32 weights; None: nothing is compared.
        tolerance: For the new file.
        progress: Called with a few words before each step.

    Returns:
        The manifest, the proof for the new file, and notes for the user.

    Raises:
        ParityError: The predictions differ by more than `tolerance`.
    """
    progress(f"storing the weights as {weights}")
    graph = converted.model.clone() if proof is not None else converted.model
    fired = _stored(converted.model, weights)
    converted.fired.update(fired)
    if not fired:
        return manifest, proof, (_NOTHING,)
    record = Weights(cast("Storage", weights), fired.total(), manifest.model.size_bytes)
    oldest = max(manifest.model.opencv, dotted(FIRST_TO_DECODE), key=version_tuple)
    empty = replace(manifest.model, opencv=oldest)
    model = FORMATS[empty.format].save(converted.model, folder, empty)
    manifest = manifest.replace(model=model, weights=record)
    write_manifest(folder, manifest)
    if proof is None:
        return manifest, None, (_size_note(manifest),)
    progress("asking OpenCV again")
    again = _compared(folder, manifest, proof, tolerance)
    _require_twin(folder, manifest, graph, proof)
    parity = again.verification.parity
    manifest = manifest.replace(weights=replace(record, top1=top1(parity)))
    return manifest, again, (_size_note(manifest), _cost(manifest, proof, again))


def shrink(converted: Converted, weights: str) -> tuple[Weights, str]:
    """Store a graph's kernels smaller before it is ever written: in float32 no file could hold it.

    Returns:
        The record for the manifest, and a note for the user. `converted` is changed.

    Raises:
        UsageError: No kernel is large enough.
    """
    size = sum(
        t.nbytes for v in converted.model.graph.initializers.values() if (t := v.const_value)
    )
    fired = _stored(converted.model, weights)
    converted.fired.update(fired)
    if not fired:
        raise UsageError(f"{_NOTHING} OpenCV reads at most 2 GiB from a file: export parts of it.")
    note = (
        f"Weights: {fired.total()} kernels as {weights}; as float32 they would be "
        f"{size / 2**30:.1f} GiB, more than OpenCV reads from a file, so that the file is "
        "compared as it is stored."
    )
    return Weights(cast("Storage", weights), fired.total(), str(size)), note


def _stored(model: ir.Model, weights: str) -> Counter[str]:
    """Store kernels smaller in place; return how many, by the name of the pass."""
    fired = rewrite(model, COMPRESS[weights])
    if fired:
        rewrite(model, AFTER_COMPRESS)
    return fired


def _compared(folder: Path, manifest: Manifest, proof: Proof, tolerance: Tolerance) -> Proof:
    """Repeat the comparison on the engines that were right with float32 weights.

    Those showed that every output depends on the input, to a ten-thousandth of it. Against an
    error of hundredths the same answers may vary too little to show that once more.
    """
    # The float32 graph has passed the samples that stress.
    question = replace(proof.question, tolerance=tolerance, stress=(), exact=None)
    if proof.verification.parity.verdict == "pass":
        names = frozenset(output.name for output in manifest.outputs)
        question = replace(question, constant=names)
    found = verify(folder, manifest, question, proof.verification.engine.name, folder)
    require_parity(found.parity)
    return Proof(question, replace(found, notes=proof.verification.notes + found.notes))


def _cost(manifest: Manifest, before: Proof, after: Proof) -> str:
    found = after.verification
    answers = next(iter(found.answers.values()))
    float32 = before.verification.parity
    return cost_note(manifest, found.parity, after.question.expected, answers, float32)


def _require_twin(folder: Path, manifest: Manifest, graph: ir.Model, proof: Proof) -> None:
    """Refuse a file that is not, in float32, the graph with its rounded weights.

    Raises:
        ParityError: It is not.
    """
    weights = manifest.weights
    assert weights is not None  # noqa: S101 - the caller has just put it there
    twin = make_twin(ir.load(folder / manifest.model.file), graph, weights.storage)
    assert twin is not None  # noqa: S101 - the file was made of this graph
    found = proof.verification
    stored = StoredFile(folder, manifest, proof.question, found.engine.name, folder)
    for report in hold_to_twin(stored, twin, found).values():
        require_parity(report)


_NOTHING: Final = "Weights: no kernel is large enough to be stored smaller; all stay float32."


def _size_note(manifest: Manifest) -> str:
    weights, now = manifest.weights, int(manifest.model.size_bytes)
    assert weights is not None  # noqa: S101 - the caller has just put it there
    was = int(weights.float32_bytes)
    return (
        f"Weights: {weights.kernels} kernels as {weights.storage}, {now / 1e6:.1f} MB instead of "
        f"{was / 1e6:.1f} MB, {was / now:.1f} times smaller. OpenCV has to be "
        f"{dotted(FIRST_TO_DECODE)} or newer: it decodes them when it loads the net."
    )
