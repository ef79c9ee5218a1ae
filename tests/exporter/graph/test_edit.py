"""The moves that every pass makes: they keep the interface, and never edit a constant."""

from __future__ import annotations

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from keras2cv_export.graph.bounds import surely_finite
from keras2cv_export.graph.edit import (
    constant,
    drop,
    free_name,
    integer,
    ints,
    layer_name,
    new_constant,
    new_node,
    nodes,
    only_reader,
    replace,
    shape_of,
)
from support.engines import ONE_ENGINE
from support.small_graphs import Array, graph, opencv, random


def chain(**constants: Array) -> ir.Model:
    """Return x -> Exp a -> Mul by s -> y."""
    text = "(float[2,3] x) => (float[2,3] y) { a = Exp (x)  y = Mul (a, s) }"
    return graph(text, **({"s": random(3)} | constants))


def names(model: ir.Model) -> tuple[list[str | None], list[str | None]]:
    """Return the names of inputs and outputs."""
    return [v.name for v in model.graph.inputs], [v.name for v in model.graph.outputs]


def test_an_initializer_is_a_constant() -> None:
    """Its array is given as it is."""
    model = chain()
    found = constant(model.graph.initializers["s"])
    assert found is not None
    assert np.array_equal(found, random(3))


def test_a_constant_node_is_a_constant() -> None:
    """Both ways in which ONNX writes constants are read."""
    model = graph(
        "(float[2,3] x) => (float[2,3] y) "
        "{ c = Constant <value = float[3] {1.5, -2.0, 4.0}> ()  y = Mul (x, c) }"
    )
    found = constant(nodes(model, "Mul")[0].inputs[1])
    assert found is not None
    assert found.tolist() == [1.5, -2.0, 4.0]


def test_computed_values_inputs_and_absent_ones_are_no_constants() -> None:
    """None is given for all of them."""
    model = chain()
    assert constant(None) is None
    assert constant(model.graph.inputs[0]) is None
    assert constant(model.graph.outputs[0]) is None


def test_shapes_are_given_where_they_are_known() -> None:
    """Not for an open dimension, nor for a value that is not there."""
    model = graph("(float[2,N] x) => (float[2,N] y) { y = Exp (x) }")
    assert shape_of(model.graph.inputs[0]) is None
    assert shape_of(None) is None
    assert shape_of(chain().graph.outputs[0]) == (2, 3)


def test_a_new_constant_is_named_after_its_reader() -> None:
    """A second one for the same value gets a number, and neither takes the other's place."""
    model = chain()
    near = model.graph.outputs[0]
    first = new_constant(model, random(3), near)
    second = new_constant(model, random(2, 3), near)
    assert (first.name, second.name) == ("y/constant", "y/constant_2")
    assert {"s", "y/constant", "y/constant_2"} == set(model.graph.initializers)
    assert (first.dtype, shape_of(second)) == (ir.DataType.FLOAT, (2, 3))


def test_a_new_constant_of_a_view_is_written_in_its_own_order() -> None:
    """A transposed array is not the memory that lies behind it."""
    model = chain()
    array = random(2, 3)
    value = new_constant(model, array.T, model.graph.outputs[0])
    assert value.const_value is not None
    assert np.array_equal(value.const_value.numpy(), array.T)
    assert value.const_value.tobytes() == array.T.tobytes()


def test_free_names_are_free() -> None:
    """The wished name is used unless an initializer has it."""
    model = chain()
    assert free_name(model, "s") == "s_2"
    assert free_name(model, "t") == "t"


def test_a_new_node_is_named_after_the_layer_that_it_serves() -> None:
    """Reports take the Keras layer from a node's name; shape and dtype are copied."""
    model = chain()
    multiply = nodes(model, "Mul")[0]
    value = new_node(multiply, "Abs", [multiply.inputs[0]], like=multiply.outputs[0])
    assert layer_name(value) == "layer_1/Mul/Abs"
    assert (shape_of(value), value.dtype) == ((2, 3), ir.DataType.FLOAT)
    assert [node.op_type for node in model.graph] == ["Exp", "Abs", "Mul"]


