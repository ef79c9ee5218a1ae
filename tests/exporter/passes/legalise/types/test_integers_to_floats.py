"""Computing with whole numbers as floats."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from keras2cv_export.passes.legalise.types.integers_to_floats import integers_to_floats
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import integers

START = "s = Mul (a, h)  r = Floor (s)  i = Cast <to=7> (r)  u = Floor (b)  j = Cast <to=7> (u)"
BEFORE = {"Mul": 1, "Floor": 2}


def whole(node: str, to: str = "3,5") -> Make:
    """Return a maker of z, made of whole numbers i (3, 5) in -15 .. 15 and j (3, 1) in -2 .. 1."""
    text = f"{{ {START}  {node}  y = Cast <to=1> (z) }}"
    return made(
        f"(float[3,5] a, float[3,1] b) => (float[{to}] y) {text}",
        h=np.array(10, np.float32),
        n=integers(-7),
        c=integers(3, -4, 5, 7, -2),
        x=integers(1),
        m=np.array(-3, np.int64),
        p=np.array(5, np.int64),
        g=integers(*range(10)).reshape(5, 2),
        q=integers(1, 2),
        e=integers(3, 5),
        f=integers(0, 1, 0, 1),
        t=integers(4, 2, 7, -1, 9),
        d=integers(4, 2, 7, -1, 0, 3).reshape(3, 2),
    )


FORMS: dict[str, Make] = {
    "a sum": whole("z = Add (i, j)"),
    "a difference from a number": whole("z = Sub (n, i)  k = Add (z, j)"),
    "a product": whole("z = Mul (j, i)"),
    "a quotient": whole("z = Div (i, c)  k = Add (z, j)"),
    "a quotient of a number": whole("w = Mul (j, j)  v = Sub (w, n)  z = Div (i, v)"),
    "a remainder": whole("z = Mod (i, c)  k = Add (z, j)"),
    "a remainder of the dividend's sign": whole("z = Mod <fmod=1> (i, c)  k = Add (z, j)"),
    "a maximum": whole("z = Max (i, j)"),
    "a size": whole("w = Add (i, j)  z = Abs (w)"),
    "a sum of a row": whole("w = Add (i, j)  z = ReduceSum (w, x)", "3,1"),
    "bounds": whole("z = Clip (i, m, p)"),
    "an upper bound": whole("z = Clip (i, , p)"),
    "a product of matrices": whole("z = MatMul (i, g)", "3,2"),
    "sums so far": whole("z = CumSum (i, x)"),
    "copies": whole("z = Tile (i, q)", "3,10"),
    "copies of a column": whole("w = Abs (j)  z = Expand (w, e)"),
    "what is joined with known ones": whole("w = Add (i, j)  z = Concat <axis=1> (w, d)", "3,7"),
    "what is padded by a known one": whole("w = Add (i, j)  z = Pad (w, f, p)", "3,7"),
    "known ones that are looked up": whole("w = Mul (j, j)  z = Gather (t, w)", "3,1"),
    "a mean of a row": whole("w = Add (i, j)  z = ReduceMean <axes=[1]> (w)", "3,1"),
    "the largest of a row": whole("w = Add (i, j)  z = ReduceMax <axes=[1]> (w)", "3,1"),
}


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_whole_numbers_are_floats(make: Make) -> None:
    """No op but Cast has integers any more."""
    model = make()
    count = sum(
        o.dtype == ir.DataType.INT64 and node.op_type != "Cast"
        for node in model.graph
        for o in node.outputs
    )
    found = assert_rewritten(by=integers_to_floats, model=model, fired=count, limit=0)
    whole_types = {
        v.name for v in found.after.graph.value_info if v.type.tensor_type.elem_type == 7
    }
    made_by = {o: node.op_type for node in found.after.graph.node for o in node.output}
    assert {made_by[name] for name in whole_types if name in made_by} <= {"Cast"}


def test_a_remainder_of_floats_is_spelled_too() -> None:
    """`fmod` of floats has the dividend's sign."""
    make = made(
        "(float[3,5] a) => (float[3,5] y) { y = Mod <fmod=1> (a, k) }",
        k=np.array(0.4, np.float32),
    )
    assert_rewritten(by=integers_to_floats, model=make(), gone=["Mod"], limit=1e-5)


LEFT = {
    "floats": made("(float[3,5] a, float[3,1] b) => (float[3,5] y) { y = Div (a, b) }"),
    "moves": made(
        "(float[3,5] a) => (float[5,3] y) "
        "{ i = Cast <to=7> (a)  t = Transpose <perm=[1,0]> (i)  y = Cast <to=1> (t) }"
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_ops_stay(make: Make) -> None:
    """Ops that move numbers compute none."""
    assert_left_alone(by=integers_to_floats, model=make())
