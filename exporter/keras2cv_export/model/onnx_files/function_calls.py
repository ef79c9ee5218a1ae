"""Bounds on the nodes of a model, its own functions put in their callers' places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import onnx_ir as ir

from keras2cv.errors import ModelError

MOST_NODES: Final = 20_000  # which take the compiler and OpenCV half a minute
_DEEPEST: Final = 64  # functions in functions; PyTorch writes 10
_IN_FUNCTIONS: Final = 20_000


def require_few_nodes(model: ir.Model) -> None:
    """Refuse a graph of very many nodes, and functions that call themselves.

    Raises:
        ModelError: There are some.
    """
    if len(model.functions) > _IN_FUNCTIONS:
        raise _refused(f"{len(model.functions)} functions of its own")
    sizes: dict[ir.OperatorIdentifier, tuple[int, int]] = {}
    for name in model.functions:
        _size(model.functions, name, sizes)
    called = [n.op_identifier() for n in model.graph.all_nodes() if n.op_type != "Constant"]
    nodes = sum(sizes.get(name, (1, 0))[0] for name in called)
    if nodes > MOST_NODES:
        written = " once its functions are written out" if model.functions else ""
        raise ModelError(
            f"The ONNX model has {nodes} nodes{written}, and {MOST_NODES} are the most that are "
            "read. Simplify it before, or export a smaller part."
        )
    deepest = max((depth for _, depth in sizes.values()), default=0)
    if deepest > _DEEPEST:
        raise _refused(f"functions in functions, {deepest} deep")


def _size(
    functions: Mapping[ir.OperatorIdentifier, ir.Function],
    name: ir.OperatorIdentifier,
    sizes: dict[ir.OperatorIdentifier, tuple[int, int]],
) -> None:
    """Find the (nodes, depth) of a function and of those that it calls, without recursion."""
    open_calls: dict[ir.OperatorIdentifier, Iterator[ir.OperatorIdentifier]] = {}
    if name not in sizes:
        open_calls[name] = iter(_called(functions, name))
    while open_calls:
        current = next(reversed(open_calls))
        callee = next((one for one in open_calls[current] if one not in sizes), None)
        if callee is None:
            del open_calls[current]
            sizes[current] = _whole(functions[current], sizes)
        elif callee in open_calls:
            raise _refused(f"a function that calls itself, {callee[1]}")
        else:
            open_calls[callee] = iter(_called(functions, callee))


def _called(
    functions: Mapping[ir.OperatorIdentifier, ir.Function], name: ir.OperatorIdentifier
) -> list[ir.OperatorIdentifier]:
    found = [node.op_identifier() for node in functions[name].all_nodes()]
    return [one for one in dict.fromkeys(found) if one in functions]


def _whole(
    function: ir.Function, sizes: Mapping[ir.OperatorIdentifier, tuple[int, int]]
) -> tuple[int, int]:
    parts = [sizes.get(node.op_identifier(), (1, 0)) for node in function.all_nodes()]
    return sum(nodes for nodes, _ in parts), 1 + max((depth for _, depth in parts), default=0)


def _refused(what: str) -> ModelError:
    return ModelError(
        f"The ONNX model has {what}, which no exporter writes. Export the model again."
    )
