"""The graphs that TensorFlow adds to a SavedModel for its own variables and tables.

They save and restore, and read the files of tables. Each is let be in one place and one form:

    saving, restoring   in functions or nodes that nothing runs: every SavedModel brings them
    restoring           run by loading, from the place that TensorFlow feeds (TensorFlow 1)
    a table's words     from an asset, whose path TensorFlow feeds
    Python's arithmetic in Keras 2's step of adapting a layer, which nothing calls
"""

from __future__ import annotations

import re
from typing import Any, Final

from .meta_graph import MetaGraph, assets_of, callees, plain

_SAVER_OPS: Final = re.compile(r"(Save|Restore)(Slices?|V2)?|MergeV2Checkpoints|Sharded\w+")
_SAVER_FUNCTIONS: Final = re.compile(r"__inference__traced_(save|restore)_\d+")
_ADAPTING: Final = re.compile(r"__inference_adapt_step_\d+")  # Discretization's calls NumPy
_FED: Final = ("Const", "Placeholder", "PlaceholderWithDefault")
_TABLE_OPS: Final = ("InitializeTableFromTextFile", "InitializeTableFromTextFileV2")


def is_own_node(graph: MetaGraph, node: Any) -> bool:
    """Whether a node of the main graph saves, restores or fills as TensorFlow wrote it."""
    if node.op in _TABLE_OPS:
        fed = len(node.input) > 1 and plain(node.input[1]) in _asset_nodes(graph)
        return fed and node.name not in graph.run_by_calls
    if _SAVER_OPS.fullmatch(node.op) is None:
        return False
    return node.name not in graph.run or _restores_what_is_fed(graph, node)


def is_own_in_function(graph: MetaGraph, function: Any, node: Any) -> bool:
    """Whether a node of a function saves, restores or fills as TensorFlow wrote it."""
    name = function.signature.name
    if node.op in _TABLE_OPS:
        return len(node.input) > 1 and _is_fed_asset(graph, function, node.input[1])
    if node.op == "PyFunc":
        return _ADAPTING.fullmatch(name) is not None and not _is_called(graph, name)
    if _SAVER_OPS.fullmatch(node.op) is None:
        return False
    return _SAVER_FUNCTIONS.fullmatch(name) is not None and name not in graph.called_functions


def _is_called(graph: MetaGraph, name: str) -> bool:
    """Whether any node calls a function, or loading does."""
    nodes = [*graph.nodes, *(node for f in graph.functions.values() for node in f.node_def)]
    return name in graph.functions_run_by_loading or any(name in callees(n) for n in nodes)


def _restores_what_is_fed(graph: MetaGraph, node: Any) -> bool:
    """Whether a node reads variables from the tensor that TensorFlow feeds with their place."""
    place = plain(graph.proto.saver_def.filename_tensor_name)
    return (
        node.op in ("Restore", "RestoreSlice", "RestoreV2")
        and node.name not in graph.run_by_calls
        and bool(node.input)
        and plain(node.input[0]) == place
        and place in graph.by_name
        and graph.by_name[place].op in _FED
    )


def _asset_nodes(graph: MetaGraph) -> set[str]:
    names = {plain(asset.tensor_info.name) for asset in assets_of(graph.proto)}
    return {n for n in names if n in graph.by_name and graph.by_name[n].op in _FED}


def _is_fed_asset(graph: MetaGraph, function: Any, source: str) -> bool:
    """Whether every caller gives an asset's path for the argument `source` of a function."""
    arguments = [argument.name for argument in function.signature.input_arg]
    if source not in arguments:
        return False
    position, name = arguments.index(source), function.signature.name
    if any(name in callees(n) for f in graph.functions.values() for n in f.node_def):
        return False
    if graph.has_objects:  # the main graph's own calls are for other loaders than TensorFlow's
        return _is_bound_to_asset(graph, name, position - len(arguments))
    callers = [node for node in graph.nodes if name in callees(node)]
    return all(_gives_asset(graph, node, position) for node in callers)


def _gives_asset(graph: MetaGraph, node: Any, position: int) -> bool:
    given = position < len(node.input) and plain(node.input[position]) in _asset_nodes(graph)
    return given and node.name not in graph.run_by_calls


def _is_bound_to_asset(graph: MetaGraph, name: str, from_end: int) -> bool:
    """Whether an object's function has an asset at a place, counted from its last argument."""
    objects = graph.proto.object_graph_def
    if name not in objects.concrete_functions:
        return True
    bound = objects.concrete_functions[name].bound_inputs
    if -from_end > len(bound):
        return False
    number = bound[from_end]
    return 0 <= number < len(objects.nodes) and bool(objects.nodes[number].HasField("asset"))
