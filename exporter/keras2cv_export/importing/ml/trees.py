"""Decision trees and forests as products.

    d = (x[features] <= thresholds)             1 where a node goes left, for all nodes at once
    r = relu(d paths + left - depth + 1)        1 for the leaf that all nodes on its path lead to
    y = r values                                the sum over the trees

`paths` is 1 for a leaf on a node's left side and -1 on its right, so that the sum over a
leaf's path is its depth exactly where it is reached. All numbers are whole: nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import integer, new_constant, new_node
from keras2cv_export.importing.forms.normalization import NodeWriter
from keras2cv_export.importing.refused_form import RefusedFormError

from .linear import as_float, rows_of
from .scores import (
    floats,
    label_count,
    matrix,
    put_labels,
    put_scores,
    text,
    transformed,
    whole,
    words,
)

Array = np.ndarray[Any, Any]

_COMPARISONS: Final = {
    "BRANCH_LEQ": "LessOrEqual",
    "BRANCH_LT": "Less",
    "BRANCH_GTE": "GreaterOrEqual",
    "BRANCH_GT": "Greater",
    "BRANCH_EQ": "Equal",
}
_MOST: Final = 2**16  # numbers in one matrix of paths: trees are put together up to that
_MOST_NUMBERS: Final = 2**24  # in all of them


@dataclass(frozen=True)
class Tree:
    """One tree.

    Attributes:
        features: Of each inner node, the number that it looks at.
        thresholds: What it compares it with.
        paths: (inner nodes, leaves): 1, -1 or 0.
        right: Of each leaf, how often its path goes right.
        depth: Of each leaf, how many nodes are on its path.
        values: (leaves, classes).
    """

    features: Array
    thresholds: Array
    paths: Array
    right: Array
    depth: Array
    values: Array


def _trees(node: ir.Node, weights: str, classes: int) -> Iterator[Tree]:
    """Yield the trees of a node; `weights` is how its attributes of leaves begin."""
    ids, numbers = whole(node, "nodes_treeids"), whole(node, "nodes_nodeids")
    modes = words(node, "nodes_modes")
    places = {(int(t), int(n)): k for k, (t, n) in enumerate(zip(ids, numbers, strict=True))}
    leaves: dict[tuple[int, int], Array] = {}
    kind = "class" if weights == "class" else "target"
    columns = (f"{kind}_treeids", f"{kind}_nodeids", f"{kind}_ids")
    found = [whole(node, column).tolist() for column in columns]
    for t, n, c, w in zip(*found, floats(node, f"{kind}_weights"), strict=True):
        leaves.setdefault((t, n), np.zeros(classes, np.float64))[c] += w
    for tree, group in groupby(range(len(ids)), key=lambda k: int(ids[k])):
        yield _tree(node, tree, list(group), places, modes, leaves, classes)


def _tree(
    node: ir.Node,
    tree: int,
    own: Sequence[int],
    places: Mapping[tuple[int, int], int],
    modes: Sequence[str],
    leaves: Mapping[tuple[int, int], Array],
    classes: int,
) -> Tree:
    numbers = whole(node, "nodes_nodeids")
    left, right = whole(node, "nodes_truenodeids"), whole(node, "nodes_falsenodeids")
    inner = [k for k in own if modes[k] != "LEAF"]
    row = {k: i for i, k in enumerate(inner)}
    ends: list[tuple[int, dict[int, int]]] = []
    stack: list[tuple[int, dict[int, int]]] = [(own[0], {})]
    while stack:
        k, path = stack.pop()
        if modes[k] == "LEAF":
            ends.append((k, path))
            continue
        if len(path) > len(own):
            raise RefusedFormError("its nodes go in circles")
        for side, to in ((1, left[k]), (-1, right[k])):
            stack.append((places[tree, int(to)], {**path, row[k]: side}))
    paths = np.zeros((len(inner), len(ends)), np.float32)
    for column, (_, path) in enumerate(ends):
        for i, side in path.items():
            paths[i, column] = side
    none = np.zeros(classes, np.float64)
    return Tree(
        whole(node, "nodes_featureids")[inner],
        floats(node, "nodes_values")[inner],
        paths,
        (paths < 0).sum(0),
        np.abs(paths).sum(0),
        np.array([leaves.get((tree, int(numbers[k])), none) for k, _ in ends]),
    )


def _comparison(node: ir.Node) -> str:
    kinds = {mode for mode in words(node, "nodes_modes") if mode != "LEAF"}
    if len(kinds) > 1 or not kinds <= set(_COMPARISONS):
        raise RefusedFormError(f"its nodes compare by {', '.join(sorted(kinds))}")
    return _COMPARISONS[next(iter(kinds), "BRANCH_LEQ")]


def _together(trees: Sequence[Tree]) -> Iterator[list[Tree]]:
    """Yield trees in groups whose matrix of paths stays small."""
    group: list[Tree] = []
    for tree in trees:
        sizes = [np.array(one.paths.shape) for one in (*group, tree)]
        if group and np.prod(np.sum(sizes, axis=0)) > _MOST:
            yield group
            group = []
        group.append(tree)
    yield group


def _sums(write: NodeWriter, x: ir.Value, weights: str, classes: int) -> ir.Value:
    """Return the sums over all trees, (samples, classes)."""
    found = list(_trees(write.node, weights, classes))
    constant = sum((tree.values[0] for tree in found if not tree.features.size), np.zeros(classes))
    trees = [tree for tree in found if tree.features.size]
    groups = list(_together(trees)) if trees else []
    total = sum(tree.paths.size for tree in trees)
    if total > _MOST_NUMBERS:
        raise RefusedFormError(
            f"its {len(trees)} trees make matrices of {total} numbers, and {_MOST_NUMBERS} are "
            "the most"
        )
    base = floats(write.node, "base_values")
    constant = constant + (base if base.size in (1, classes) else 0)
    rows, op = rows_of(write.node)[0], _comparison(write.node)
    parts = [_group(write, x, op, group, rows, classes) for group in groups]
    value = matrix(write, np.broadcast_to(constant, (rows, classes)), "base")
    for part in parts:
        value = write.op("Add", part, value, shape=[rows, classes])
    return value


def _group(
    write: NodeWriter, x: ir.Value, op: str, trees: Sequence[Tree], rows: int, classes: int
) -> ir.Value:
    inner, leaves = np.sum([tree.paths.shape for tree in trees], axis=0)
    paths = np.zeros((inner, leaves), np.float32)
    i = j = 0
    for tree in trees:
        a, b = tree.paths.shape
        paths[i : i + a, j : j + b] = tree.paths
        i, j = i + a, j + b
    features = np.concatenate([tree.features for tree in trees])
    thresholds = np.concatenate([tree.thresholds for tree in trees])
    bias = np.concatenate([tree.right - tree.depth + 1 for tree in trees])
    values = np.concatenate([tree.values for tree in trees])
    columns = new_constant(write.model, features.astype(np.int64), write.like, "features")
    looked = write.op("Gather", x, columns, axis=1, shape=[rows, inner])
    goes_left = new_node(
        write.node,
        op,
        [looked, matrix(write, thresholds, "thresholds")],
        like=write.like,
        shape=[rows, int(inner)],
        dtype=ir.DataType.BOOL,
    )
    d = write.op("Cast", goes_left, to=int(ir.DataType.FLOAT), shape=[rows, inner])
    fitting = write.op("MatMul", d, matrix(write, paths, "paths"), shape=[rows, leaves])
    counted = write.op("Add", fitting, matrix(write, bias, "left"), shape=[rows, leaves])
    reached = write.op("Relu", counted, shape=[rows, leaves])
    return write.op("MatMul", reached, matrix(write, values, "values"), shape=[rows, classes])


def _regressor(model: ir.Model, node: ir.Node, _: int) -> None:
    write, count = NodeWriter(model, node), integer(node, "n_targets", 1)
    rows, kind = rows_of(node)[0], text(node, "aggregate_function", "SUM")
    if kind not in ("SUM", "AVERAGE"):
        raise RefusedFormError(f"it takes the {kind} of its trees")
    node.outputs[0].type = ir.TensorType(ir.DataType.FLOAT)
    value = _sums(write, as_float(write), "target", count)
    if kind == "AVERAGE":
        trees = len(set(whole(node, "nodes_treeids").tolist()))
        value = write.op("Mul", value, write.number(1 / trees), shape=[rows, count])
    write.put(transformed(write, value, [rows, count]))


def _classifier(model: ir.Model, node: ir.Node, _: int) -> None:
    write, count, rows = NodeWriter(model, node), label_count(node), rows_of(node)[0]
    named = set(whole(node, "class_ids").tolist())
    scores = _sums(write, as_float(write), "class", count)
    decided = scores
    if count == 2 and len(named) == 1:  # as ONNX Runtime does it: the specification leaves it open
        decided = _both(write, scores, rows, next(iter(named)))
        scores = decided if named == {0} else scores
    put_labels(write, decided, rows)
    put_scores(write, transformed(write, scores, [rows, count]))


def _both(write: NodeWriter, scores: ir.Value, rows: int, named: int) -> ir.Value:
    """Return the scores of two classes by the one that the leaves name, which is the second's."""
    positive = bool((floats(write.node, "class_weights") >= 0).all())
    mixed, shift = np.zeros((2, 2)), np.zeros(2)
    mixed[named] = (-1, 1)
    if positive:
        shift = np.array([1.0, 0.0])
    both = write.op("MatMul", scores, matrix(write, mixed, "both"), shape=[rows, 2])
    return write.op("Add", both, matrix(write, shift, "other"), shape=[rows, 2])


OPS: Final[Mapping[str, Callable[[ir.Model, ir.Node, int], None]]] = {
    "TreeEnsembleClassifier": _classifier,
    "TreeEnsembleRegressor": _regressor,
}
