"""A model's trained weights: placeholders in the flat graph, and the values behind them.

Ops that read only weights are computed here, before anything converts them: three of a
normalization's five ops work on the weights of its channels. Most nodes of a deep network are such
arithmetic, and each costs as much to convert as a convolution. `fold_constants` would compute the
same later, in the same order and by the same NumPy: the bits are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from keras2cv_export.quiet.tensorflow import tf

from .flatten_state import Handle, Opaque, State
from .tf_ops.node import Node
from .tf_ops.spectra import Complex

Array = np.ndarray[Any, Any]

# Captured constants of up to this many elements go into the graph, where shapes can depend on them.
_SMALL = 64
# Numbers. Results are kept beside their operands, and kernels are too large for that.
_LARGEST_RESULT: Final = 2**16

_ARITHMETIC: Final[Mapping[str, Callable[..., Array]]] = {
    "AddV2": np.add,
    "Mul": np.multiply,
    "Rsqrt": lambda x: np.reciprocal(np.sqrt(x)),
    "Sub": np.subtract,
}


@dataclass(eq=False)
class _Computed:
    """A result that gets a placeholder only when a node of the graph reads it."""

    name: str
    array: Array
    tensor: Any = None


@dataclass
class Weights:
    """Placeholders for the tensors that a traced function captured, and their values."""

    _values: dict[str, Array] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many numbers the weights have."""
        return sum(array.size for array in self._values.values())

    def take(self, name: str, held: Any) -> Any:
        """Return the current graph's stand-in for a captured tensor or handle."""
        if isinstance(held, State):
            return State(self._placeholder(name, _array(held.value)))
        if isinstance(held, Handle | Opaque):
            return held
        if held.shape.num_elements() <= _SMALL:
            return tf.constant(held.numpy(), held.dtype, name=name)
        if held.dtype.is_complex:
            array = _array(held)
            parts = {"real": array.real.copy(), "imag": array.imag.copy()}
            return Complex(*(self._placeholder(f"{name}/{k}", v) for k, v in parts.items()))
        return self._placeholder(name, _array(held))

    def computed(self, node: Node, inputs: Sequence[Any]) -> Any | None:
        """Return a node's results if it reads weights alone, or None to leave it in the graph."""
        if node.op != "Reshape" and node.op not in _ARITHMETIC:
            return None
        weights = [self._behind(value) for value in inputs]
        if all(array is None for array in weights):
            return None
        arrays: list[Array] = []
        for value, weight in zip(inputs, weights, strict=True):
            array = _stated(value) if weight is None else weight
            if array is None:
                return None
            arrays.append(array)
        made = _result(node.op, arrays)
        return None if made is None else _Computed(node.name, made)

    def tensor(self, value: Any) -> Any:
        """Return the tensor of a value: a result computed here becomes a placeholder, once."""
        if not isinstance(value, _Computed):
            return value
        if value.tensor is None:
            value.tensor = self._placeholder(value.name, value.array)
        return value.tensor

    def read_by(self, graph_def: Any) -> dict[str, Array]:
        """Return the weights whose placeholders are left in the graph, by tensor name."""
        left = {node.name for node in graph_def.node if node.op == "Placeholder"}
        return {k: v for k, v in self._values.items() if k.removesuffix(":0") in left}

    def _behind(self, value: Any) -> Array | None:
        if isinstance(value, _Computed):
            return value.array
        return self._values.get(value.name) if isinstance(value, tf.Tensor) else None

    def _placeholder(self, name: str, array: Array) -> Any:
        made = tf.compat.v1.placeholder(array.dtype, array.shape, name=name)
        self._values[made.name] = array
        return made


def _stated(value: Any) -> Array | None:
    """Return the value of a Const op; no other tensor is evaluated."""
    if not isinstance(value, tf.Tensor) or value.op.type != "Const":
        return None
    return np.asarray(tf.get_static_value(value))


def _result(op: str, arrays: Sequence[Array]) -> Array | None:
    if op == "Reshape":
        weight, shape = arrays
        return weight.reshape(shape)
    if any(a.dtype != np.float32 or a.size > _LARGEST_RESULT for a in arrays):
        return None
    with np.errstate(all="ignore"):  # like TensorFlow, which accepts 1 / 0
        return np.asarray(_ARITHMETIC[op](*arrays))


def _array(tensor: Any) -> Array:
    """Return a tensor's value, sharing TensorFlow's memory where it allows that."""
    if tensor.dtype in (tf.bfloat16, tf.bool):
        return np.asarray(tensor.numpy())
    return np.asarray(memoryview(tensor)).reshape([int(d) for d in tensor.shape])
