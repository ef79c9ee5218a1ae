"""Recognise a model's own preprocessing, and the task that it was trained for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import onnx_ir as ir

from keras2cv.bundle.manifest import Task
from keras2cv.errors import UsageError
from keras2cv.schema.vocabulary import Scores, TaskName
from keras2cv_export.model.spec import TensorSpec

from . import TASKS
from .kind import OneOutput

# Layers that turn pixels into the values that the network was trained on.
_NORMALISERS = ("Rescaling", "Normalization")


def normaliser(keras_model: Any) -> str | None:
    """Name the Rescaling or Normalization layer that comes before any layer with weights."""
    for layer in _leaves(keras_model):
        if type(layer).__name__ in _NORMALISERS:
            return f"{type(layer).__name__} layer {layer.name!r}"
        if layer.weights:
            return None
    return None


def _leaves(layer: Any) -> Iterator[Any]:
    """Yield the layers that hold no others, in the model's order.

    Keras' own `_flatten_layers` reverses the order of nested models.
    """
    for inner in _held(layer):
        if _held(inner):
            yield from _leaves(inner)
        else:
            yield inner


def _held(layer: Any) -> list[Any]:
    return list(getattr(layer, "layers", None) or getattr(layer, "_layers", None) or ())


@dataclass(frozen=True)
class Head:
    """One output and the activation that it ends in: "softmax", "sigmoid" or "linear"."""

    spec: TensorSpec
    activation: str

    @property
    def classes(self) -> int | None:
        """How many numbers there are for each sample, if the output is (N, classes)."""
        return self.spec.shape[1] if len(self.spec.shape) == 2 else None


def heads(model: ir.Model, outputs: Sequence[TensorSpec]) -> list[Head]:
    """Return each output with its last activation in the converted graph."""
    return [Head(s, last_activation(v)) for s, v in zip(outputs, model.graph.outputs, strict=True)]


def last_activation(value: ir.Value | None) -> str:
    """Return the activation that computes `value`: "softmax", "sigmoid", or else "linear"."""
    node = value.producer() if value is not None else None
    while node is not None and node.op_type in (
        "Identity",
        "Cast",
        "Reshape",
        "Transpose",
        "Squeeze",
        "Silence",  # a frozen graph's Identity
    ):
        source = node.inputs[0]
        node = source.producer() if source is not None else None
    return {"Softmax": "softmax", "Sigmoid": "sigmoid"}.get(node.op_type if node else "", "linear")


def guess_kind(found: Sequence[Head], labels: Sequence[str] | None) -> TaskName:
    """Return the task if the last layer leaves no doubt, else `raw`, which promises nothing."""
    if len(found) == 1 and found[0].classes is not None:
        for task, row in TASKS.items():
            if row.recognises(found[0], labels):
                return cast("TaskName", task)
    return "raw"


def build_task(kind: TaskName, found: Sequence[Head], labels: Sequence[str] | None) -> Task:
    """Return the task of a kind without options: it reads one output, or all of them.

    Raises:
        UsageError: No output, or more than one, fits the task; the labels have the wrong count.
    """
    names = tuple(labels) if labels else None
    if (wanted := TASKS[kind].one_output) is None:
        return Task(kind, labels=names)
    head = _only_fitting(kind, wanted, found)
    _check_labels(kind, wanted, head, labels)
    return Task(kind, head.spec.name, _scores(head) if wanted.has_scores else None, names)


def _only_fitting(kind: TaskName, wanted: OneOutput, found: Sequence[Head]) -> Head:
    fitting = [head for head in found if head.classes is not None and wanted.fits(head.classes)]
    if len(fitting) != 1:
        raise UsageError(
            f"The task {kind} needs one output of shape {wanted.shape}, and this model has "
            f"{len(fitting)} such: {', '.join(str(h.spec) for h in found)}. Use --task raw."
        )
    return fitting[0]


def _check_labels(
    kind: TaskName, wanted: OneOutput, head: Head, labels: Sequence[str] | None
) -> None:
    if labels is None:
        return
    if TASKS[kind].unnamed:
        raise UsageError(TASKS[kind].unnamed)
    counts = wanted.label_counts(head.classes or 0)
    if len(labels) not in counts:
        raise UsageError(
            f"There are {len(labels)} labels, and the output {head.spec} needs "
            f"{' or '.join(map(str, counts))}. Give one per class, one per line."
        )


def _scores(head: Head) -> Scores:
    if head.activation == "linear":
        return "logits"
    return "sigmoid" if head.activation == "sigmoid" else "softmax"
