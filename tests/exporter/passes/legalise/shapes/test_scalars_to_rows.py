"""Giving a computed number one axis."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from keras2cv_export.graph.edit import shape_of
from keras2cv_export.passes.legalise.shapes.scalars_to_rows import scalars_to_rows
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import integers


def number(then: str, to: str = "2,3") -> Make:
    """Return a maker of a graph that makes n, the largest of x (2, 3), a number without axes."""
    start = "m = ReduceMax <keepdims=1> (x)  n = Reshape (m, s)"
    return made(
        f"(float[2,3] x) => (float[{to}] y) {{ {start}  {then} }}",
        s=integers(),
        k=np.array(0.7, np.float32),
        t=integers(1, 1),
    )


FORMS: dict[str, tuple[Make, dict[str, int]]] = {
    "added to all": (number("y = Add (x, n)"), {"Add": 1}),
    "scaled first": (number("a = Mul (n, k)  b = Exp (a)  y = Mul (x, b)"), {"Mul": 2, "Exp": 1}),
    "reshaped again": (
        number("a = Reshape (n, t)  y = Sub (x, a)"), {"Reshape": 1, "Sub": 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "ops"), FORMS.values(), ids=FORMS)
def test_a_number_is_a_row_of_one(make: Make, ops: dict[str, int]) -> None:
    """Ops that read only that number get an axis, too."""
    before = {"ReduceMax": 1, "Reshape": 1}
    total = {op: before.get(op, 0) + ops.get(op, 0) for op in before | ops}
    # Reducing all axes at once is another pass's matter.
    assert_rewritten(by=scalars_to_rows, model=make(), ops=total, engines=["new"])
    model = make()
    scalars_to_rows(model)
    assert all(shape_of(o) != () for node in model.graph for o in node.outputs)


LEFT = {
    "a number that picks": made(
        "(float[2,3] x) => (float[3] y) "
        "{ m = ReduceMax <keepdims=1> (x)  n = Reshape (m, s)  i = Cast <to=7> (n)  "
        "y = Gather (x, i) }",
        s=integers(),
    ),
    "a row": made("(float[2,3] x) => (float[6] y) { y = Reshape (x, s) }", s=integers(6)),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_reshapes_stay(make: Make) -> None:
    """With one more axis, a Gather would give one more."""
    assert_left_alone(by=scalars_to_rows, model=make())


def test_an_output_gets_the_axis() -> None:
    """OpenCV has no outputs without axes."""
    model = made(
        "(float[2,3] x) => (float y) { m = ReduceMax <keepdims=1> (x)  y = Reshape (m, s) }",
        s=integers(),
    )()
    assert scalars_to_rows(model) == 1
    assert model.graph.outputs[0].shape == ir.Shape([1])
    assert scalars_to_rows(model) == 0
