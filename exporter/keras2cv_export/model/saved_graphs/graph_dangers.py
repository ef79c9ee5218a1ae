"""Find the side effects in a SavedModel's graphs, read from its protobuf before loading.

TensorFlow runs some of the operations while it loads (what restores variables and fills tables),
and the rest when the model is called. Both may only compute: a node anywhere, in the main graph or
in a function, run or not, is one of `computing_ops.py`, a call of one of the graph's own
functions, or one of TensorFlow's own nodes for saving and restoring (`savers.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Final

from tensorflow.python.framework import op_def_registry

from keras2cv.errors import ModelError
from keras2cv_export.model.untrusted.computing_ops import COMPUTING_OPS
from keras2cv_export.model.untrusted.danger import Danger, shown
from keras2cv_export.model.untrusted.operations import does_more

from .meta_graph import MetaGraph, assets_of
from .savers import is_own_in_function, is_own_node

# Nothing may go on for ever before the model is even asked for its outputs.
_LOOPS: Final = frozenset(("While", "StatelessWhile", "For", "Enter", "RefEnter", "XlaWhile"))
_PRINTS: Final = ("Print", "PrintV2")
_MAKES_TEXT: Final = frozenset(
    ("UnicodeEncode", "UnicodeTranscode", "DecodeBase64", "DecodeRaw", "DecodePaddedRaw")
)
_TEXTS: Final = (
    "value",
    "message",
    "template",
    "end",
    "placeholder",
    "separator",
    "rewrite",
    "fill",
)
_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]")
_RESOURCE: Final = 20  # tensorflow.DataType
_VARIANT: Final = 21


def check_assets(path: Path, saved_model: Any) -> None:
    """Refuse a SavedModel with assets outside of its folder of assets.

    Raises:
        ModelError: There is such an asset.
    """
    for graph in saved_model.meta_graphs:
        for asset in assets_of(graph):
            name = PurePosixPath(asset.filename.replace("\\", "/"))
            if name.is_absolute() or ".." in name.parts or ":" in asset.filename:
                raise ModelError(
                    f"{path} names the asset {shown(asset.filename)}, outside its own folder. "
                    "No library writes that: do not use the model."
                )


def meta_graphs(saved_model: Any) -> list[MetaGraph]:
    """Return the graphs of a SavedModel, with how TensorFlow would load each."""
    protos = saved_model.meta_graphs
    return [MetaGraph(p, len(protos) == 1 and p.HasField("object_graph_def")) for p in protos]


def graph_dangers(saved_model: Any) -> list[Danger]:
    """Return every operation that does more than compute."""
    return [found for graph in meta_graphs(saved_model) for found in _of_graph(graph)]


def _of_graph(graph: MetaGraph) -> Iterator[Danger]:
    for node in graph.nodes:
        if node.op not in graph.functions and not is_own_node(graph, node):
            yield from _of_node(node, "the main graph")
        if node.name in graph.run_by_loading:
            yield from _of_loop(node, "the main graph")
    for name, function in graph.functions.items():
        where = f"the function {shown(name)}"
        if name in COMPUTING_OPS or op_def_registry.get(name) is not None:
            yield Danger(where, "has the name of an operation of TensorFlow")
        for node in function.node_def:
            if node.op not in graph.functions and not is_own_in_function(graph, function, node):
                yield from _of_node(node, where)
            if name in graph.functions_run_by_loading:
                yield from _of_loop(node, where)
    yield from _of_printing(graph)


def _of_node(node: Any, where: str) -> Iterator[Danger]:
    does = does_more(node.op)
    if node.op in _PRINTS:
        stream = node.attr["output_stream"].s if "output_stream" in node.attr else b"stderr"
        does = "writes files" if stream.startswith(b"file:") else None
    if node.op == "Const" and node.attr["value"].tensor.dtype in (_RESOURCE, _VARIANT):
        does = "refers to an object of the process"
    if does is not None:
        op, name = shown(node.op)[1:-1], shown(node.name)
        yield Danger(f"the operation {op} in {where} (node {name})", does)


def _of_loop(node: Any, where: str) -> Iterator[Danger]:
    if node.op in _LOOPS:
        yield Danger(f"a loop in {where} ({shown(node.name)})", "runs while the model is loaded")


def _of_printing(graph: MetaGraph) -> Iterator[Danger]:
    """Report text that would control a terminal, in a graph that prints."""
    everywhere = [*graph.nodes, *(n for f in graph.functions.values() for n in f.node_def)]
    if not any(node.op in _PRINTS for node in everywhere):
        return
    read = everywhere[len(graph.nodes) if graph.has_objects else 0 :]  # or it is not loaded at all
    for node in read:
        texts = [text for key in _TEXTS if key in node.attr for text in _texts(node.attr[key])]
        if node.op in _MAKES_TEXT or any(map(_CONTROLS.search, texts)):
            yield Danger(
                f"the printing in the graph (node {shown(node.name)})", "controls terminals"
            )
            return


def _texts(value: Any) -> Iterator[bytes]:
    yield value.s
    yield from value.tensor.string_val
