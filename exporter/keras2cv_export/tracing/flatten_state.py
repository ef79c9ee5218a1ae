"""What a model keeps beside tensors: variables, and tables that words and numbers are looked up in.

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
# One comparison per key and element: a vocabulary of words does not go here, a few labels do.
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
    """What is no variable: a lookup table, an iterator. `tensor` is TensorFlow's eager handle."""

    tensor: Any


@dataclass(frozen=True)
class Opaque:
    """What OpenCV has nothing for; `what` names it: "a text", "an iterator"."""

    what: str


_WHAT = {
    "Handle": "a lookup table or an iterator",
    "State": "a variable itself, not on its value",
    "Complex": "complex numbers",
}


def refusal_of(value: Any) -> RefusedError:
    """Say why a value that is not a tensor cannot be computed with."""
    what = value.what if isinstance(value, Opaque) else _WHAT.get(type(value).__name__, "a list")
    return RefusedError(
        f"it works on {what}, which OpenCV has nothing for",
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
    """Look up: sum over k of (x == key_k) * (value_k - default), plus the default.

    At most one key is equal, and all numbers are integers below 2^24: exact.
    """
    dtypes = node.attr("Tin"), node.attr("Tout")
    if not isinstance(handle, Handle) or not all(dtype.is_integer for dtype in dtypes):
        raise refusal_of(Opaque("a lookup table of text"))
    # A thread of its own has no graph open: TensorFlow is eager in it.
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
    """Return a table's keys (K,) and values (K,). Asked for other types TensorFlow aborts."""
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
