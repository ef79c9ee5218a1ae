"""Pushing Transposes down through ops that do not care about the order of axes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir
import pytest

from keras2cv_export.passes.optimise.sink_transposes import sink_transposes
from support.small_graphs import Array, apply, graph, inputs_for, integers, random

Make = Callable[[], ir.Model]

LAST = "a = Transpose <perm=[0,2,3,1]> (x)"  # (2, 3, 5, 7) -> (2, 5, 7, 3)


def last(body: str, shape: str = "2,5,7,3", **constants: Array) -> Make:
    """Return a maker of a picture (2, 3, 5, 7) moved to channels last, and then `body`."""
    text = f"(float[2,3,5,7] x) => (float[{shape}] y) {{ {LAST}  {body} }}"
    return lambda: graph(text, **constants)


def two(body: str, shape: str = "2,5,7,3", **constants: Array) -> Make:
    """The same with a second picture `z` as `b`."""
    text = (
        f"(float[2,3,5,7] x, float[2,3,5,7] z) => (float[{shape}] y) "
        f"{{ {LAST}  b = Transpose <perm=[0,2,3,1]> (z)  {body} }}"
    )
    return lambda: graph(text, **constants)


FORMS: dict[str, tuple[Make, int]] = {
    "unary": (last("y = Sigmoid (a)"), 1),
    "chain of two": (last("b = Abs (a)  y = Sqrt (b)"), 2),
    "add a constant by channel": (last("y = Add (a, c)", c=random(3)), 1),
    "divide a constant by it": (last("e = Exp (a)  y = Div (c, e)", c=random(1, 7, 1)), 2),
    "one number": (last("y = Mul (a, c)", c=random()), 1),
    "a constant of four dimensions": (last("y = Sub (a, c)", c=random(2, 1, 7, 3)), 1),
    "a constant that grows it": (last("y = Add (a, c)", "2,5,7,3", c=random(1, 5, 1, 3)), 1),
    "clip to constants": (
        last("y = Clip (a, l, h)", l=np.float32(-0.7), h=np.float32(0.9)),
        1,
    ),
    "power": (last("e = Abs (a)  y = Pow (e, c)", c=np.abs(random(3))), 2),
    "choice by a constant": (last("y = Where (m, a, c)", m=random(5, 7, 3) > 0, c=random(3)), 1),
    "sum of two": (two("y = Add (a, b)"), 1),
    "gate": (
        last(
            "m = ReduceMean <axes=[1,2], keepdims=1> (a)  s = Sigmoid (m)  y = Mul (a, s)",
        ),
        3,
    ),
    "concat of channels": (two("y = Concat <axis=3> (a, b)", "2,5,7,6"), 1),
    "concat of rows from the end": (two("y = Concat <axis=-3> (a, b)", "2,10,7,3"), 1),
    "softmax over channels": (last("y = Softmax <axis=-1> (a)"), 1),
    "softmax over columns": (last("y = Softmax <axis=2> (a)"), 1),
    "split of columns": (
        last(
            "b, c = Split <axis=2> (a, s)  y = Concat <axis=1> (c, c)", "2,10,4,3",
            s=integers(3, 4),
        ),
        2,
    ),
    "mean over the picture": (last("y = ReduceMean <axes=[1,2], keepdims=1> (a)", "2,1,1,3"), 1),
    "mean over rows, squeezed": (last("y = ReduceMean <axes=[1], keepdims=0> (a)", "2,7,3"), 1),
    "pad": (last("y = Pad (a, p)", "2,8,8,3", p=integers(0, 1, 1, 0, 0, 2, 0, 0)), 1),
    "pad with a value": (
        last("y = Pad (a, p, v)", "2,5,8,5", p=integers(0, 0, 0, 2, 0, 0, 1, 0), v=random()),
        1,
    ),
    "slice of named axes": (
        last(
            "y = Slice (a, s, e, i)", "2,3,7,2",
            s=integers(1, 1), e=integers(4, 3), i=integers(1, -1),
        ),
        1,
    ),
    "slice with steps": (
        last(
            "y = Slice (a, s, e, i, k)", "2,3,7,3",
            s=integers(0), e=integers(5), i=integers(1), k=integers(2),
        ),
        1,
    ),
    "slice of every axis": (
        last("y = Slice (a, s, e)", "2,4,5,2", s=integers(0, 1, 2, 0), e=integers(2, 5, 7, 2)),
        1,
    ),
    "tile": (last("y = Tile (a, t)", "2,10,21,3", t=integers(1, 2, 3, 1)), 1),
    "one small stranger": (
        lambda: graph(
            f"(float[2,3,5,7] x, float[2,1,1,3] z) => (float[2,5,7,3] y) {{ {LAST} "
            "y = Mul (a, z) }"
        ),
        1,
    ),
    "a stranger of lower rank": (
        lambda: graph(
            f"(float[2,3,5,7] x, float[7,3] z) => (float[2,5,7,3] y) {{ {LAST}  y = Add (a, z) }}"
        ),
        1,
    ),
    "three dimensions": (
        lambda: graph(
            "(float[2,3,5] x) => (float[2,5,3] y) "
            "{ a = Transpose <perm=[0,2,1]> (x)  y = Mul (a, c) }",
            c=random(5, 1),
        ),
        1,
    ),
    "five dimensions": (
        lambda: graph(
            "(float[1,2,3,5,7] x) => (float[1,3,5,7,2] y) "
            "{ a = Transpose <perm=[0,2,3,4,1]> (x)  y = Mul (a, c) }",
            c=random(3, 1, 1, 2),
        ),
        1,
    ),
}  # fmt: skip
# Where nothing is left of the Transpose below the op.
ENDED: dict[str, tuple[Make, int]] = {
    "max over channels, squeezed": (last("y = ReduceMax <axes=[-1], keepdims=0> (a)", "2,5,7"), 1),
    "argmax over channels": (
        last("b = ArgMax <axis=3, keepdims=0> (a)  y = Cast <to=1> (b)", "2,5,7"),
        1,
    ),
    "sum over axes in an input": (
        last("y = ReduceSum <keepdims=0> (a, c)", "2,5", c=integers(3, -2)),
        1,
    ),
}
EVERY = FORMS | ENDED
every_form = pytest.mark.parametrize(("make", "count"), EVERY.values(), ids=EVERY)


@every_form
def test_it_fires_for_each_op_passed(make: Make, count: int) -> None:
    """Each op that a Transpose goes through counts once."""
    assert apply(sink_transposes, make()).fired == count


@pytest.mark.parametrize(("make", "count"), FORMS.values(), ids=FORMS)
def test_the_transpose_ends_below(make: Make, count: int) -> None:
    """The last node is the Transpose, and it is the only one that moves a whole picture."""
    found = apply(sink_transposes, make())
    assert found.after.graph.node[-1].op_type == "Transpose"


@pytest.mark.parametrize(("make", "count"), ENDED.values(), ids=ENDED)
def test_a_transpose_of_what_is_reduced_away_goes(make: Make, count: int) -> None:
    """Rows before columns is the order of both layouts: without channels no Transpose is left."""
    assert "Transpose" not in apply(sink_transposes, make()).ops


@every_form
def test_the_numbers_stay(make: Make, count: int) -> None:
    """The same arithmetic on the same elements; sums may be taken in another order."""
    apply(sink_transposes, make()).assert_same_numbers(limit=1e-6)


@every_form
def test_the_interface_stays(make: Make, count: int) -> None:
    """Inputs and outputs keep names, shapes and types."""
    apply(sink_transposes, make()).assert_interface_kept()


@every_form
def test_the_second_run_finds_nothing(make: Make, count: int) -> None:
    """One sweep takes a Transpose as far as it goes."""
    assert apply(sink_transposes, make()).again == 0


NEAR_MISSES: dict[str, Make] = {
    "a matrix product cares about its axes": last("y = MatMul (a, c)", "2,5,7,4", c=random(3, 4)),
    "the stranger is as large": lambda: graph(
        f"(float[2,3,5,7] x, float[2,5,7,3] z) => (float[2,5,7,3] y) {{ {LAST}  y = Add (a, z) }}"
    ),
    "the result has another rank": last("y = Add (a, c)", "4,2,5,7,3", c=random(4, 1, 1, 1, 1)),
    "the pads are computed": lambda: graph(
        f"(float[2,3,5,7] x, float[8] p) => (float[N,H,W,C] y) {{ {LAST} "
        "q = Cast <to=7> (p)  y = Pad (a, q) }"
    ),
    "the axes of a slice are computed": lambda: graph(
        f"(float[2,3,5,7] x, float[1] i) => (float[N,H,W,C] y) {{ {LAST} "
        "j = Cast <to=7> (i)  y = Slice (a, s, e, j) }",
        s=integers(1),
        e=integers(3),
    ),
}


@pytest.mark.parametrize("make", NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Where axes matter, or nothing would be saved, nothing is touched."""
    apply(sink_transposes, make()).assert_untouched()


