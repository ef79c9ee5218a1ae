"""Computing a value once that several nodes compute alike."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from keras2cv_export.passes.optimise.share_results import share_results
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import apply, graph, integers, random

IMAGE = "(float[3,4,7,9] x) =>"
TOWER = """(float[3,4,7,9] x) => (float[3,5,5,7] y, float[3,5,5,7] z) {
    a = Conv (x, w, b)    c = Conv (x, v, d)
    e = Relu (a)          f = Relu (c)
    y = Add (e, a)        z = Sub (f, c)
}"""
KERNEL, BIAS = random(5, 4, 3, 3), random(5)


def tower(**second: object) -> Make:
    """Return a maker of a Conv and a Relu called twice with the same weights, or with others."""
    given = {"w": KERNEL, "b": BIAS, "v": KERNEL.copy(), "d": BIAS.copy()}
    return made(TOWER, **(given | second))  # type: ignore[arg-type]


FORMS: dict[str, tuple[Make, int, dict[str, int]]] = {
    "two activations": (
        made(f"{IMAGE} (float[3,4,7,9] y) {{ a = Relu (x)  b = Relu (x)  y = Add (a, b) }}"),
        1,
        {"Relu": 1, "Add": 1},
    ),
    "a tower": (tower(), 2, {"Conv": 1, "Relu": 1, "Add": 1, "Sub": 1}),
    "small constants, by their content": (
        made(
            f"{IMAGE} (float[3,36,7] y) {{ a = Reshape (x, s)  b = Reshape (x, t)"
            "  c = Relu (a)  y = Add (c, b) }",
            s=integers(3, 36, 7),
            t=integers(3, 36, 7),
        ),
        1,
        {"Reshape": 1, "Relu": 1, "Add": 1},
    ),
    "three of them": (
        made(
            f"{IMAGE} (float[3,4,7,9] y) {{ a = Sigmoid (x)  b = Sigmoid (x)  c = Sigmoid (x)"
            "  d = Mul (a, b)  y = Mul (d, c) }"
        ),
        2,
        {"Sigmoid": 1, "Mul": 2},
    ),
    "several outputs": (
        made(
            f"{IMAGE} (float[3,2,7,9] y) {{ a, b = Split <axis=1> (x)  c, d = Split <axis=1> (x)"
            "  y = Mul (a, d) }"
        ),
        1,
        {"Split": 1, "Mul": 1},
    ),
    "the first is an output": (
        made(
            f"{IMAGE} (float[3,4,7,9] a, float[3,4,7,9] y) {{ a = Relu (x)  b = Relu (x)"
            "  y = Add (b, x) }"
        ),
        1,
        {"Relu": 1, "Add": 1},
    ),
}


@pytest.mark.parametrize(("make", "fired", "ops"), FORMS.values(), ids=FORMS)
def test_one_is_left(make: Make, fired: int, ops: dict[str, int]) -> None:
    """Readers of the other read it now."""
    assert_rewritten(by=share_results, model=make(), fired=fired, ops=ops, limit=3e-6)


@pytest.mark.parametrize(("make", "fired", "ops"), FORMS.values(), ids=FORMS)
def test_the_numbers_are_the_same_bits(make: Make, fired: int, ops: dict[str, int]) -> None:
    """The net computes the value once, not twice."""
    apply(share_results, make()).assert_same_numbers(limit=0)


LEFT: dict[str, Make] = {
    "another attribute": made(
        f"{IMAGE} (float[3,4,7,9] y) {{ a = LeakyRelu <alpha=0.2> (x)"
        "  b = LeakyRelu <alpha=0.3> (x)  y = Add (a, b) }"
    ),
    "another op": made(
        f"{IMAGE} (float[3,4,7,9] y) {{ a = Relu (x)  b = Elu (x)  y = Add (a, b) }}"
    ),
    "the operands in another order": made(
        "(float[3,4] x, float[3,4] z) => (float[3,4] y) "
        "{ a = Sub (x, z)  b = Sub (z, x)  y = Max (a, b) }"
    ),
    "one number differs": tower(v=KERNEL + (np.arange(180).reshape(5, 4, 3, 3) == 77)),
    "zero has another sign": made(
        "(float[3,4] x) => (float[3,4] y) { a = Mul (x, s)  b = Mul (x, t)  y = Max (a, b) }",
        s=np.zeros(4, np.float32),
        t=-np.zeros(4, np.float32),
    ),
    "the later one is an output": made(
        f"{IMAGE} (float[3,4,7,9] y, float[3,4,7,9] z) {{ a = Relu (x)  z = Relu (x)"
        "  y = Add (a, x) }"
    ),
    "noise": made(
        "(float[3,4] x) => (float[3,4] y) "
        "{ a = RandomNormalLike (x)  b = RandomNormalLike (x)  y = Sub (a, b) }"
    ),
    "branches": made(
        "(float[3,4] x, bool c) => (float[3,4] y) {"
        " a = If <then_branch = g () => (float[3,4] p) { p = Relu (x) },"
        " else_branch = h () => (float[3,4] q) { q = Neg (x) }> (c)"
        " b = If <then_branch = g () => (float[3,4] p) { p = Relu (x) },"
        " else_branch = h () => (float[3,4] q) { q = Neg (x) }> (c)"
        " y = Add (a, b) }"
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Different nodes, random draws, and nodes that give an output its name."""
    assert_left_alone(by=share_results, model=make())


def test_a_constant_node_is_a_constant() -> None:
    """By its content, like an initializer."""
    model = graph(
        "(float[3,4] x) => (float[3,4] y) {"
        " s = Constant <value = float[4] {1.5, 2.0, -0.5, 0.25}> ()"
        " a = Mul (x, s)  b = Mul (x, t)  y = Max (a, b) }",
        t=np.array([1.5, 2.0, -0.5, 0.25], np.float32),
    )
    assert share_results(model) == 1
    assert [node.op_type for node in model.graph] == ["Constant", "Mul", "Max"]


def test_a_weight_under_two_names_stays_one() -> None:
    """A shared initializer is not copied for it."""
    model = graph(
        "(float[3,4] x) => (float[3,5] y) { a = Gemm <transB=1> (x, w)"
        "  b = Gemm <transB=1> (x, w)  y = Add (a, b) }",
        w=random(5, 4),
    )
    assert share_results(model) == 1
    reader: ir.Node = model.graph[-1]
    assert reader.inputs[0] is reader.inputs[1]
