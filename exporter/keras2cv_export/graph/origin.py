"""Which value of the graph is the output of which Keras layer, kept true through every rewrite.

    conv/BiasAdd:0  is  conv                      after the conversion
    conv/Conv:0     is  conv, transposed          once its Transpose has sunk past it
    (nothing)       is  conv                      once it is folded into what follows

A mark sits on a value and says: the layer's output is this value after these steps. When a value
takes another's place it takes its marks; when a Transpose or Reshape goes, what it read takes
them, with one step more; when anything else goes, its marks go with it, and that layer cannot be
looked at any more. So there is never a guess.

The exported file carries the marks in its metadata, which OpenCV does not read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import onnx_ir as ir

Array = np.ndarray[Any, Any]
Step = tuple[str, tuple[float, ...]]
"""("transpose", axes), ("reshape", shape) or ("times", (factor,))."""

METADATA_KEY = "keras2cv.layers"
_MARKS = "keras2cv.marks"


@dataclass(frozen=True)
class Mark:
    """The output `key` of a layer is the marked value after `steps`, in order."""

    key: str
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Origin:
    """Where a layer's output is found in an exported file.

    Attributes:
        key: The layer's output, as `layer_calls` calls it.
        value: The name of a value of the file's graph.
        steps: What turns that value into the layer's output.
    """

    key: str
    value: str
    steps: tuple[Step, ...]

    def to_keras(self, array: Array) -> Array:
        """Return what the layer gave, from the value of the graph."""
        return self._moved(array) * self._factor if self._factor != 1 else self._moved(array)

    def to_net(self, array: Array, shape: Sequence[int]) -> Array:
        """Return the value of the graph, which has `shape`, from what the layer gave."""
        where = np.arange(array.size).reshape(shape)
        flat = np.empty(array.size, array.dtype)
        flat[self._moved(where).reshape(-1)] = array.reshape(-1)
        return flat.reshape(shape) / self._factor if self._factor != 1 else flat.reshape(shape)

    def _moved(self, array: Array) -> Array:
        for kind, numbers in self.steps:
            sizes = [int(n) for n in numbers]
            if kind == "transpose":
                array = array.transpose(sizes)
            elif kind == "reshape":
                array = array.reshape(sizes)
        return array

    @property
    def _factor(self) -> float:
        return prod(numbers[0] for kind, numbers in self.steps if kind == "times")


def mark(value: ir.Value, key: str) -> None:
    """Say that a value is the output `key` of a layer."""
    add_marks(value, [Mark(key)])


def add_marks(value: ir.Value, marks: Iterable[Mark]) -> None:
    """Say more of a value."""
    both = tuple(dict.fromkeys((*marks_of(value), *marks)))
    if both:
        value.meta[_MARKS] = both


def scale_marks(value: ir.Value, factor: float) -> None:
    """Say that what is marked is `factor` times a value from now on."""
    step_marks(value, [("times", (factor,))])


def step_marks(value: ir.Value, steps: Sequence[Step]) -> None:
    """Say that what is marked is a value after `steps` from now on."""
    stepped = [Mark(m.key, (*steps, *m.steps)) for m in marks_of(value)]
    value.meta.pop(_MARKS, None)
    add_marks(value, stepped)


def drop_marks(value: ir.Value) -> None:
    """Say nothing of a value."""
    value.meta.pop(_MARKS, None)


def marks_of(value: ir.Value) -> tuple[Mark, ...]:
    """Return what is said of a value."""
    return tuple(value.meta.get(_MARKS, ()))


def hand_over(old: ir.Value, new: ir.Value) -> None:
    """Let `new`, which takes the place of `old`, take its marks."""
    if old is not new:
        add_marks(new, old.meta.pop(_MARKS, ()))


def hand_back(node: ir.Node) -> None:
    """Let what a Transpose or Reshape read, which is about to go, take its output's marks."""
    output = node.outputs[0]
    back = _one_back(output, marks_of(output))
    if back is not None:
        add_marks(*back)
    output.meta.pop(_MARKS, None)


def places(value: ir.Value) -> Iterator[tuple[ir.Value, tuple[Mark, ...]]]:
    """Yield where the marks of a value hold: there, and with steps more and more before it."""
    place: tuple[ir.Value, tuple[Mark, ...]] | None = (value, marks_of(value))
    while place is not None:
        yield place
        place = _one_back(*place)


def _one_back(value: ir.Value, marks: tuple[Mark, ...]) -> tuple[ir.Value, tuple[Mark, ...]] | None:
    """Return what marks of a value say of the one that it is a mere rearrangement of."""
    node = value.producer()
    source = node.inputs[0] if node is not None and node.inputs else None
    step = _step(node) if node is not None else None
    if source is None or step is None or not marks:
        return None
    return source, tuple(Mark(m.key, (*step, *m.steps)) for m in marks)


def _step(node: ir.Node) -> tuple[Step, ...] | None:
    """Return what a node does to its first input, as steps; None if it computes."""
    if node.op_type in ("Identity", "Dropout"):
        return ()
    shape = _static(node.outputs[0])
    if node.op_type == "Transpose" and shape is not None:
        perm = node.attributes.get("perm")
        axes = perm.as_ints() if perm is not None else range(len(shape))[::-1]
        return (("transpose", tuple(int(a) for a in axes)),)
    if node.op_type in ("Reshape", "Squeeze", "Unsqueeze", "Flatten") and shape is not None:
        return (("reshape", shape),)
    return None


def _static(value: ir.Value) -> tuple[int, ...] | None:
    if value.shape is None or not value.shape.is_static():
        return None
    return tuple(int(str(size)) for size in value.shape)


def _values(model: ir.Model) -> Iterator[ir.Value]:
    for node in model.graph:
        yield from node.outputs


def write_origins(model: ir.Model) -> None:
    """Put the marks of all values into the model's metadata."""
    found = [
        [m.key, value.name, [[kind, list(numbers)] for kind, numbers in m.steps]]
        for value in _values(model)
        for m in marks_of(value)
    ]
    if found:
        model.metadata_props[METADATA_KEY] = json.dumps(found, separators=(",", ":"))


def read_origins(metadata: Mapping[str, str]) -> dict[str, Origin]:
    """Return what `write_origins` wrote, by key; empty for a file without it."""
    return {
        key: Origin(key, value, tuple((kind, tuple(numbers)) for kind, numbers in steps))
        for key, value, steps in json.loads(metadata.get(METADATA_KEY, "[]"))
    }
