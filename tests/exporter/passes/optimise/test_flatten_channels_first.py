"""Flattening a channels-first tensor without a Transpose, and reordering its kernels."""

from __future__ import annotations

import pytest

from keras2cv_export.graph.origin import Mark, mark, marks_of
from keras2cv_export.passes.optimise.flatten_channels_first import flatten_channels_first
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import Array, graph, integers, random

LONG = 4 * 5 * 7
LAST = "perm=[0,2,3,1]"


def body(
    text: str, to: str = "3,6", perm: str = LAST, flat: Array | None = None, **more: Array
) -> Make:
    """Return a maker of a graph that flattens x (3, 4, 5, 7), as f (3, 140), and its readers."""
    start = f"t = Transpose <{perm}> (x)  f = Reshape (t, s)"
    target = integers(3, LONG) if flat is None else flat
    given = {"w": random(6, LONG), "b": random(6), "s": target} | more
    return made(f"(float[3,4,5,7] x) => (float[{to}] y) {{ {start}  {text} }}", **given)


DENSE = "y = Gemm <transB=1> (f, w, b)"
FORMS: dict[str, tuple[Make, dict[str, int]]] = {
    "a Dense layer": (body(DENSE), {"Reshape": 1, "Gemm": 1}),
    "without a bias": (body("y = Gemm <transB=1> (f, w)"), {"Reshape": 1, "Gemm": 1}),
    "a shape that is left open": (body(DENSE, flat=integers(-1, LONG)), {"Reshape": 1, "Gemm": 1}),
    "a shape that copies the batch": (
        body(DENSE, flat=integers(0, -1)),
        {"Reshape": 1, "Gemm": 1},
    ),
    "an activation in between": (
        body("r = Relu (f)  y = Gemm <transB=1> (r, w, b)"),
        {"Reshape": 1, "Relu": 1, "Gemm": 1},
    ),
    "a swish, which reads twice": (
        body("g = Sigmoid (f)  r = Mul (f, g)  y = Gemm <transB=1> (r, w, b)"),
        {"Reshape": 1, "Sigmoid": 1, "Mul": 1, "Gemm": 1},
    ),
    "a bounded activation": (
        body("r = Clip (f, l, h)  y = Gemm <transB=1> (r, w, b)", l=random(), h=abs(random(1)[0])),
        {"Reshape": 1, "Clip": 1, "Gemm": 1},
    ),
    "a scale and a shift of each element, and a number": (
        body(
            "k = Mul (f, m)  a = Add (n, k)  q = Sub (a, c)  y = Gemm <transB=1> (q, w, b)",
            m=random(LONG),
            n=random(3, LONG),
            c=random(1),
        ),
        {"Reshape": 1, "Mul": 1, "Add": 1, "Sub": 1, "Gemm": 1},
    ),
    "several Dense layers": (
        body(
            "p = Gemm <transB=1> (f, w, b)  q = Gemm <transB=1> (f, v)  y = Concat <axis=1> (p, q)",
            to="3,8",
            v=random(2, LONG),
        ),
        {"Reshape": 1, "Gemm": 2, "Concat": 1},
    ),
    "joined with a vector": (
        body(
            "r = Relu (f)  p = Concat <axis=-1> (c, r, d)  y = Gemm <transB=1> (p, v, b)",
            v=random(6, LONG + 10),
            c=random(3, 5),
            d=-random(3, 5),
        ),
        {"Reshape": 1, "Relu": 1, "Concat": 1, "Gemm": 1},
    ),
    "another order": (body(DENSE, perm="perm=[0,3,2,1]"), {"Reshape": 1, "Gemm": 1}),
    "two axes become rows": (
        body(DENSE.replace("w", "u"), to="12,6", perm="perm=[0,1,3,2]", flat=integers(12, 35),
             u=random(6, 35)),
        {"Reshape": 1, "Gemm": 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "ops"), FORMS.values(), ids=FORMS)
def test_the_kernel_is_in_the_order_of_the_tensor(make: Make, ops: dict[str, int]) -> None:
    """The Transpose is gone, and the numbers stay."""
    assert_rewritten(by=flatten_channels_first, model=make(), ops=ops)


def test_both_of_two_that_are_joined() -> None:
    """One after the other, each in its own columns of one kernel."""
    make = made(
        """(float[3,4,5,7] x, float[3,2,3,5] z) => (float[3,6] y) {
            t = Transpose <perm=[0,2,3,1]> (x)  f = Reshape (t, s)
            u = Transpose <perm=[0,2,3,1]> (z)  g = Reshape (u, r)
            c = Concat <axis=1> (f, g)          y = Gemm <transB=1> (c, w, b)
        }""",
        s=integers(3, LONG),
        r=integers(3, 30),
        w=random(6, LONG + 30),
        b=random(6),
    )
    ops = {"Reshape": 2, "Concat": 1, "Gemm": 1}
    assert_rewritten(by=flatten_channels_first, model=make(), fired=2, ops=ops)


LEFT: dict[str, Make] = {
    "something else reads it": body("p = Gemm <transB=1> (f, w, b)  q = Softmax (f)  "
                                    "y = Concat <axis=1> (p, q)", to=f"3,{LONG + 6}"),
    "no Dense layer": body("y = Relu (f)", to=f"3,{LONG}"),
    "the sum over it": body("y = ReduceSum (f, a)", to="3,1", a=integers(1)),
    "the kernel is computed": body("v = Neg (w)  y = Gemm <transB=1> (f, v, b)"),
    "the kernel the other way": body("y = Gemm (f, u, b)", u=random(LONG, 6)),
    "it is the kernel": body("y = Gemm <transB=1> (u, f)", to="2,3", u=random(2, LONG)),
    "the batch moves": body(DENSE.replace("w", "u"), to="4,6", perm="perm=[1,0,2,3]",
                            flat=integers(4, 105), u=random(6, 105)),
    "joined along the batch": body("c = Concat <axis=0> (f, f)  y = Gemm <transB=1> (c, w, b)",
                                   to="6,6"),
    "broadcast up": made(
        "(float[1,4,5,7] x) => (float[3,6] y) { t = Transpose <perm=[0,2,3,1]> (x)"
        "  f = Reshape (t, s)  a = Add (f, c)  y = Gemm <transB=1> (a, w, b) }",
        s=integers(1, LONG), w=random(6, LONG), b=random(6), c=random(3, LONG),
    ),
    "a computed operand": body("n = Reshape (x, s)  a = Add (f, n)  y = Gemm <transB=1> (a, w, b)"),
}  # fmt: skip


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Where a reader needs the order, or rows would change places."""
    assert_left_alone(by=flatten_channels_first, model=make())


@pytest.mark.parametrize("outputs", ["f", "r"])
def test_an_output_keeps_its_order(outputs: str) -> None:
    """The vector itself, and the result of an activation."""
    model = graph(
        "(float[3,4,5,7] x) => (float[3,6] y) { t = Transpose <perm=[0,2,3,1]> (x)"
        "  f = Reshape (t, s)  r = Relu (f)  y = Gemm <transB=1> (r, w) }",
        s=integers(3, LONG),
        w=random(6, LONG),
    )
    found = next(v for node in model.graph for v in node.outputs if v.name == outputs)
    model.graph.outputs.append(found)
    assert flatten_channels_first(model) == 0


def test_a_transpose_that_others_read_stays() -> None:
    """Nothing would be saved."""
    model = graph(
        "(float[3,4,5,7] x) => (float[3,6] y, float[3,5,7,4] z) {"
        " t = Transpose <perm=[0,2,3,1]> (x)  f = Reshape (t, s)"
        " y = Gemm <transB=1> (f, w)  z = Relu (t) }",
        s=integers(3, LONG),
        w=random(6, LONG),
    )
    assert flatten_channels_first(model) == 0


def test_a_shared_kernel_is_not_changed_under_its_other_reader() -> None:
    """Each layer has its own from then on."""
    assert_rewritten(
        by=flatten_channels_first,
        model=graph(
            "(float[3,4,5,7] x, float[3,140] z) => (float[3,6] y) {"
            " t = Transpose <perm=[0,2,3,1]> (x)  f = Reshape (t, s)"
            " p = Gemm <transB=1> (f, w)  q = Gemm <transB=1> (z, w)  y = Add (p, q) }",
            s=integers(3, LONG),
            w=random(6, LONG),
        ),
        ops={"Reshape": 1, "Gemm": 2, "Add": 1},
    )


def test_the_layers_can_still_be_looked_at() -> None:
    """The flattened value and its activation are marked in Keras' order."""
    model = graph(
        "(float[3,4,5,7] x) => (float[3,6] y) { t = Transpose <perm=[0,2,3,1]> (x)"
        "  f = Reshape (t, s)  r = Relu (f)  y = Gemm <transB=1> (r, w) }",
        s=integers(3, LONG),
        w=random(6, LONG),
    )
    for node in model.graph:
        if node.op_type in ("Reshape", "Relu"):
            mark(node.outputs[0], node.op_type)
    flatten_channels_first(model)
    steps = (("reshape", (3, 4, 5, 7)), ("transpose", (0, 2, 3, 1)), ("reshape", (3, LONG)))
    marked = {node.op_type: marks_of(node.outputs[0]) for node in model.graph}
    assert marked["Reshape"] == (Mark("Reshape", steps),)
    assert marked["Relu"] == (Mark("Relu", steps),)
