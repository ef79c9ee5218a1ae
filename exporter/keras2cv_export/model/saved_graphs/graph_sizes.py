"""Estimate what a SavedModel's graphs would grow to, before TensorFlow allocates it.

A constant may repeat one number a billion times, a variable's shape is a few bytes, and functions
that call each other twice double at each level.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import tensorflow as tf

from keras2cv.errors import ModelError
from keras2cv_export.model.untrusted.danger import dishonest, shown

from .meta_graph import MetaGraph, callees

_FREE_BYTES: Final = 256 * 2**20
_MAX_NODES: Final = 2_000_000  # after all calls are written out
_MAX_OBJECTS: Final = 30_000  # some 10 for a layer; TensorFlow takes 0.2 ms for each
_MAX_ATTRIBUTES: Final = 250  # the richest operation of TensorFlow's has some 20
_MAX_DEPTH: Final = 200  # of calls in calls
# Which inputs hold the shape of an operation's result, the factors of its operand's, or a count. Of
# most, TensorFlow tells the shape without a run; it runs some whose result nobody needs.
_SHAPED: Final = {
    (0,): """
        AvgPoolGrad Conv2DBackpropInput Conv3DBackpropInputV2 DepthwiseConv2dNativeBackpropInput
        Empty Fill NonDeterministicInts ParameterizedTruncatedNormal RaggedTensorToTensor
        RandomGamma RandomPoisson RandomPoissonV2 RandomStandardNormal RandomUniform
        RandomUniformInt SparseMatrixZeros StatelessParameterizedTruncatedNormal
        StatelessRandomBinomial StatelessRandomGammaV2 StatelessRandomGammaV3 StatelessRandomNormal
        StatelessRandomNormalV2 StatelessRandomPoisson StatelessRandomUniform
        StatelessRandomUniformFullInt StatelessRandomUniformFullIntV2 StatelessRandomUniformInt
        StatelessRandomUniformIntV2 StatelessRandomUniformV2 StatelessTruncatedNormal
        StatelessTruncatedNormalV2 TensorArrayV2 TensorArrayV3 TruncatedNormal
        """,
    (1,): """
        Bincount BroadcastTo DecodePaddedRaw DenseBincount ExtractGlimpse ExtractGlimpseV2
        Multinomial OneHot ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor
        ScaleAndTranslate SparseToDense StatefulStandardNormal StatelessMultinomial
        TensorListReserve TensorListResize Tile
        """,
    (2,): """
        HistogramFixedWidth ImageProjectiveTransformV2 ImageProjectiveTransformV3 LinSpace
        RaggedBincount RaggedFillEmptyRows ScatterNd SparseFillEmptyRows
        SparseTensorToCSRSparseMatrix StatefulRandomBinomial StatefulStandardNormalV2
        StatefulTruncatedNormal StatefulUniform StatefulUniformFullInt StatefulUniformInt
        UnsortedSegmentJoin UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd
        UnsortedSegmentSum
        """,
    (3,): """
        CropAndResize CropAndResizeGradImage SparseBincount SparseSegmentMeanGrad
        SparseSegmentMeanWithNumSegments SparseSegmentSqrtNGrad SparseSegmentSqrtNWithNumSegments
        SparseSegmentSumGrad SparseSegmentSumWithNumSegments
        """,
    (0, 1): "SobolSample",
    (2, 3): "MatrixDiagV2 MatrixDiagV3",
}
_PLACES: Final = {name: at for at, names in _SHAPED.items() for name in names.split()}
# Of a sparse tensor's shape, its rows alone take room.
_ROWS: Final = frozenset(
    ("SparseFillEmptyRows", "SparseMatrixZeros", "SparseTensorToCSRSparseMatrix")
)
_RANGES: Final = frozenset(("Range", "RaggedRange"))
_MAX_NUMBERS: Final = 2**27


def check_sizes(path: Path, graphs: Iterable[MetaGraph]) -> None:
    """Refuse graphs that would become much larger than what is stored.

    Raises:
        ModelError: A graph's constants, variables or calls would.
    """
    for graph in graphs:
        bodies = [graph.nodes, *(f.node_def for f in graph.functions.values())]
        _check_counts(path, graph, bodies)
        _check_constants(path, [node for body in bodies for node in body if node.op == "Const"])
        for body in bodies:
            _check_results(path, body)
        _check_calls(path, graph)


def check_variables(path: Path, copy: Path) -> None:
    """Refuse a checkpoint, in the `copy` of a SavedModel, with larger variables than its files.

    Raises:
        ModelError: Its index declares more than its files hold.
    """
    folder = copy / "variables"
    if not (folder / "variables.index").is_file():
        return
    try:
        reader = tf.train.load_checkpoint(str(folder / "variables"))
        shapes, types = reader.get_variable_to_shape_map(), reader.get_variable_to_dtype_map()
    except Exception as error:  # any error that TensorFlow finds in the file
        reason = " ".join(str(error).split())[:200].rstrip(".")
        raise ModelError(
            f"{path}: its variables cannot be read ({reason}). Copy it again."
        ) from error
    declared = sum(math.prod(shape) * _width(types[name]) for name, shape in shapes.items())
    stored = sum(file.stat().st_size for file in folder.iterdir())
    if declared > stored:
        raise dishonest(path, f"its variables declare {declared} bytes, and {stored} are stored")


def _width(dtype: Any) -> int:
    return 1 if dtype == tf.string else int(dtype.size)  # of text, its length at least is stored


def _check_constants(path: Path, nodes: Iterable[Any]) -> None:
    total = 0
    for node in nodes:
        tensor = node.attr["value"].tensor
        size = _size(tensor) * _bytes_of(tensor.dtype)
        total += max(size - tensor.ByteSize(), 0)
        if size < 0 or total > _FREE_BYTES:
            where = shown(node.name)
            raise dishonest(path, f"its constants, such as {where}, declare {total} bytes too many")


def _check_counts(path: Path, graph: MetaGraph, bodies: Iterable[Iterable[Any]]) -> None:
    """Refuse objects and attributes by the thousand, over which loading would take minutes."""
    objects = len(graph.proto.object_graph_def.nodes)
    if objects > _MAX_OBJECTS:
        raise dishonest(path, f"it has {objects} objects")
    if (depth := _depth(graph.proto.object_graph_def.nodes)) > _MAX_DEPTH:
        raise dishonest(path, f"its objects hold each other {depth} deep")
    for one in (*(node for body in bodies for node in body), *graph.functions.values()):
        if len(one.attr) > _MAX_ATTRIBUTES:
            name = one.name if hasattr(one, "op") else one.signature.name
            raise dishonest(path, f"its node {shown(name)} has {len(one.attr)} attributes")


def _depth(objects: Any) -> int:
    """Return how deep objects are in objects: TensorFlow builds a name of all of them for each."""
    level, seen, depth = [0] if len(objects) else [], {0}, 0
    while level:
        depth += 1
        inner = {child.node_id for number in level for child in objects[number].children}
        level = [number for number in inner - seen if 0 <= number < len(objects)]
        seen.update(level)
    return depth


def _check_results(path: Path, body: Iterable[Any]) -> None:
    """Look at the shapes that a graph states in constants."""
    constants = {node.name: node.attr["value"].tensor for node in body if node.op == "Const"}
    for node in body:
        if node.op in _RANGES:
            numbers = _range_length(constants, node)
        else:
            numbers = math.prod(_stated(constants, node))
        if numbers > _MAX_NUMBERS:
            raise dishonest(
                path, f"its operation {node.op} ({shown(node.name)}) makes {numbers} numbers"
            )


def _stated(constants: Any, node: Any) -> Iterator[int]:
    """Yield the sizes of a node's result that constants state."""
    for place in _PLACES.get(node.op, ()):
        if place < len(node.input):
            sizes = _values(constants, node.input[place])
            yield from sizes[:1] if node.op in _ROWS else sizes


