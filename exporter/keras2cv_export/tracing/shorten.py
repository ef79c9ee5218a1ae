"""Skip work that tf2onnx repeats without effect.

indexing all nodes after each of some forty rewriters:    done only if the rewriter changed some
a first pass over all nodes for the functions they call:  skipped, since a flat graph has none
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
    """Shorten tf2onnx's conversions of flat graphs without changing their results."""
    with (
        patched(Graph, "reset_nodes", _where_changed),
        patched(tfonnx, "resolve_functions", lambda _: _no_functions),
    ):
        yield


def _where_changed(original: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """Index nodes only if any of them has changed or moved since the last time."""
    last: dict[int, list[Any]] = {}

    def reset_nodes(graph: Any, ops: Any) -> None:
        found = [part for op in ops for part in (op, *op.input, None, *op.output)]
        if ops is not graph.get_nodes() or last.get(id(graph)) != found:
            original(graph, ops)
        last[id(graph)] = found

    return reset_nodes


def _no_functions(_graph: Any) -> list[Any]:
    return []
