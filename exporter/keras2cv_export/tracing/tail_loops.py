"""Loops whose number of steps depends on the input: kept as one op, and done after the net.

A greedy box selection is such a loop. In the flat graph it stands as one op with the loop's
arguments and results, before which the net is cut; its condition and its body are flat graphs of
their own, which `cut_numpy_tail` writes as steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keras2cv_export.quiet.tensorflow import tf

# TensorFlow's op for any function on the host: it has inputs and outputs of any types, is never
# evaluated ahead, and in a model it is refused.
LOOP = "PyFunc"
LOOP_OF_UNKNOWN = "a loop whose number of steps depends on the input"
_LOOPS = "keras2cv_loops"


@dataclass(frozen=True)
class SubGraph:
    """A flat graph with its arguments and results."""

    arguments: tuple[Any, ...]
    results: tuple[Any, ...]


@dataclass(frozen=True)
class TailLoop:
    """What is repeated while a condition holds."""

    condition: SubGraph
    body: SubGraph


def add_loop(loop: TailLoop, state: Sequence[Any]) -> list[Any]:
    """Add the op to the current graph; return its results."""
    made = tf.raw_ops.PyFunc(input=list(state), token="", Tout=[t.dtype for t in state])
    for result, value in zip(made, state, strict=True):
        result.set_shape(value.shape)
    tf.compat.v1.get_default_graph().get_collection_ref(_LOOPS).append((made[0].op.name, loop))
    return list(made)


def loop_of(op: Any) -> TailLoop | None:
    """Return the loop that an op stands for."""
    return dict(op.graph.get_collection_ref(_LOOPS)).get(op.name)
