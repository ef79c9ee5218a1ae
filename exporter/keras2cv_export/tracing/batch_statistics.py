"""Layers that read the whole batch at hand: an answer then depends on the samples beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import numpy as np

from keras2cv_export.quiet.tensorflow import tf
from keras2cv_export.targets.importer_support import layer_of

_REDUCTIONS: Final = frozenset(
    ["All", "Any", "ArgMax", "ArgMin", "EuclideanNorm", "Max", "Mean", "Min", "Prod", "Sum"]
)


def batch_statistics(graph_def: Any, inputs: Collection[str]) -> tuple[str, ...]:
    """Return the layers that take a mean over the batch and all but one further axis.

    Batch normalization does so in training mode, as one fused op or as moments.

    Args:
        graph_def: A flat GraphDef.
        inputs: The tensors that a user gives, such as "image:0". Means of weights count for none.
    """
    nodes = {node.name: node for node in graph_def.node}
    depending = _depending(graph_def, {_node_of(name) for name in inputs})
    found = (n for n in graph_def.node if n.name in depending and _is_of_a_batch(n, nodes))
    return tuple(dict.fromkeys(layer_of(node.name) for node in found))


def reductions_of_rows(graph_def: Any, inputs: Collection[str]) -> tuple[str, ...]:
    """Return the layers that may put the samples of a batch together.

    They reduce the first axis of a tensor, or multiply two tensors of rows. Whether its rows are
    samples, only the numbers tell.

    Args:
        graph_def: A flat GraphDef.
        inputs: The tensors that a user gives, such as "image:0".
    """
    nodes = {node.name: node for node in graph_def.node}
    depending = _depending(graph_def, {_node_of(name) for name in inputs})
    found = (
        node
        for node in graph_def.node
        if node.name in depending and (_reduces_rows(node, nodes) or _joins_rows(node, depending))
    )
    return tuple(dict.fromkeys(layer_of(node.name) for node in found))


def _reduces_rows(node: Any, nodes: Mapping[str, Any]) -> bool:
    if node.op not in _REDUCTIONS:
        return bool(node.op == "L2Loss")
    axes = nodes.get(_node_of(node.input[1]))
    if axes is None or axes.op != "Const":
        return True
    places = tf.make_ndarray(axes.attr["value"].tensor)
    return bool(((places == 0) | (places < -1)).any())  # -2 is the first of two


def _joins_rows(node: Any, depending: Collection[str]) -> bool:
    return node.op == "MatMul" and all(_node_of(name) in depending for name in node.input[:2])


def _depending(graph_def: Any, names: set[str]) -> set[str]:
    """Return the nodes that depend on the nodes `names`, and those."""
    count = 0
    while count != len(names):  # once more where a node stands before what it reads
        count = len(names)
        for node in graph_def.node:
            if any(_node_of(tensor) in names for tensor in node.input):
                names.add(node.name)
    return names


def _is_of_a_batch(node: Any, nodes: Mapping[str, Any]) -> bool:
    if node.op.startswith("FusedBatchNorm"):
        # Behind a Reshape it normalizes each sample, whose parts lie where the channels were.
        source = nodes.get(_node_of(node.input[0]))
        return bool(node.attr["is_training"].b) and source is not None and source.op != "Reshape"
    axes = nodes.get(_node_of(node.input[1])) if node.op == "Mean" else None
    if axes is None or axes.op != "Const" or not node.attr["keep_dims"].b:
        return False
    reduced = np.sort(tf.make_ndarray(axes.attr["value"].tensor).ravel()).tolist()
    return len(reduced) > 0 and reduced == list(range(len(reduced)))


def _node_of(tensor: str) -> str:
    return tensor.removeprefix("^").partition(":")[0]