def test_the_larger_side_decides() -> None:
    """Of two different Transposes, the one that more elements come through is kept."""
    text = """(float[2,3,5,7] x, float[2,1,3,7] z) => (float[2,5,7,3] y) {
        a = Transpose <perm=[0,2,3,1]> (x)
        b = Transpose <perm=[0,1,3,2]> (z)
        y = Mul (a, b)
    }"""
    found = apply(sink_transposes, graph(text))
    assert found.fired == 1
    assert list(found.after.graph.node[-1].attribute[0].ints) == [0, 2, 3, 1]
    found.assert_same_numbers(limit=0)


def test_a_transpose_read_twice_stays_for_its_other_reader() -> None:
    """A value that is also an output keeps its numbers and its name."""
    text = f"""(float[2,3,5,7] x) => (float[2,5,7,3] y, float[2,5,7,3] a) {{
        {LAST}
        y = Relu (a)
    }}"""
    found = apply(sink_transposes, graph(text))
    found.assert_interface_kept()
    found.assert_same_numbers(limit=0)


def test_a_shared_constant_stays_as_it_was_for_its_other_reader() -> None:
    """A constant that is moved for one op is still in its old order for another."""
    text = f"""(float[2,3,5,7] x, float[2,5,7,3] z) => (float[2,5,7,3] y, float[2,5,7,3] w) {{
        {LAST}
        y = Mul (a, c)
        w = Mul (z, c)
    }}"""
    found = apply(sink_transposes, graph(text, c=random(5, 7, 3)))
    assert found.fired == 1
    found.assert_same_numbers(limit=0)


