"""The values that a model keeps outside of its tensors: variables, and lookup tables.

A variable becomes the tensor that it holds, a table its keys and values.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras2cv_export.quiet.tensorflow import tf

from .tf_ops.node import Node, RefusedError

Array = np.ndarray[Any, Any]

# Beyond 2^24 not every integer is a float32, which OpenCV compares in.
_EXACT = 2**24
# Each key costs one comparison per element: enough for labels, too little for a vocabulary.
_MOST_KEYS = 4096


@dataclass(frozen=True)
class State:
    """A variable.

    Attributes:
        value: The tensor that it holds: a placeholder for the weight.
    """

    value: Any


@dataclass(frozen=True)
class Handle:
    """A captured resource other than a variable; `tensor` is TensorFlow's eager handle."""

    tensor: Any


@dataclass(frozen=True)
class Opaque:
    """A value that OpenCV cannot hold; `kind` names it: "a text", "an iterator"."""

    kind: str


_KINDS = {
    "Handle": "a lookup table or an iterator",
    "State": "a variable itself, not on its value",
    "Complex": "complex numbers",
}


def refusal_of(value: Any) -> RefusedError:
    """Return the error for a value that cannot take part in arithmetic."""
    kind = value.kind if isinstance(value, Opaque) else _KINDS.get(type(value).__name__, "a list")
    return RefusedError(
        f"it works on {kind}, which OpenCV has nothing for",
        "Do that part before the model, and export the part after it.",
    )


def _tensor_in(state: Any) -> Any:
    if not isinstance(state, State):
        raise refusal_of(state)
    return state.value


def _read(_: Node, state: Any) -> list[Any]:
    return [_tensor_in(state)]


def _gather(node: Node, state: Any, indices: Any) -> list[Any]:
    return [tf.gather(_tensor_in(state), indices, batch_dims=node.attr("batch_dims", 0))]


def _gather_nd(_: Node, state: Any, indices: Any) -> list[Any]:
    return [tf.gather_nd(_tensor_in(state), indices)]


def _shape(node: Node, state: Any) -> list[Any]:
    return [tf.constant(_tensor_in(state).shape.as_list(), node.attr("out_type", tf.int32))]


def _is_initialized(_: Node, _state: Any) -> list[Any]:
    return [tf.constant(value=True)]


def _find(node: Node, handle: Any, keys: Any, default: Any) -> list[Any]:
    """Look up as a sum over k of (x == key_k) * (value_k - default), plus the default.

    At most one key is equal, and all numbers are integers below 2^24: exact.

    Raises:
        RefusedError: The table holds text, or too many or too large numbers.
    """
    dtypes = node.attr("Tin"), node.attr("Tout")
    if not isinstance(handle, Handle) or not all(dtype.is_integer for dtype in dtypes):
        raise refusal_of(Opaque("a lookup table of text"))
    # TensorFlow is eager in a new thread, where no graph is open.
    with ThreadPoolExecutor(max_workers=1) as executor:
        stored, values = executor.submit(_export, handle, *dtypes).result()
    largest = max(np.abs(stored).max(initial=0), np.abs(values).max(initial=0))
    if len(stored) > _MOST_KEYS or largest >= _EXACT:
        raise RefusedError(
            f"a lookup table of {len(stored)} numbers, too many or too large to compare with",
            "Look numbers up before the model.",
        )
    fallback = tf.cast(default, tf.float32)
    equal = tf.equal(tf.cast(keys, tf.float32)[..., None], stored.astype(np.float32))
    change = values.astype(np.float32) - fallback
    found = tf.reduce_sum(tf.cast(equal, tf.float32) * change, -1) + fallback
    return [tf.cast(found, dtypes[1])]


def _export(handle: Handle, keys: Any, values: Any) -> tuple[Array, Array]:
    """Return a table's keys (K,) and values (K,). TensorFlow aborts if asked for other types."""
    table = tf.raw_ops.LookupTableExportV2(table_handle=handle.tensor, Tkeys=keys, Tvalues=values)
    return table.keys.numpy(), table.values.numpy()


STATE_OPS: dict[str, Callable[..., list[Any]]] = {
    "ReadVariableOp": _read,
    "ResourceGather": _gather,
    "ResourceGatherNd": _gather_nd,
    "VariableShape": _shape,
    "VarIsInitializedOp": _is_initialized,
    "LookupTableFindV2": _find,
}
