"""Along which axes a value is the same, judging by the ops before it."""

from __future__ import annotations

from math import prod

import onnx_ir as ir

from .edit import constant, permutation, shape_of

_DEPTH = 64
_ELEMENTWISE = frozenset(
    [
        "Abs",
        "Add",
        "And",
        "Cast",
        "Clip",
        "Div",
        "Equal",
        "Floor",
        "Greater",
        "GreaterOrEqual",
        "Identity",
        "Less",
        "LessOrEqual",
        "Max",
        "Min",
        "Mod",
        "Mul",
        "Neg",
        "Not",
        "Or",
        "Relu",
        "Sign",
        "Sub",
        "Where",
    ]
)
_RESHAPING = frozenset(["Flatten", "Reshape", "Squeeze", "Unsqueeze"])
_MOVING = frozenset(["Expand", "Resize", "Tile", "Transpose"]) | _RESHAPING
Shape = tuple[int, ...]


def repeats(value: ir.Value | None) -> tuple[bool, ...]:
    """Return for each axis whether a value surely repeats along it; all of size 1 do."""
    return _repeats(value, _DEPTH, {})


def _repeats(
    value: ir.Value | None, depth: int, seen: dict[ir.Value, tuple[bool, ...]]
) -> tuple[bool, ...]:
    """Do the same, from `depth` ops back; `seen` holds the answers, since many ways meet."""
    if value is None:
        return ()
    if value not in seen:
        shape = shape_of(value) or ()
        found = _known(value, shape, depth, seen) if depth else (False,) * len(shape)
        seen[value] = tuple(size == 1 or same for size, same in zip(shape, found, strict=True))
    return seen[value]


def _known(
    value: ir.Value, shape: Shape, depth: int, seen: dict[ir.Value, tuple[bool, ...]]
) -> tuple[bool, ...]:
    array, node = constant(value), value.producer()
    if array is not None:
        return tuple(bool((array == array.take([0], axis=k)).all()) for k in range(array.ndim))
    if node is None or node.op_type not in _ELEMENTWISE | _MOVING:
        return (False,) * len(shape)
    if any(v is not None and shape_of(v) is None for v in node.inputs):
        return (False,) * len(shape)
    given = [_repeats(v, depth - 1, seen) for v in node.inputs if v is not None]
    return _of_node(node, shape, given)


def _of_node(node: ir.Node, shape: Shape, given: list[tuple[bool, ...]]) -> tuple[bool, ...]:
    if node.op_type in _ELEMENTWISE:
        return _all_of([_aligned(one, len(shape)) for one in given], len(shape))
    if node.op_type in ("Expand", "Resize", "Tile"):
        return _aligned(given[0], len(shape))
    if node.op_type == "Transpose":
        return tuple(given[0][axis] for axis in permutation(node))
    return _regrouped(given[0], shape_of(node.inputs[0]) or (), shape)


def _aligned(given: tuple[bool, ...], rank: int) -> tuple[bool, ...]:
    """Return the same for a rank that broadcasting gives."""
    return (True,) * (rank - len(given)) + given


def _all_of(given: list[tuple[bool, ...]], rank: int) -> tuple[bool, ...]:
    return tuple(all(one[k] for one in given) for k in range(rank))


def _regrouped(given: tuple[bool, ...], before: Shape, after: Shape) -> tuple[bool, ...]:
    """Return the same after a Reshape: for axes that stay whole, or whose whole group repeats."""
    found = [False] * len(after)
    for old, new in _groups(before, after):
        whole = [k for k in old if before[k] != 1]
        parts = [k for k in new if after[k] != 1]
        same = all(given[k] for k in whole)
        for k in new:
            found[k] = same if len(whole) != 1 or len(parts) != 1 else given[whole[0]]
    return tuple(found)


def _groups(before: Shape, after: Shape) -> list[tuple[list[int], list[int]]]:
    """Pair the shortest runs of axes of equal size."""
    found, i, j = [], 0, 0
    while i < len(before) or j < len(after):
        old, new = [i] if i < len(before) else [], [j] if j < len(after) else []
        i, j = i + len(old), j + len(new)
        while prod(before[k] for k in old) != prod(after[k] for k in new):
            if prod(before[k] for k in old) < prod(after[k] for k in new):
                old.append(i)
                i += 1
            else:
                new.append(j)
                j += 1
        found.append((old, new))
    return found