def test_a_new_node_does_not_share_its_shape() -> None:
    """Changing the one's later leaves the other's."""
    model = chain()
    multiply = nodes(model, "Mul")[0]
    value = new_node(multiply, "Abs", [multiply.inputs[0]], like=multiply.outputs[0])
    assert value.shape is not multiply.outputs[0].shape
    other = new_node(multiply, "Abs", [value], like=value, shape=(6, 1))
    assert (shape_of(other), shape_of(value)) == ((6, 1), (2, 3))


def test_replacing_an_output_keeps_its_name() -> None:
    """The new node computes the value that keeps the name `y`."""
    model = chain()
    multiply = nodes(model, "Mul")[0]
    output = multiply.outputs[0]
    replace(output, new_node(multiply, "Div", multiply.inputs, like=output))
    drop(multiply)
    assert names(model) == (["x"], ["y"])
    assert [node.op_type for node in model.graph] == ["Exp", "Div"]


@pytest.mark.parametrize("by", ["x", "s", "z"])
def test_an_output_can_be_replaced_by_what_keeps_its_own_name(by: str) -> None:
    """An input, a weight and another output keep their names; an Identity gives it another."""
    text = """(float[2,3] x) => (float[2,3] y, float[2,3] z) {
        a = Exp (x)
        y = Mul (a, s)
        z = Abs (x)
    }"""
    model = graph(text, s=random(2, 3))
    values = {
        "x": model.graph.inputs[0],
        "s": model.graph.initializers["s"],
        "z": model.graph.outputs[1],
    }
    replace(model.graph.outputs[0], values[by])
    assert names(model) == (["x"], ["y", "z"])
    assert set(model.graph.initializers) == {"s"}
    drop(nodes(model, "Mul")[0])
    assert [node.op_type for node in model.graph][-1] == "Identity"


def test_what_reads_a_replaced_output_comes_after_what_it_reads() -> None:
    """The Identity that gives an input the output's name is last; its other readers need none."""
    model = graph("(float[2,3] x) => (float[2,3] y, float[2,3] z) { y = Abs (x)  z = Exp (y) }")
    absolute, exponential = model.graph
    replace(absolute.outputs[0], model.graph.inputs[0])
    drop(absolute)
    assert [node.op_type for node in model.graph] == ["Exp", "Identity"]
    assert exponential.inputs[0] is model.graph.inputs[0]
    assert names(model) == (["x"], ["y", "z"])
    onnx.checker.check_model(ir.to_proto(model), full_check=True)


def test_an_output_given_twice_is_replaced_twice() -> None:
    """A model may return one tensor under two names."""
    model = chain()
    model.graph.outputs.append(model.graph.outputs[0])
    multiply = nodes(model, "Mul")[0]
    output = multiply.outputs[0]
    new = new_node(multiply, "Div", multiply.inputs, like=output)
    replace(output, new)
    assert list(model.graph.outputs) == [new, new]


def test_a_node_that_is_still_read_is_not_dropped() -> None:
    """Nor is one whose output is the graph's."""
    model = chain()
    for node in list(model.graph):
        drop(node)
    assert [node.op_type for node in model.graph] == ["Exp", "Mul"]


def test_the_only_reader_is_given_only_where_there_is_one() -> None:
    """Not where two nodes read a value, or one does twice, or it is an output."""
    text = """(float[2,3] x) => (float[2,3] y, float[2,3] b) {
        a = Exp (x)
        b = Abs (a)
        c = Mul (b, b)
        y = Relu (c)
    }"""
    model = graph(text)
    exp, absolute, multiply, relu = model.graph
    assert only_reader(exp.outputs[0]) is absolute
    assert only_reader(absolute.outputs[0]) is None
    assert only_reader(multiply.outputs[0]) is relu
    assert only_reader(relu.outputs[0]) is None
    assert only_reader(model.graph.inputs[0]) is exp


def test_a_value_read_twice_by_one_node_has_no_only_reader() -> None:
    """Replacing one of the two uses would leave the other."""
    model = graph("(float[2,3] x) => (float[2,3] y) { a = Exp (x)  y = Mul (a, a) }")
    assert only_reader(nodes(model, "Exp")[0].outputs[0]) is None


