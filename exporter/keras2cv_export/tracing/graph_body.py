"""The nodes of a TensorFlow graph or function, selected and put in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tensorflow.python.framework.function_def_to_graph import function_def_to_graph_def


@dataclass(frozen=True)
class Body:
    """The nodes of a graph or function, each after those that it reads."""

    nodes: tuple[Any, ...]
    arguments: tuple[str, ...]
    outputs: tuple[str, ...]


def graph_body(nodes: Sequence[Any], arguments: Sequence[str], outputs: Sequence[str]) -> Body:
    """Select the nodes that the outputs need, each after those that it reads."""
    by_name = {node.name: node for node in nodes}
    by_name |= _reads_of_assigned(by_name)
    bound = set(arguments)
    order: dict[str, Any] = {}
    stack = [(_node_of(name), False) for name in reversed(outputs)]
    while stack:
        name, ready = stack.pop()
        if name in order or name in bound:
            continue
        if ready:
            order[name] = by_name[name]
            continue
        stack.append((name, True))
        stack.extend((_node_of(i), False) for i in reversed(list(data_inputs(by_name[name]))))
    return Body(tuple(order.values()), tuple(arguments), tuple(outputs))


def _reads_of_assigned(by_name: Mapping[str, Any]) -> dict[str, Any]:
    """Return reads of variables that a layer assigns to before, as the values assigned.

    TensorFlow makes such a read wait for the assignment, which computes no output of its own.
    """
    found = {}
    for node in by_name.values():
        if node.op != "ReadVariableOp":
            continue
        waits = [by_name.get(name[1:]) for name in node.input if name.startswith("^")]
        assigned = [one.input[1] for one in waits
                    if one is not None and one.op == "AssignVariableOp"
                    and one.input[0] == node.input[0]]  # fmt: skip
        if assigned:
            made = type(node)()
            made.name, made.op = node.name, "Identity"
            made.input.append(assigned[-1])
            made.attr["T"].CopyFrom(node.attr["dtype"])
            found[node.name] = made
    return found


def function_body(function: Any) -> Body:
    """Read a FunctionDef."""
    graph_def, flat = function_def_to_graph_def(function)
    arguments = [argument.name for argument in function.signature.input_arg]
    results = [flat[function.ret[r.name]] for r in function.signature.output_arg]
    return graph_body(graph_def.node, arguments, results)


def data_inputs(proto: Any) -> Iterator[str]:
    """Yield the inputs of a node that are not control dependencies."""
    return (name for name in proto.input if not name.startswith("^"))


def _node_of(name: str) -> str:
    return name.partition(":")[0]
