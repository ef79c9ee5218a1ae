"""What a manifest says of its file, beside what the file holds: an activation, stored weights."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from keras2cv.bundle.manifest import Manifest
from keras2cv.schema.vocabulary import Storage

_ACTIVATIONS: Final = ("softmax", "sigmoid")
# Nodes whose result is no probability, whatever their weights.
_LINEAR: Final = ("Gemm", "Conv", "ConvTranspose")
_STORED: Final[Mapping[Storage, str]] = {"fp16": "float16", "int8": "int8"}
_PASSES_ON: Final = ("Identity", "Cast", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten")


def false_claims(
    manifest: Manifest, ends: Mapping[str, str], dtypes: Collection[str]
) -> tuple[str, ...]:
    """Return what the manifest says and the file shows to be false, each as a clause.

    Args:
        manifest: The bundle's.
        ends: Net output -> the op that computes it, shape and order aside, such as "Softmax".
        dtypes: Of the file's kernels: "float32", "float16", "int8".
    """
    return tuple(_claims(manifest, ends, dtypes))


def passes_on(op: str) -> bool:
    """Whether an op leaves numbers as they are, so that the op before it is the end."""
    return op in _PASSES_ON


def _claims(manifest: Manifest, ends: Mapping[str, str], dtypes: Collection[str]) -> Iterator[str]:
    for key, output, kind in _scores(manifest):
        op = ends.get(manifest.output(output).net_name, "")
        if kind == "logits" and op.lower() in _ACTIVATIONS:
            yield f"task.{key} says logits, and the net ends in {op}"
        if kind in _ACTIVATIONS and op in _LINEAR:
            yield f"task.{key} says {kind}, and the net ends in {op}, which gives none"
    said = manifest.weights.storage if manifest.weights is not None else None
    for storage, dtype in _STORED.items():
        if manifest.model.format == "onnx" and (storage == said) != (dtype in dtypes):
            held = dtype if dtype in dtypes else "float32"
            yield f"weights says {said or 'float32'}, and the file holds kernels in {held}"


def _scores(manifest: Manifest) -> Iterator[tuple[str, str, str]]:
    """Yield (key, output, kind of scores) for each output that the task calls scores."""
    task = manifest.task
    if task.output is not None and task.scores is not None:
        yield "scores", task.output, str(task.scores)
    record = task.record
    kind = getattr(record, "scores", None)
    if record is not None and task.kind in ("segment", "text"):
        yield f"{task.kind}.scores", record.outputs["output"], str(kind)
    activation = getattr(record, "activation", None)
    if task.kind == "detect" and activation in _ACTIVATIONS and record is not None:
        scores = record.outputs.get("scores")
        if scores is not None:
            yield "detect.activation", scores, "logits"
