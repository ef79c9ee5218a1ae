"""Computing at export the values that do not depend on the inputs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest

from keras2cv_export.graph.edit import constant
from keras2cv_export.passes.legalise.shapes.fold_constants import fold_constants
from support.small_graphs import apply, graph, integers, random

Make = Callable[[], ir.Model]


def kernel() -> ir.Model:
    """Return a convolution whose kernel is stored as Keras has it."""
    text = """(float[2,3,7,9] x) => (float[2,5,6,8] y) {
        w = Transpose <perm=[3,2,0,1]> (k)
        y = Conv (x, w)
    }"""
    return graph(text, k=random(2, 2, 3, 5))


def normalisation() -> ir.Model:
    """Return the scale of a normalisation, gamma / sqrt(variance + epsilon), as four nodes."""
    text = """(float[2,3,7,9] x) => (float[2,3,7,9] y) {
        v = Add (variance, epsilon)
        d = Sqrt (v)
        s = Div (gamma, d)
        r = Reshape (s, shape)
        y = Mul (x, r)
    }"""
    return graph(
        text,
        variance=np.abs(random(3)),
        epsilon=np.array(1e-3, np.float32),
        gamma=random(3)[::-1].copy(),
        shape=integers(1, 3, 1, 1),
    )


def shape_arithmetic() -> ir.Model:
    """Return a Reshape to a shape that is computed from the input's, which is known."""
    text = """(float[2,3,7,9] x) => (float[2,189] y) {
        s = Shape (x)
        n = Gather (s, first)
        t = Concat <axis=0> (n, rest)
        y = Reshape (x, t)
    }"""
    return graph(text, first=integers(0), rest=integers(-1))


FORMS = {
    "kernel": (kernel, 1),
    "normalisation": (normalisation, 4),
    "shape_arithmetic": (shape_arithmetic, 3),
}
every_form = pytest.mark.parametrize(("make", "count"), FORMS.values(), ids=FORMS)


@every_form
def test_it_counts_the_nodes_that_went(make: Make, count: int) -> None:
    """One node is left, and reads bare constants."""
    model = make()
    found = apply(fold_constants, model)
    assert found.fired == count
    (node,) = model.graph
    assert constant(node.inputs[1]) is not None


@every_form
def test_the_numbers_stay(make: Make, count: int) -> None:
    """The same float32 arithmetic, done once."""
    apply(fold_constants, make()).assert_same_numbers(limit=3e-7)


@every_form
def test_the_interface_stays(make: Make, count: int) -> None:
    """Inputs and outputs keep names, shapes and types."""
    apply(fold_constants, make()).assert_interface_kept()


@every_form
def test_the_second_run_finds_nothing(make: Make, count: int) -> None:
    """One run folds everything."""
    assert apply(fold_constants, make()).again == 0


def test_what_depends_on_an_input_stays() -> None:
    """A sum with an input is not a constant, though the other operand is."""
    text = """(float[2,3] x) => (float[2,3] y) {
        s = Add (x, c)
        y = Mul (s, c)
    }"""
    found = apply(fold_constants, graph(text, c=random(3)))
    assert found.fired == 0
    assert found.ops == {"Add": 1, "Mul": 1}


def test_a_large_kernel_is_folded_too() -> None:
    """No limit on size: 12 million weights have their transpose folded."""
    text = """(float[1,3000] x) => (float[1,4000] y) {
        w = Transpose <perm=[1,0]> (k)
        y = MatMul (x, w)
    }"""
    weights = np.linspace(-1, 1, 12_000_000, dtype=np.float32).reshape(4000, 3000)
    model = graph(text, k=weights)
    assert fold_constants(model) == 1
    (node,) = model.graph
    folded = constant(node.inputs[1])
    assert folded is not None
    assert np.array_equal(folded, weights.T)


def test_nodes_that_nothing_reads_go_as_well() -> None:
    """Nodes that no output depends on are removed, and counted."""
    text = """(float[2,3] x) => (float[2,3] y) {
        unread = Exp (x)
        y = Relu (x)
    }"""
    found = apply(fold_constants, graph(text))
    assert found.fired == 1
    assert found.ops == {"Relu": 1}


def test_an_output_that_is_constant_keeps_its_name() -> None:
    """Anchor boxes, say, computed from nothing: they become an initializer under their name."""
    text = """(float[2,3] x) => (float[2,3] y, float[5] anchors) {
        y = Relu (x)
        anchors = Exp (c)
    }"""
    apply(fold_constants, graph(text, c=random(5))).assert_interface_kept()