def test_attributes_are_read_with_a_default() -> None:
    """Whole numbers, and lists of them."""
    model = graph("(float[2,3,5] x) => (float[5,2,3] y) { y = Transpose <perm=[2,0,1]> (x) }")
    (node,) = model.graph
    assert ints(node, "perm") == (2, 0, 1)
    assert ints(node, "axes", (7,)) == (7,)
    assert integer(node, "axis", -1) == -1


def test_nodes_of_other_domains_are_not_taken_for_onnx_ones() -> None:
    """An op that tf2onnx did not know may have the name of one that it did."""
    model = chain()
    nodes(model, "Exp")[0].domain = "ai.onnx.contrib"
    assert nodes(model, "Exp", "Mul") == [model.graph[1]]


def test_a_rewritten_graph_runs() -> None:
    """OpenCV loads and computes a graph after several moves: Mul by 1/s is Div by s."""
    model = chain()
    before = ir.to_proto(model)
    multiply = nodes(model, "Mul")[0]
    output = multiply.outputs[0]
    inverse = new_constant(model, 1 / random(3), output)
    replace(output, new_node(multiply, "Div", [multiply.inputs[0], inverse], like=output))
    drop(multiply)
    expected, found = opencv(before, ONE_ENGINE), opencv(ir.to_proto(model), ONE_ENGINE)
    assert np.allclose(found["y"], expected["y"], rtol=1e-6, atol=0)


FINITE = {
    "a logarithm": ("y = Log (x)", False),
    "a logarithm of what is positive": ("a = Abs (x)  b = Add (a, e)  y = Log (b)", True),
    "a logarithm behind a Reshape": (
        "a = Abs (x)  b = Add (a, e)  c = Reshape (b, to)  y = Log (c)",
        True,
    ),
    "a quotient": ("y = Div (x, x)", False),
    "a quotient by a number": ("y = Div (x, e)", True),
    "a quotient by 0": ("y = Div (x, z)", False),
    "a root": ("y = Sqrt (x)", False),
    "a normalisation": (
        "m = ReduceMean <axes=[1]> (x)  d = Sub (x, m)  q = Mul (d, d)  "
        "v = ReduceMean <axes=[1]> (q)  w = Add (v, e)  s = Sqrt (w)  r = Reciprocal (s)  "
        "y = Mul (d, r)",
        True,
    ),
    "a normalisation without epsilon": ("q = Mul (x, x)  s = Sqrt (q)  y = Div (x, s)", False),
    "a bound": ("a = Max (x, e)  y = Reciprocal (a)", True),
    "a square": ("y = Pow (x, two)", True),
    "a power": ("y = Pow (x, e)", False),
    "an inverse power": ("a = Max (x, e)  y = Pow (a, down)", True),
    "an inverse power of next to nothing": ("a = Max (x, tiny)  y = Pow (a, down)", False),
    "an exponential": ("y = Exp (x)", False),
    "a constant that is not": ("y = Mul (x, i)", False),
    "what comes after": ("a = Log (x)  b = Relu (a)  y = Add (b, x)", False),
}


@pytest.mark.parametrize(("body", "finite"), FINITE.values(), ids=FINITE)
def test_what_is_surely_finite_is_known(body: str, finite: bool) -> None:
    """Inputs count as finite; a function defined for some numbers must get those."""
    model = graph(
        f"(float[2,3] x) => (float[2,3] y) {{ {body} }}",
        e=np.array(1e-3, np.float32),
        z=np.array([1, 0, 2], np.float32),
        i=np.array(np.inf, np.float32),
        two=np.array(2, np.float32),
        down=np.array(-3, np.float32),
        tiny=np.array(1e-20, np.float32),
        to=np.array([2, 3]),
    )
    assert surely_finite(model.graph.outputs[0]) is finite


def test_finite_values_are_looked_at_once() -> None:
    """Forty gates in a row have a million million ways through them."""
    gates = "  ".join(f"s{k} = Sigmoid (g{k})  g{k + 1} = Mul (g{k}, s{k})" for k in range(40))
    body = f"g0 = Relu (x)  {gates}  y = Neg (g40)"
    model = graph(f"(float[2,3] x) => (float[2,3] y) {{ {body} }}")
    assert surely_finite(model.graph.outputs[0])
