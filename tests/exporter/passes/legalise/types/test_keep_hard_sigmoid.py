"""Keeping a gate from being taken for a HardSwish."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from keras2cv.net.engines import ENGINES
from keras2cv_export.passes.legalise.types.keep_hard_sigmoid import keep_hard_sigmoid
from support.opencv_process import in_process
from support.pass_checks import (
    LIMIT,
    Make,
    assert_left_alone,
    assert_rewritten,
    made,
    named_apart,
    onnx_numbers,
)
from support.small_graphs import random

SIXTH = float(np.float32(1) / np.float32(6))
GATE = f"g = HardSigmoid <alpha={SIXTH!r}, beta=0.5> (u)"
TWO = "(float[2,5,9,11] x) => (float[2,5,9,11] y)"

FORMS = {
    "another tensor": made(f"{TWO} {{ u = Abs (x)  v = Neg (x)  {GATE}  y = Mul (v, g) }}"),
    "the gate comes first": made(f"{TWO} {{ u = Abs (x)  v = Neg (x)  {GATE}  y = Mul (g, v) }}"),
    "a constant": made(f"{TWO} {{ u = Neg (x)  {GATE}  y = Mul (g, w) }}", w=random(2, 5, 9, 11)),
    "its own square": made(f"{TWO} {{ u = Neg (x)  {GATE}  y = Mul (g, g) }}"),
    "x as well as another": made(
        f"{TWO} {{ u = Neg (x)  v = Abs (x)  {GATE}  a = Mul (u, g)  b = Mul (g, v)"
        "  y = Sub (a, b) }"
    ),
    "squeeze-and-excitation": made(
        f"{TWO} {{ v = Abs (x)  u = GlobalAveragePool (x)  {GATE}  y = Mul (v, g) }}"
    ),
}


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_it_is_told_apart(make: Make) -> None:
    """Then every engine agrees with onnxruntime; no node more or less."""
    ops: dict[str, int] = {}
    for node in make().graph:
        ops[node.op_type] = ops.get(node.op_type, 0) + 1
    assert_rewritten(by=keep_hard_sigmoid, model=make(), ops=ops)


@pytest.mark.parametrize("name", ["another tensor", "the gate comes first"])
@pytest.mark.parametrize("engine", ENGINES)
def test_without_that_opencv_is_wrong(name: str, engine: str) -> None:
    """4.6 to 5.0, both engines, silently give other numbers."""
    model = named_apart(ir.to_proto(FORMS[name]()))
    expected, found = onnx_numbers(model)["y"], in_process(model, engine)["y"]
    assert np.abs(found - expected).max() > 1000 * LIMIT * np.abs(expected).max()


LEFT = {
    "hard swish": made(f"{TWO} {{ u = Neg (x)  {GATE}  y = Mul (u, g) }}"),
    "hard swish, the gate first": made(f"{TWO} {{ u = Neg (x)  {GATE}  y = Mul (g, u) }}"),
    "no product": made(f"{TWO} {{ u = Neg (x)  {GATE}  y = Add (u, g) }}"),
    "Keras 2's slope": made(
        f"{TWO} {{ u = Neg (x)  g = HardSigmoid <alpha=0.2, beta=0.5> (u)  y = Mul (x, g) }}"
    ),
    "ONNX' defaults": made(f"{TWO} {{ u = Neg (x)  g = HardSigmoid (u)  y = Mul (x, g) }}"),
    "another offset": made(
        f"{TWO} {{ u = Neg (x)  g = HardSigmoid <alpha={SIXTH!r}, beta=0.0> (u)  y = Mul (x, g) }}"
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_what_opencv_computes_right_stays(make: Make) -> None:
    """OpenCV's numbers are right there."""
    assert_left_alone(by=keep_hard_sigmoid, model=make())
    model = named_apart(ir.to_proto(make()))
    for engine in ENGINES:
        expected, found = onnx_numbers(model)["y"], in_process(model, engine)["y"]
        assert np.abs(found - expected).max() <= LIMIT * np.abs(expected).max()
