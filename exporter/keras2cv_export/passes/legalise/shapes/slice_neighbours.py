"""Slice a run of neighbouring axes, in order, from the first that is cut to the last.

    Slice(x, axes=(0, 3, 1))   ->  Slice(x, axes=(1, 2, 3)), axis 0 being whole

4.6 stops at axes that do not follow each other, and at negative ones. Bounds are clipped to the
tensor and counted from the front. Exact.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import constant, new_constant, new_node, nodes, shape_of, substitute


def slice_neighbours(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "Slice"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    shape, output = shape_of(node.inputs[0]), node.outputs[0]
    given = [constant(value) for value in node.inputs[1:]]
    if shape is None or any(array is None for array in given):
        return 0
    starts, ends, axes, steps = _spelled([a.tolist() for a in given if a is not None], len(shape))
    if min(steps) < 1:
        return 0
    ranges = {
        a: range(n)[s:e:t]
        for a, n, s, e, t in zip(axes, (shape[a] for a in axes), starts, ends, steps, strict=True)
    }
    cut = [a for a, r in ranges.items() if len(r) != shape[a]]
    if not cut:
        return substitute(node, node.inputs[0]) if node.inputs[0] is not None else 0
    run = range(min(cut), max(cut) + 1)
    rows = [ranges.get(a, range(shape[a])) for a in run]
    wanted = [[r.start for r in rows], [r[-1] + 1 if len(r) else r.start for r in rows], list(run)]
    if any(r.step != 1 for r in rows):
        wanted.append([r.step for r in rows])
    if [a.tolist() for a in given if a is not None] == wanted:
        return 0
    bounds = [new_constant(model, np.array(w, np.int64), output) for w in wanted]
    return substitute(node, new_node(node, "Slice", [node.inputs[0], *bounds], like=output))


def _spelled(given: list[list[int]], rank: int) -> tuple[list[int], ...]:
    starts, ends = given[:2]
    axes = [a % rank for a in given[2]] if len(given) > 2 else list(range(len(starts)))
    steps = given[3] if len(given) > 3 else [1] * len(starts)
    return starts, ends, axes, steps
