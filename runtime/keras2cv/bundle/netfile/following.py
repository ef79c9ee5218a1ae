"""Follow a net from its inputs to its outputs: every shape, the memory and the work of a run.

OpenCV believes sizes, and reads and writes beyond its arrays where they do not fit; it makes what
a Tile or a Resize asks for, however large. So each op that our exporter writes has a rule here,
which says what must fit, and what comes out. An op or a form without a rule is no fault:
such a net runs in a process of its own first (`keras2cv.net.rehearsal`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from keras2cv.bundle.netfile import elementwise, moving, weighted
from keras2cv.bundle.netfile.onnx_graph import Graph, Node
from keras2cv.bundle.netfile.protobuf import NetFileError, shown
from keras2cv.bundle.netfile.values import Args, NotFollowed, Value
from keras2cv.bundle.netfile.work import work_of

MAX_LIVE: Final = 3 * 2**26  # numbers that exist at a time: 768 MiB of float32
MAX_NODES: Final = 10_000  # more are tried in a process of its own, which has a time limit
Rule = Callable[[Args], "list[Value]"]


@dataclass(frozen=True)
class Followed:
    """A net that was followed.

    Attributes:
        unknown: The first form without a rule; None: all of it is known.
        live: The most numbers that exist at a time.
        work: The multiply-adds of a run, about; with an `unknown` form, of what comes before it.
    """

    unknown: str | None
    live: int
    work: int = 0


def follow(graph: Graph, opset: int, inputs: Mapping[bytes, tuple[int, ...]]) -> Followed:
    """Follow a graph, whose inputs will have these shapes.

    Raises:
        NetFileError: A node does not fit its inputs, or too much memory is asked for.
    """
    values = {name: Value(t.shape, t.dtype, t, constant=True) for name, t in graph.tensors.items()}
    problem = _start(graph, inputs, values)
    if problem is not None:
        return Followed(problem, 0)
    last = {name: index for index, node in enumerate(graph.nodes) for name in node.inputs}
    last |= dict.fromkeys(graph.outputs, len(graph.nodes))
    live = most = sum(values[name].size for name in inputs)
    work = 0
    for index, node in enumerate(graph.nodes):
        try:
            made, cost = _made(node, values, opset)
        except NotFollowed as reason:
            return Followed(str(reason), most, work)
        work += cost
        values.update(made)
        live += sum(value.size for value in made.values())
        most = max(most, live)
        if most > MAX_LIVE:
            raise NetFileError(
                f"needs memory for more than {MAX_LIVE} numbers at a time, at a node of {node.op}"
            )
        for name in {*node.inputs, *made}:
            if last.get(name, -1) <= index and name not in graph.tensors and name:
                value = values[name]
                live -= 0 if value.constant else value.size  # what is folded stays
    return Followed(_too_long(graph), most, work)


def _too_long(graph: Graph) -> str | None:
    """OpenCV's work grows with the square of the nodes, and of a node's inputs.

    20,000 nodes take it 20 seconds, and a node of 300,000 inputs as much.
    """
    count = len(graph.nodes)
    if count > MAX_NODES:
        return f"{count} nodes"
    widest = max(max(len(node.inputs), len(node.outputs)) for node in graph.nodes)
    return f"a node of {widest} inputs or outputs" if widest > MAX_NODES else None


def _start(
    graph: Graph, inputs: Mapping[bytes, tuple[int, ...]], values: dict[bytes, Value]
) -> str | None:
    """Add the inputs; return why that cannot be followed."""
    for name, shape in inputs.items():
        if name in graph.tensors or name not in graph.inputs:
            return f"no input {shown(name)}"
        declared = graph.inputs[name]
        if declared is None or declared[0] != 1 or len(declared[1]) != len(shape):
            return f"the input {shown(name)} of another type or rank"
        if any(n not in (None, m) for n, m in list(zip(declared[1], shape, strict=True))[1:]):
            raise NetFileError(
                f"has an input {shown(name)} of the shape {list(declared[1])}, "
                f"and the manifest one of {list(shape)}"
            )
        values[name] = Value(shape)
    if missing := [n for n in graph.inputs if n not in values]:
        return f"an input {shown(missing[0])} that the manifest does not have"
    return None


def _made(node: Node, values: Mapping[bytes, Value], opset: int) -> tuple[dict[bytes, Value], int]:
    """Return what a node makes, by name, and the work that it takes."""
    known = RULES.get(node.op)
    if known is None:
        if node.op in UNBOUNDED:
            raise NetFileError(f"has a node of {node.op}, whose size only a run can tell")
        raise NotFollowed(f"an op {node.op}")
    rule, allowed = known
    for name in node.attributes:
        if name not in allowed:
            raise NotFollowed(f"{node.op} with an attribute {name}")
    inputs = [values[name] if name else None for name in node.inputs]
    if any(v is not None and v.size == 0 for v in inputs) and node.op != "Resize":
        raise NotFollowed(f"{node.op} of nothing")
    args = Args(node.op, inputs, node.attributes, len(node.outputs), opset)
    made = rule(args)
    if len(made) != len(node.outputs):
        raise NotFollowed(f"{node.op} of {len(node.outputs)} outputs")
    constant = all(value is None or value.constant for value in inputs)
    for value in made:
        value.constant = constant
        if node.op in _MOVES and inputs[0] is not None:
            value.limits = inputs[0].within()
    return dict(zip(node.outputs, made, strict=True)), work_of(args, made)


# Ops whose outputs hold numbers of their first input alone, in another order.
_MOVES: Final = frozenset(
    [
        "Identity",
        "Cast",
        "Reshape",
        "Flatten",
        "Squeeze",
        "Unsqueeze",
        "Transpose",
        "Slice",
        "Expand",
        "Tile",
        "Split",
        "Gather",
    ]
)
# What these make depends on the numbers in their inputs, and no exporter of ours writes them.
UNBOUNDED: Final = frozenset(
    [
        "NonZero",
        "Loop",
        "Scan",
        "If",
        "Unique",
        "Compress",
        "Range",
        "SequenceMap",
        "SequenceEmpty",
        "SequenceInsert",
        "SequenceConstruct",
        "SplitToSequence",
        "ConcatFromSequence",
        "Optional",
        "OptionalGetElement",
        "RandomNormal",
        "RandomUniform",
        "RandomNormalLike",
        "RandomUniformLike",
        "Multinomial",
        "Bernoulli",
        "StringSplit",
        "StringConcat",
        "StringNormalizer",
        "RegexFullMatch",
        "ImageDecoder",
    ]
)


def _rules(
    rule: Rule, ops: list[str] | tuple[str, ...], attributes: str = ""
) -> dict[str, tuple[Rule, frozenset[str]]]:
    return dict.fromkeys(ops, (rule, frozenset(attributes.split())))


_WINDOW: Final = "kernel_shape strides pads dilations auto_pad"
RULES: Final[Mapping[str, tuple[Rule, frozenset[str]]]] = {
    **_rules(elementwise.unary, elementwise.UNARY, "alpha beta gamma approximate bias lambd"),
    **_rules(elementwise.same, ("Identity", "Dropout"), "ratio"),
    **_rules(elementwise.cast, ("Cast",), "to"),
    **_rules(elementwise.clip, ("Clip",), "min max"),
    **_rules(elementwise.arithmetic, elementwise.ARITHMETIC),
    **_rules(elementwise.remainder, ("Mod",), "fmod"),
    **_rules(elementwise.slopes, ("PRelu",)),
    **_rules(elementwise.choice, ("Where",)),
    **_rules(
        elementwise.along_axis, ("Softmax", "LogSoftmax", "Hardmax", "LpNormalization"), "axis p"
    ),
    **_rules(elementwise.local_norm, ("LRN",), "size alpha beta bias"),
    **_rules(
        elementwise.reduction,
        elementwise.REDUCTIONS,
        "axes axis keepdims noop_with_empty_axes select_last_index",
    ),
    **_rules(elementwise.largest, ("TopK",), "axis largest sorted"),
    **_rules(elementwise.constant, ("Constant",), "value"),
    **_rules(elementwise.filled, ("ConstantOfShape",), "value"),
    **_rules(elementwise.shape_of, ("Shape",)),
    **_rules(elementwise.dequantized, ("DequantizeLinear",), "axis"),
    **_rules(weighted.convolution, ("Conv",), f"{_WINDOW} group"),
    **_rules(
        weighted.transposed, ("ConvTranspose",), f"{_WINDOW} group output_padding output_shape"
    ),
    **_rules(
        weighted.pooling,
        ("MaxPool", "AveragePool"),
        f"{_WINDOW} ceil_mode count_include_pad storage_order",
    ),
    **_rules(weighted.global_pooling, ("GlobalAveragePool", "GlobalMaxPool")),
    **_rules(
        weighted.per_channel, ("BatchNormalization", "InstanceNormalization"), "epsilon momentum"
    ),
    **_rules(weighted.layer_norm, ("LayerNormalization",), "axis epsilon"),
    **_rules(weighted.recurrent, ("LSTM",), "hidden_size direction activations"),
    **_rules(weighted.recurrent, ("GRU",), "hidden_size direction linear_before_reset"),
    **_rules(weighted.gemm, ("Gemm",), "alpha beta transA transB"),
    **_rules(weighted.matmul, ("MatMul",)),
    **_rules(moving.reshape, ("Reshape",), "allowzero"),
    **_rules(moving.flatten, ("Flatten",), "axis"),
    **_rules(moving.squeeze, ("Squeeze", "Unsqueeze"), "axes"),
    **_rules(moving.transpose, ("Transpose",), "perm"),
    **_rules(moving.concat, ("Concat",), "axis"),
    **_rules(moving.split, ("Split",), "axis split"),
    **_rules(moving.cut, ("Slice",), "starts ends axes"),
    **_rules(moving.pad, ("Pad",), "pads mode value"),
    **_rules(
        moving.resize, ("Resize",), "coordinate_transformation_mode mode nearest_mode cubic_coeff_a"
    ),
    **_rules(moving.gather, ("Gather",), "axis"),
    **_rules(moving.gather_elements, ("GatherElements", "ScatterElements"), "axis"),
    **_rules(moving.gather_nd, ("GatherND", "ScatterND"), "batch_dims"),
    **_rules(elementwise.running_sum, ("CumSum",), "exclusive reverse"),
    **_rules(moving.repeat, ("Tile", "Expand")),
    **_rules(moving.depth, ("DepthToSpace", "SpaceToDepth"), "blocksize mode"),
}
