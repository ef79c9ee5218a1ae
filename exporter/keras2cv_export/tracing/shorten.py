"""What tf2onnx does over and over, left out where nothing comes of it.

an index of all nodes, made anew after each of some forty rewriters:  after those that changed
                                                                      something
all nodes read a first time, to find the functions that they call:    a flat graph has none
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tf2onnx import tfonnx
from tf2onnx.graph import Graph

from keras2cv_export.model.plain_ops import patched


@contextmanager
def shortened() -> Iterator[None]:
    """Shorten tf2onnx's conversions of flat graphs; what it makes of them is the same."""
    with (
        patched(Graph, "reset_nodes", _where_changed),
        patched(tfonnx, "resolve_functions", lambda _: _no_functions),
    ):
        yield


def _where_changed(original: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """Index nodes only if any is not what and where it was when they were indexed last."""
    last: dict[int, list[Any]] = {}

    def reset_nodes(graph: Any, ops: Any) -> None:
        found = [part for op in ops for part in (op, *op.input, None, *op.output)]
        if ops is not graph.get_nodes() or last.get(id(graph)) != found:
            original(graph, ops)
        last[id(graph)] = found

    return reset_nodes


def _no_functions(_graph: Any) -> list[Any]:
    return []