def test_a_transpose_in_reverse_order_needs_no_perm() -> None:
    """ONNX reverses the axes where `perm` is absent."""
    text = """(float[2,3,5] x) => (float[5,3,2] y) {
        a = Transpose (x)
        y = Softmax <axis=1> (a)
    }"""
    apply(sink_transposes, graph(text)).assert_same_numbers(limit=1e-6)


def test_a_reduction_over_everything_ends_the_transpose() -> None:
    """Of a single number no axis is left to move."""
    text = f"""(float[2,3,5,7] x) => (float y) {{
        {LAST}
        y = ReduceMax <axes=[0,1,2,3], keepdims=0> (a)
    }}"""
    found = apply(sink_transposes, graph(text))
    assert found.ops == {"ReduceMax": 1}
    found.assert_interface_kept()


RESIZES = {
    "by scales": ("(a, , s)", np.array([1, 2, 3, 1], np.float32)),
    "to sizes": ("(a, , , s)", integers(2, 10, 21, 3)),
}


@pytest.mark.parametrize(("arguments", "vector"), RESIZES.values(), ids=RESIZES)
def test_resize_is_brought_to_channels_first(arguments: str, vector: Array) -> None:
    """OpenCV resizes the last two axes of any file: channels last is wrong in it."""
    text = f"""(float[2,3,5,7] x) => (float[2,10,21,3] y) {{
        {LAST}
        y = Resize <mode="nearest", coordinate_transformation_mode="asymmetric",
                    nearest_mode="floor"> {arguments}
    }}"""
    found = apply(sink_transposes, graph(text, s=vector))
    assert (found.fired, found.again) == (1, 0)
    found.assert_interface_kept()
    picture = inputs_for(found.before)["x"]
    larger = picture.repeat(2, axis=2).repeat(3, axis=3).transpose(0, 2, 3, 1)
    found.assert_numbers({"y": larger}, limit=0)


def test_slopes_by_channel_are_brought_to_channels_first() -> None:
    """OpenCV takes a PRelu's slopes along axis 1, whatever their shape: channels last is wrong."""
    slope = np.abs(random(3))
    found = apply(sink_transposes, last("y = PRelu (a, c)", c=slope)())
    assert (found.fired, found.again) == (1, 0)
    picture = inputs_for(found.before)["x"].transpose(0, 2, 3, 1)
    found.assert_numbers({"y": np.where(picture < 0, picture * slope, picture)}, limit=1e-7)
