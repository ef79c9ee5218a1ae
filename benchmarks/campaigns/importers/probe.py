"""A graph of one node, and the numbers that go into it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper, shape_inference

Array = NDArray[Any]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]

SAMPLES: Final = 2  # a second run shows state kept from the first
_IR_VERSION: Final = 8


@dataclass(frozen=True)
class Computed:
    """An operand that is not known before the run: an input of the graph, cast where needed.

    Attributes:
        shape: Its shape.
        draw: Makes its numbers, as float32.
        cast: The type that it is cast to inside; None leaves it float32.
    """

    shape: tuple[int, ...]
    draw: Draw
    cast: int | None = None


@dataclass(frozen=True)
class Probe:
    """A graph, and its inputs.

    Attributes:
        about: The op, or the name of the rule or fault, that it is about; "" runs everywhere.
        op: The op that it holds.
        model: The graph.
        samples: Inputs by name, once for every run.
    """

    about: str
    op: str
    model: onnx.ModelProto
    samples: tuple[dict[str, Array], ...]


def x(*shape: int) -> Computed:
    """Give numbers of both signs, none near zero."""
    return Computed(shape, _signed)


def positive(*shape: int) -> Computed:
    """Give numbers from 0.3 to 1.5."""
    return Computed(shape, lambda rng, size: rng.uniform(0.3, 1.5, size))


def inside(*shape: int) -> Computed:
    """Give numbers between -1 and 1."""
    return Computed(shape, lambda rng, size: rng.uniform(-0.9, 0.9, size))


def above(*shape: int) -> Computed:
    """Give numbers above 1."""
    return Computed(shape, lambda rng, size: rng.uniform(1.1, 3, size))


def few(*shape: int) -> Computed:
    """Give 0, 1 and 2, so that some are equal."""
    return Computed(shape, lambda rng, size: rng.integers(0, 3, size))


def truth(*shape: int) -> Computed:
    """Give truth values."""
    return Computed(shape, lambda rng, size: rng.integers(0, 2, size), TensorProto.BOOL)


def index(high: int, *shape: int) -> Computed:
    """Give indices below `high`."""
    return Computed(shape, lambda rng, size: rng.integers(0, high, size), TensorProto.INT64)


def k(*shape: int) -> Array:
    """Return a constant of numbers of both signs."""
    return _signed(np.random.default_rng((3, *shape)), shape).astype(np.float32)


def ints(*values: int) -> Array:
    """Return a constant of whole numbers."""
    return np.array(values, np.int64)


def probe(
    about: str,
    op: str,
    *operands: Computed | Array | None,
    opset: int = 13,
    outputs: int = 1,
    cast: bool = False,
    added: Computed | None = None,
    twice: bool = False,
    **attributes: Any,
) -> Probe:
    """Build a graph of one node.

    Args:
        about: The op, the rule's name, or "".
        op: The op.
        *operands: Its operands: computed, constant, or left out.
        opset: The opset whose form of the node it is.
        outputs: How many outputs the node has.
        cast: Whether they are cast to float32, which every importer can give.
        added: A tensor to which the output is added, after an Exp.
        twice: Whether a second node does the same to its output.
        **attributes: The node's.
    """
    names, nodes, inputs, weights = _operands(operands)
    made = [f"y{number}" for number in range(outputs)]
    raw = [f"{name}/raw" for name in made] if cast or added or twice else made
    nodes.append(helper.make_node(op, names, raw, name=f"layer/{op}", **attributes))
    if cast:
        nodes += [
            helper.make_node("Cast", [old], [new], name=f"{new}/Cast", to=TensorProto.FLOAT)
            for old, new in zip(raw, made, strict=True)
        ]
    if twice:
        nodes.append(
            helper.make_node(op, [*raw, *names[1:]], made, name=f"again/{op}", **attributes)
        )
    if added is not None:
        inputs["added"] = added
        nodes.insert(0, helper.make_node("Exp", ["added"], ["exp"], name="before/Exp"))
        nodes.append(helper.make_node("Add", ["exp", "y0/raw"], ["y0"], name="layer/Add"))
    return _probe(about, op, nodes, inputs, made, weights, opset)


def gru(
    about: str,
    *,
    directions: int = 1,
    outputs: int = 2,
    state: bool = True,
    computed: bool = False,
    read: int = 1,
    **attributes: Any,
) -> Probe:
    """Build a GRU, by default in the form that the exporter writes.

    Args:
        about: The op, or the rule's name.
        directions: One or two.
        outputs: How many it has.
        state: Whether it has a first state.
        computed: Whether that is computed.
        read: How many of the outputs are read.
        **attributes: More attributes.
    """
    d, form = directions, {"linear_before_reset": 1, "hidden_size": 4, **attributes}
    weights = (k(d, 12, 3), k(d, 12, 4), k(d, 24))
    given = x(d, 2, 4) if computed else k(d, 2, 4)
    first = (None, given) if state else ()
    whole = probe(about, "GRU", x(5, 2, 3), *weights, *first, outputs=outputs, **form)
    del whole.model.graph.output[read:]
    return whole


def lstm(about: str, *, outputs: int, first: tuple[Any, ...] = (), **attributes: Any) -> Probe:
    """Build an LSTM of one direction.

    Args:
        about: The rule's name, or "".
        outputs: How many it has.
        first: Its first states.
        **attributes: More attributes.
    """
    weights = (k(1, 16, 3), k(1, 16, 4), k(1, 32))
    states = (None, *first) if first else ()
    return probe(
        about, "LSTM", x(5, 2, 3), *weights, *states, outputs=outputs, hidden_size=4, **attributes
    )


def without_an_output(about: str, probe: Probe, place: int) -> Probe:
    """Return a probe whose node leaves an output out.

    Args:
        about: The rule's name.
        probe: The whole one.
        place: Of the output.
    """
    model = onnx.ModelProto()
    model.CopyFrom(probe.model)
    (name,) = [model.graph.node[0].output[place]]
    model.graph.node[0].output[place] = ""
    left = [value for value in model.graph.output if value.name != name]
    del model.graph.output[:]
    model.graph.output.extend(left)
    return Probe(about, probe.op, model, probe.samples)


def _probe(
    about: str,
    op: str,
    nodes: Sequence[onnx.NodeProto],
    inputs: dict[str, Computed],
    made: Sequence[str],
    weights: Sequence[onnx.TensorProto],
    opset: int,
) -> Probe:
    graph = helper.make_graph(
        nodes,
        "probe",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, v.shape) for n, v in inputs.items()],
        [helper.make_empty_tensor_value_info(name) for name in made],
        weights,
    )
    return _sampled(about, op, graph, inputs, opset)


def _sampled(
    about: str, op: str, graph: onnx.GraphProto, inputs: dict[str, Computed], opset: int
) -> Probe:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = _IR_VERSION
    model = shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    return Probe(about, op, model, tuple(_sample(inputs, seed) for seed in range(SAMPLES)))


def several(about: str, text: str, **constants: Array) -> Probe:
    """Build a graph of several nodes, from ONNX's own syntax.

    Args:
        about: The fault.
        text: "(float[2,3] x) => (float[2,3] y) { a = Exp (x)  y = Relu (a) }".
        **constants: Its initializers.
    """
    graph = onnx.parser.parse_graph(f"probe {text}")
    graph.initializer.extend(numpy_helper.from_array(v, name) for name, v in constants.items())
    for number, node in enumerate(graph.node):
        node.name = f"layer_{number}/{node.op_type}"
    inputs = {value.name: x(*_sizes(value)) for value in graph.input}
    return _sampled(about, graph.node[-1].op_type, graph, inputs, 13)


def _sizes(value: onnx.ValueInfoProto) -> tuple[int, ...]:
    return tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)


def stored(about: str, kernel: Array, scale: Array | None = None) -> Probe:
    """Build a product or convolution whose kernel is decoded while the net is loaded.

    Args:
        about: The op or rule.
        kernel: (out, in), or (out, in, height, width), as float16 or int8.
        scale: (out,), for int8.
    """
    decoder = "Cast" if scale is None else "DequantizeLinear"
    how = {"to": TensorProto.FLOAT} if scale is None else {"axis": 0}
    sources = ["stored"] if scale is None else ["stored", "scale"]
    arrays = {"stored": kernel} | ({} if scale is None else {"scale": scale})
    shape = (2, kernel.shape[1]) if kernel.ndim == 2 else (2, kernel.shape[1], 9, 11)
    node = (
        helper.make_node("Gemm", ["x0", "kernel"], ["y0"], name="layer/Gemm", transB=1)
        if kernel.ndim == 2
        else helper.make_node(
            "Conv", ["x0", "kernel"], ["y0"], name="layer/Conv", kernel_shape=kernel.shape[2:]
        )
    )
    nodes = [helper.make_node(decoder, sources, ["kernel"], name=f"kernel/{decoder}", **how), node]
    weights = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    return _probe(about, decoder, nodes, {"x0": x(*shape)}, ["y0"], weights, 13)


def _operands(
    operands: Sequence[Computed | Array | None],
) -> tuple[list[str], list[onnx.NodeProto], dict[str, Computed], list[onnx.TensorProto]]:
    names: list[str] = []
    casts: list[onnx.NodeProto] = []
    inputs: dict[str, Computed] = {}
    weights: list[onnx.TensorProto] = []
    for number, operand in enumerate(operands):
        name = f"x{number}"
        if operand is None:
            name = ""
        elif not isinstance(operand, Computed):
            weights.append(numpy_helper.from_array(np.asarray(operand), name))
        else:
            inputs[name] = operand
            if operand.cast is not None:
                casts.append(
                    helper.make_node(
                        "Cast", [name], [f"{name}/cast"], name=f"{name}/Cast", to=operand.cast
                    )
                )
                name = f"{name}/cast"
        names.append(name)
    return names, casts, inputs, weights


def _sample(inputs: dict[str, Computed], seed: int) -> dict[str, Array]:
    rng = np.random.default_rng((41, seed))
    return {n: np.asarray(v.draw(rng, v.shape), np.float32) for n, v in inputs.items()}


def _signed(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(rng.uniform(0.3, 1.5, shape) * rng.choice([-1, 1], shape))
