"""Bounding activations by a HardSigmoid, whose scale goes into the next weights."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from keras2cv_export.graph.origin import mark, read_origins, write_origins
from keras2cv_export.passes.optimise.bound_by_hard_sigmoid import bound_by_hard_sigmoid
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array, integers, random

WEIGHTS = {
    "w": random(4, 3, 1, 1) * 3,
    "l": np.array(0, np.float32),
    "h": np.array(2.5, np.float32),
    "d": random(4, 1, 3, 3),
    "e": random(6, 4),
    "b": random(4),
    "s": integers(0, -1),
}


def body(text: str, to: str = "2,4,5,7", **constants: Array) -> Make:
    """Return a maker of a graph that clips a convolution of x to u (2, 4, 5, 7)."""
    start = "c = Conv (x, w)  u = Clip (c, l, h)"
    return made(
        f"(float[2,3,5,7] x) => (float[{to}] y) {{ {start}  {text} }}", **WEIGHTS | constants
    )


DEPTHWISE = "y = Conv <group=4, pads=[1,1,1,1]> (u, d, b)"
FORMS: dict[str, tuple[Make, dict[str, int]]] = {
    "a convolution": (body(DEPTHWISE), {"Conv": 2, "HardSigmoid": 1}),
    "two of them": (
        body(
            "p = Conv <group=4, pads=[1,1,1,1]> (u, d, b)"
            "  q = ConvTranspose <group=4, pads=[1,1,1,1]> (u, d)  y = Sub (p, q)"
        ),
        {"Conv": 2, "ConvTranspose": 1, "Sub": 1, "HardSigmoid": 1},
    ),
    "a Dense past a pooling": (
        body("p = GlobalAveragePool (u)  f = Flatten (p)  y = Gemm <transB=1> (f, e)", "2,6"),
        {"Conv": 1, "GlobalAveragePool": 1, "Flatten": 1, "Gemm": 1, "HardSigmoid": 1},
    ),
    "a maximum past a Transpose": (
        body(
            "m = MaxPool <kernel_shape=[2,2]> (u)  t = Transpose <perm=[0,1,3,2]> (m)"
            "  y = Conv <group=4> (t, d)",
            "2,4,4,2",
        ),
        {"Conv": 2, "MaxPool": 1, "Transpose": 1, "HardSigmoid": 1},
    ),
}


@pytest.mark.parametrize(("make", "ops"), FORMS.values(), ids=FORMS)
def test_what_reads_it_takes_the_scale(make: Make, ops: dict[str, int]) -> None:
    """The same numbers, past poolings and moves."""
    assert_rewritten(by=bound_by_hard_sigmoid, model=make(), ops=ops)


def test_the_layers_output_is_said_to_be_larger() -> None:
    """The mark records the factor, so that the value can be compared with Keras' layer."""
    model = body("p = GlobalAveragePool (u)  y = Conv (p, d)", "2,4,1,1", d=random(4, 4, 1, 1))()
    values = {v.name: v for node in model.graph for v in node.outputs}
    mark(values["u"], "relu")
    mark(values["p"], "pool")
    assert bound_by_hard_sigmoid(model) == 1
    write_origins(model)
    found = read_origins(model.metadata_props)
    assert {key: origin.steps for key, origin in found.items()} == {
        "relu": (("times", (2.5,)),),
        "pool": (("times", (2.5,)),),
    }
    numbers = random(2, 4, 1, 1)
    np.testing.assert_allclose(found["pool"].to_keras(numbers), numbers * 2.5)
    np.testing.assert_allclose(found["pool"].to_net(numbers, numbers.shape), numbers / 2.5)


LEFT: dict[str, Make] = {
    "a sum": body("y = Add (u, c)"),
    "a sum past a pooling": body(
        "p = MaxPool <kernel_shape=[1,1]> (u)  y = Add (p, c)",
    ),
    "it is an output": made(
        "(float[2,3,5,7] x) => (float[2,4,5,7] y, float[2,4,5,7] u)"
        " { c = Conv (x, w)  u = Clip (c, l, h)  y = Conv <group=4, pads=[1,1,1,1]> (u, d) }",
        **{k: WEIGHTS[k] for k in "wlhd"},
    ),
    "weights that are computed": body("k = Abs (d)  y = Conv <group=4, pads=[1,1,1,1]> (u, k)"),
    "another lower bound": body(DEPTHWISE, l=np.array(-0.5, np.float32)),
    "no upper bound": made(
        "(float[2,4,5,7] x) => (float[2,4,3,5] y) { u = Clip (x, l)  y = Conv <group=4> (u, d) }",
        l=WEIGHTS["l"],
        d=WEIGHTS["d"],
    ),
    "no image": made(
        "(float[2,4] x) => (float[2,6] y) { u = Clip (x, l, h)  y = Gemm <transB=1> (u, e) }",
        **{k: WEIGHTS[k] for k in "lhe"},
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Where the scale would be left over."""
    assert_left_alone(by=bound_by_hard_sigmoid, model=make())


def test_weights_that_others_read_are_not_changed() -> None:
    """They get a copy that is larger."""
    model = body("v = Neg (d)  p = Conv <group=4, pads=[1,1,1,1]> (u, d)  y = Add (p, n)",
                 n=random(1, 4, 1, 1))()  # fmt: skip
    before: ir.Value = model.graph.initializers["d"]
    bound_by_hard_sigmoid(model)
    np.testing.assert_array_equal(before.const_value.numpy(), WEIGHTS["d"])  # type: ignore[union-attr]
