"""Find the side effects in a SavedModel's graphs, read from its protobuf before loading.

TensorFlow runs some of the operations while it loads (initializers of tables and resources), and
the rest when the model is called. A SavedModel also brings graphs of its own for saving and
restoring its variables. Loading does not run those: they are ignored if nothing else leads to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

from keras2cv.errors import ModelError

from .danger import Danger, shown
from .operations import does_more

_SAVER_OPS: Final = re.compile(r"(Save|Restore)(Slices?|V2)?|MergeV2Checkpoints")
_SAVER_FUNCTIONS: Final = re.compile(r"__inference__traced_(save|restore)_\d+")
_INIT_OPS: Final = ("saved_model_main_op", "legacy_init_op", "saved_model_init_op")


def check_assets(path: Path, saved_model: Any) -> None:
    """Refuse a SavedModel with assets outside of its folder of assets.

    Raises:
        ModelError: There is such an asset.
    """
    for graph in saved_model.meta_graphs:
        for asset in graph.asset_file_def:
            name = PurePosixPath(asset.filename.replace("\\", "/"))
            if name.is_absolute() or ".." in name.parts or ":" in asset.filename:
                raise ModelError(
                    f"{path} names the asset {shown(asset.filename)}, outside its own folder. "
                    "No library writes that: do not use the model."
                )


def graph_dangers(saved_model: Any) -> list[Danger]:
    """Return every operation that does more than compute."""
    return [found for graph in saved_model.meta_graphs for found in _of_graph(graph)]


def _of_graph(graph: Any) -> Iterator[Danger]:
    main, library = graph.graph_def.node, graph.graph_def.library.function
    asked = _ancestors({node.name: node for node in main}, _ends(graph))
    for node in main:
        saver = _SAVER_OPS.fullmatch(node.op) and node.name not in asked
        yield from () if saver else _of_node(node, "the main graph")
    led_to = set(graph.object_graph_def.concrete_functions)
    led_to |= {name for f in library for node in f.node_def for name in _callees(node)}
    led_to |= {name for node in main if node.name in asked for name in _callees(node)}
    for function in library:
        name = function.signature.name
        lonely = _SAVER_FUNCTIONS.fullmatch(name) is not None and name not in led_to
        for node in function.node_def:
            if not (lonely and _SAVER_OPS.fullmatch(node.op)):
                yield from _of_node(node, f"the function {shown(name)}")


def _of_node(node: Any, where: str) -> Iterator[Danger]:
    does = does_more(node.op)
    if node.op in ("PrintV2", "Print"):
        stream = node.attr["output_stream"].s if "output_stream" in node.attr else b"stderr"
        does = "writes files" if stream.startswith(b"file:") else None
    if does is not None:
        yield Danger(f"the operation {shown(node.op)[1:-1]} in {where}", does)


def _ends(graph: Any) -> Iterator[str]:
    """Yield the names of all that the main graph runs: the signatures' outputs, its start."""
    for signature in graph.signature_def.values():
        yield from (_plain(info.name) for info in signature.outputs.values())
    for key in _INIT_OPS:
        if key in graph.collection_def:
            yield from map(_plain, graph.collection_def[key].node_list.value)


def _ancestors(nodes: Mapping[str, Any], ends: Iterable[str]) -> set[str]:
    found: set[str] = set()
    stack = list(ends)
    while stack:
        name = stack.pop()
        if name in found or name not in nodes:
            continue
        found.add(name)
        stack.extend(_plain(source) for source in nodes[name].input)
    return found


def _plain(tensor: str) -> str:
    """Return the node of "^node", "node:0" or "node:output:0"."""
    return tensor.removeprefix("^").partition(":")[0]


def _callees(node: Any) -> Iterator[str]:
    yield node.op  # a call may also be spelled as an operation of the function's name
    for value in node.attr.values():
        if value.func.name:
            yield value.func.name
        yield from (function.name for function in value.list.func)
