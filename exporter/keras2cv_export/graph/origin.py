"""Which value of the graph is the output of which Keras layer, kept true through every rewrite.

    conv/BiasAdd:0  is  conv                      after the conversion
    conv/Conv:0     is  conv, transposed          once its Transpose has sunk past it
    (nothing)       is  conv                      once it is folded into the next layer

A mark on a value means: this value, after these steps, is the layer's output. When a value takes
another's place, it takes its marks. When a Transpose or Reshape is removed, its input takes the
marks, with one more step. When any other node is removed, its marks go with it, and that layer can
no longer be inspected. So there is never a guess.

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
    """The place of a layer's output in an exported file.

    Attributes:
        key: The layer's output, as `layer_calls` calls it.
        value: The name of a value of the file's graph.
        steps: The steps from that value to the layer's output.
    """

    key: str
    value: str
    steps: tuple[Step, ...]

    def to_keras(self, array: Array) -> Array:
        """Return the layer's output, computed from the value of the graph."""
        return self._moved(array) * self._factor if self._factor != 1 else self._moved(array)

    def to_net(self, array: Array, shape: Sequence[int]) -> Array:
        """Return the value of the graph, which has `shape`, computed from the layer's output."""
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
    """Mark a value as the output `key` of a layer."""
    add_marks(value, [Mark(key)])


def add_marks(value: ir.Value, marks: Iterable[Mark]) -> None:
    """Add marks to a value."""
    both = tuple(dict.fromkeys((*marks_of(value), *marks)))
    if both:
        value.meta[_MARKS] = both


def scale_marks(value: ir.Value, factor: float) -> None:
    """Record that the layers' outputs marked on a value are `factor` times it from now on."""
    step_marks(value, [("times", (factor,))])


def step_marks(value: ir.Value, steps: Sequence[Step]) -> None:
    """Record that the layers' outputs marked on a value are it after `steps` from now on."""
    stepped = [Mark(m.key, (*steps, *m.steps)) for m in marks_of(value)]
    value.meta.pop(_MARKS, None)
    add_marks(value, stepped)


def drop_marks(value: ir.Value) -> None:
    """Remove the marks of a value."""
    value.meta.pop(_MARKS, None)


def marks_of(value: ir.Value) -> tuple[Mark, ...]:
    """Return the marks of a value."""
    return tuple(value.meta.get(_MARKS, ()))


def hand_over(old: ir.Value, new: ir.Value) -> None:
    """Move the marks of `old` to `new`, which replaces it."""
    if old is not new:
        add_marks(new, old.meta.pop(_MARKS, ()))


def hand_back(node: ir.Node) -> None:
    """Give the marks of a Transpose's or Reshape's output, before it is removed, to its input."""
    output = node.outputs[0]
    back = _one_back(output, marks_of(output))
    if back is not None:
        add_marks(*back)
    output.meta.pop(_MARKS, None)


def places(value: ir.Value) -> Iterator[tuple[ir.Value, tuple[Mark, ...]]]:
    """Yield the places where a value's marks hold: there, and with more steps further back."""
    place: tuple[ir.Value, tuple[Mark, ...]] | None = (value, marks_of(value))
    while place is not None:
        yield place
        place = _one_back(*place)


def _one_back(value: ir.Value, marks: tuple[Mark, ...]) -> tuple[ir.Value, tuple[Mark, ...]] | None:
    """Return the value that another merely rearranges, with the marks of the latter moved to it."""
    node = value.producer()
    source = node.inputs[0] if node is not None and node.inputs else None
    step = _step(node) if node is not None else None
    if source is None or step is None or not marks:
        return None
    return source, tuple(Mark(m.key, (*step, *m.steps)) for m in marks)


def _step(node: ir.Node) -> tuple[Step, ...] | None:
    """Return how a node moves its first input's numbers, as steps; None if it computes new ones."""
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
    """Write the marks of all values into the model's metadata."""
    found = [
        [m.key, value.name, [[kind, list(numbers)] for kind, numbers in m.steps]]
        for value in _values(model)
        for m in marks_of(value)
    ]
    if found:
        model.metadata_props[METADATA_KEY] = json.dumps(found, separators=(",", ":"))


def take_origins(model: ir.Model) -> None:
    """Mark the values as the model's metadata says, and remove it there."""
    found = read_origins(model.metadata_props)
    model.metadata_props.pop(METADATA_KEY, None)
    values = {value.name: value for value in _values(model)}
    for origin in found.values():
        if origin.value in values:
            add_marks(values[origin.value], [Mark(origin.key, origin.steps)])


def read_origins(metadata: Mapping[str, str]) -> dict[str, Origin]:
    """Read the marks that `write_origins` wrote, by key; empty for a file without any."""
    return {
        key: Origin(key, value, tuple((kind, tuple(numbers)) for kind, numbers in steps))
        for key, value, steps in json.loads(metadata.get(METADATA_KEY, "[]"))
    }