def _range_length(constants: Any, node: Any) -> int:
    """Return the numbers of a range, or of several, of which some may have the same step."""
    found = [_values(constants, name) or [0] for name in node.input[:3]]
    count = max((len(values) for values in found), default=0)
    ranges = zip(*(values * (count // len(values)) for values in found), strict=False)
    return sum(int(abs(last - first) // max(abs(step), 1)) for first, last, step in ranges)


def _values(constants: Any, source: str) -> list[int]:
    """Return the integers of a small constant, or none."""
    tensor = constants.get(source.partition(":")[0])
    if tensor is None or _size(tensor) > 16 or not tf.DType(tensor.dtype).is_integer:
        return []
    try:
        return [abs(int(number)) for number in tf.make_ndarray(tensor).reshape(-1)]
    except Exception:
        return []


def _check_calls(path: Path, graph: MetaGraph) -> None:
    sizes: dict[str, tuple[int, int]] = {}
    for name in graph.functions:
        for one in _callees_first(path, graph, name, sizes):
            nodes = graph.functions[one].node_def
            inner = [sizes[c] for node in nodes for c in _known(graph, node)]
            size = len(nodes) + sum(count for count, _ in inner)
            depth = 1 + max((deep for _, deep in inner), default=0)
            if size > _MAX_NODES or depth > _MAX_DEPTH:
                raise dishonest(
                    path, f"its function {shown(one)} grows to {size} operations, {depth} deep"
                )
            sizes[one] = (size, depth)


def _callees_first(path: Path, graph: MetaGraph, name: str, done: Any) -> Iterator[str]:
    """Yield the functions that are not done, each after those that it calls."""
    open_ones: set[str] = set()
    stack = [(name, False)]
    while stack:
        one, is_left = stack.pop()
        if is_left:
            open_ones.discard(one)
            if one not in done:
                yield one
        elif one in open_ones:
            raise dishonest(path, f"its function {shown(one)} calls itself")
        elif one not in done:
            open_ones.add(one)
            stack.append((one, True))
            nodes = graph.functions[one].node_def
            stack.extend((c, False) for c in {c for n in nodes for c in _known(graph, n)})


def _known(graph: MetaGraph, node: Any) -> Iterator[str]:
    return (name for name in callees(node) if name in graph.functions)


def _size(tensor: Any) -> int:
    return math.prod(dimension.size for dimension in tensor.tensor_shape.dim)


def _bytes_of(dtype: int) -> int:
    try:
        return max(int(tf.DType(dtype).size), 1)
    except (TypeError, KeyError, ValueError):
        return 8
