"""What a model tells about itself: preprocessing inside it, and the task it was trained for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import onnx_ir as ir

from keras2cv.bundle.manifest import Kind, Scores, Task
from keras2cv.errors import UsageError
from keras2cv_export.model.spec import TensorSpec

# Layers that turn pixels into what the network was trained on.
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
    """Give the layers that hold no others, in the order in which a model names them.

    Keras' own `_flatten_layers` turns the order of nested models round.
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
    """Read each output's last activation off the converted graph."""
    return [Head(s, last_activation(v)) for s, v in zip(outputs, model.graph.outputs, strict=True)]


def last_activation(value: ir.Value | None) -> str:
    """Return "softmax", "sigmoid" or "linear", whatever `value` is computed by last."""
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


def guess_kind(found: Sequence[Head], labels: Sequence[str] | None) -> Kind:
    """Tell the task where the last layer leaves no doubt; `raw` promises nothing."""
    if len(found) != 1 or found[0].classes is None:
        return "raw"
    classes, activation = found[0].classes, found[0].activation
    if activation == "softmax" and classes > 1:
        return "classify"
    if activation == "sigmoid" and classes == 1:
        return "binary"
    return "classify" if labels and len(labels) == classes and classes > 1 else "raw"


def build_task(kind: Kind, found: Sequence[Head], labels: Sequence[str] | None) -> Task:
    """Say which output the task reads, and what its numbers are.

    Raises:
        UsageError: No output, or more than one, fits the task; the labels have the wrong count.
    """
    if kind == "raw":
        return Task("raw", labels=tuple(labels) if labels else None)
    head = _only_fitting(kind, found)
    _check_labels(kind, head, labels)
    return Task(kind, head.spec.name, _scores(kind, head), tuple(labels) if labels else None)


def _only_fitting(kind: Kind, found: Sequence[Head]) -> Head:
    fitting = [h for h in found if h.classes is not None and (kind != "binary" or h.classes == 1)]
    if kind in ("classify", "embed"):
        fitting = [h for h in fitting if (h.classes or 0) > 1]
    if len(fitting) != 1:
        raise UsageError(
            f"The task {kind} needs one output of shape {_wanted(kind)}, and this model has "
            f"{len(fitting)} such: {', '.join(str(h.spec) for h in found)}. Use --task raw."
        )
    return fitting[0]


def _wanted(kind: Kind) -> str:
    return {"binary": "(N, 1)", "classify": "(N, classes)"}.get(kind, "(N, values)")


def _check_labels(kind: Kind, head: Head, labels: Sequence[str] | None) -> None:
    if labels is not None and kind == "embed":
        raise UsageError("The numbers of an embedding have no names. Leave the labels out.")
    wanted = (1, 2) if kind == "binary" else (head.classes,)
    if labels is not None and len(labels) not in wanted:
        raise UsageError(
            f"There are {len(labels)} labels, and the output {head.spec} needs "
            f"{' or '.join(map(str, wanted))}. Give one per class, one per line."
        )


def _scores(kind: Kind, head: Head) -> Scores | None:
    if kind in ("regress", "embed"):
        return None
    if head.activation == "linear":
        return "logits"
    return "sigmoid" if head.activation == "sigmoid" else "softmax"
