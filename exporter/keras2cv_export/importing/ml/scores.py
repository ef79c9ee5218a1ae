"""What classical models make of raw scores: probabilities, and the label of the largest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import new_constant, new_node, replace
from keras2cv_export.importing.forms.normalization import NodeWriter
from keras2cv_export.importing.refused_form import RefusedFormError

Array = np.ndarray[Any, Any]


def floats(node: ir.Node, name: str) -> Array:
    """Return an attribute of floats; empty where it is left out."""
    attribute = node.attributes.get(name)
    return np.array([] if attribute is None else attribute.as_floats(), np.float32)


def whole(node: ir.Node, name: str) -> Array:
    """Return an attribute of integers; empty where it is left out."""
    attribute = node.attributes.get(name)
    return np.array([] if attribute is None else attribute.as_ints(), np.int64)


def words(node: ir.Node, name: str) -> list[str]:
    """Return an attribute of texts; empty where it is left out."""
    attribute = node.attributes.get(name)
    return [] if attribute is None else list(attribute.as_strings())


def text(node: ir.Node, name: str, default: str) -> str:
    """Return an attribute of one text."""
    attribute = node.attributes.get(name)
    return default if attribute is None else str(attribute.as_string())


def matrix(write: NodeWriter, array: Array, role: str) -> ir.Value:
    """Return a float32 constant."""
    return new_constant(write.model, array.astype(np.float32), write.like, role)


def transformed(write: NodeWriter, scores: ir.Value, shape: Sequence[int]) -> ir.Value:
    """Return what the node's `post_transform` makes of its scores.

    Raises:
        RefusedFormError: It is one that core ops have no form for.
    """
    kind = text(write.node, "post_transform", "NONE")
    if kind == "NONE":
        return scores
    if kind == "SOFTMAX":
        return write.op("Softmax", scores, shape=shape, axis=len(shape) - 1)
    if kind == "LOGISTIC":
        return write.op("Sigmoid", scores, shape=shape)
    raise RefusedFormError(f"its scores are transformed by {kind}")


def label_count(node: ir.Node) -> int:
    """Return how many classes a classifier names."""
    return max(
        len(words(node, "classlabels_strings")),
        whole(node, "classlabels_ints").size,
        whole(node, "classlabels_int64s").size,
    )


def put_labels(write: NodeWriter, scores: ir.Value, rows: int) -> None:
    """Let the label of the largest score take the place of the node's first output.

    Raises:
        RefusedFormError: The labels are texts that other nodes read.
    """
    output = write.node.outputs[0]
    if not output.uses() and not output.is_graph_output():
        return
    names = np.concatenate(
        [whole(write.node, "classlabels_ints"), whole(write.node, "classlabels_int64s")]
    )
    if not names.size:
        raise RefusedFormError("the text of its labels is read on, and OpenCV takes numbers only")
    place = new_node(
        write.node,
        "ArgMax",
        [scores],
        {"axis": 1, "keepdims": 0},
        like=output,
        shape=[rows],
        dtype=ir.DataType.INT64,
    )
    place = looked_up(write, names, place, rows)
    output.type = ir.TensorType(ir.DataType.INT64)
    replace(output, place)


def looked_up(write: NodeWriter, table: Array, places: ir.Value, rows: int) -> ir.Value:
    """Return the numbers of a table at computed places, (rows,).

    Args:
        write: Writes the nodes.
        table: The numbers.
        places: Which of them, (rows,).
        rows: How many.
    """
    if np.array_equal(table, np.arange(table.size)):
        return places
    dtype, like = ir.DataType.from_numpy(table.dtype), write.like
    column = new_constant(write.model, table.reshape(-1, 1), like, "labels")
    shape, axis = [rows, 1], {"axis": 0}
    found = new_node(
        write.node, "Gather", [column, places], axis, like=like, shape=shape, dtype=dtype
    )
    line = write.whole([rows], "rows")
    return new_node(write.node, "Reshape", [found, line], like=like, shape=[rows], dtype=dtype)


def put_scores(write: NodeWriter, scores: ir.Value) -> None:
    """Let scores take the place of the node's second output, and remove the node."""
    output = write.node.outputs[1]
    output.type = ir.TensorType(ir.DataType.FLOAT)
    replace(output, scores)
    write.model.graph.remove(write.node, safe=True)
