"""The least and the largest that a value can be."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.graph.spans import span
from support.small_graphs import graph, graph_at

INF = float("inf")

SPANS = {
    "an input": ("y = Identity (x)", -INF, INF),
    "a sigmoid": ("y = Sigmoid (x)", 0, 1),
    "its inverse": (
        "s = Sigmoid (x)  r = Sub (one, s)  c = Clip (s, e, one)  d = Clip (r, e, one)  "
        "q = Div (c, d)  y = Log (q)",
        np.log(1e-3), -np.log(1e-3),
    ),
    "a bound of one side": ("c = Max (x, e)  y = Reciprocal (c)", 0, 1000),
    "a sum of squares": ("q = Mul (x, x)  y = ReduceSum <keepdims=1> (q)", 0, INF),
    "a sum of shares": ("s = Softmax (x)  y = ReduceSum <keepdims=1> (s)", 0, 6),
    "a difference from the largest": (
        "m = ReduceMax <axes=[1]> (x)  y = Sub (x, m)", -INF, 0,
    ),
    "a difference from the least of all": ("m = ReduceMin (x)  y = Sub (x, m)", 0, INF),
    "a difference from another largest": (
        "m = ReduceMax <axes=[0], keepdims=0> (t)  y = Sub (x, m)", -INF, INF,
    ),
    "a truth value": ("t0 = Greater (x, e)  y = Cast <to=1> (t0)", 0, 1),
    "a choice": ("s = Sigmoid (x)  t0 = Greater (x, e)  y = Where (t0, s, two)", 0, 2),
    "a choice among numbers of no small power": (
        "c = Clip (x, e, many)  y = Pow (c, ten)", 1e-30, INF,
    ),
    "a quotient of whole numbers": (
        "s = Sigmoid (x)  k = Cast <to=7> (s)  a = Add (k, w1)  q = Div (a, w2)  "
        "y = Cast <to=1> (q)",
        0, 1,
    ),
    "a soft corner far below": ("c = Min (x, one)  d = Max (c, low)  y = Softplus (d)", 0, 1.3133),
    "what is put at places": (
        "s = Sigmoid (x)  n = Tanh (x)  y = ScatterElements <axis=1> (s, at, n)", -1, 1,
    ),
    "what is joined": ("s = Sigmoid (x)  h = Tanh (x)  y = Concat <axis=0> (s, h)", -1, 1),
    "a negative quotient": ("s = Sigmoid (x)  n = Sub (s, two)  y = Div (one, n)", -1, -0.5),
    "a quotient by what may be 0": ("h = Tanh (x)  y = Div (one, h)", -INF, INF),
    "an even power": ("h = Tanh (x)  m = Mul (h, two)  y = Pow (m, two)", 0, 4),
    "a root": ("s = Sigmoid (x)  a = Add (s, one)  y = Sqrt (a)", 1, 2**0.5),
    "whole numbers": ("s = Sigmoid (x)  m = Mul (s, two)  f = Floor (m)  y = Neg (f)", -2, 0),
    "an activation": ("y = Relu (x)", 0, INF),
    "what is padded": (
        "s = Sigmoid (x)  a = Add (s, one)  y = Pad (a, pads)", 0, 2,
    ),
    "a product of what is not negative": (
        "s = Sigmoid (x)  r = Relu (x)  u = Transpose (r)  y = MatMul (s, u)", 0, INF,
    ),
}  # fmt: skip


SHAPES = {
    "a sum of squares": "1,1",
    "a sum of shares": "1,1",
    "what is joined": "4,3",
    "what is padded": "2,5",
    "a product of what is not negative": "2,2",
}


@pytest.mark.parametrize(
    ("name", "body", "low", "high"), [(name, *one) for name, one in SPANS.items()], ids=SPANS
)
def test_bounds_follow_from_the_ops(name: str, body: str, low: float, high: float) -> None:
    """Within what rounding may add."""
    to = SHAPES.get(name, "2,3")
    model = graph(
        f"(float[2,3] x, float[3,3] t) => (float[{to}] y) {{ {body} }}",
        e=np.array(1e-3, np.float32),
        one=np.array(1, np.float32),
        two=np.array(2, np.float32),
        pads=np.array([0, 1, 0, 1]),
        ten=np.array(10, np.float32),
        many=np.array(3e38, np.float32),
        low=np.array(-60, np.float32),
        w1=np.array(1),
        w2=np.array(2),
        at=np.zeros((2, 3), np.int64),
    )
    found = span(model.graph.outputs[0])
    assert found == pytest.approx((low, high), rel=1e-3, abs=1e-30)


FAR = {
    "what half precision holds": ("c = Cast <to=10> (b)", 0, 100.1),
    "what is infinite in half precision": ("a = Mul (b, many)  c = Cast <to=10> (a)", 0, INF),
    "what is 0 in half precision": (
        "a = Add (b, least)  d = Mul (a, least)  c = Cast <to=10> (d)", 0, 1e-5,
    ),
    "what is infinite in half precision below": (
        "a = Mul (b, many)  n = Neg (a)  c = Cast <to=10> (n)", -INF, 0,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "low", "high"), FAR.values(), ids=FAR)
def test_half_precision_ends_at_65504(body: str, low: float, high: float) -> None:
    """And rounds to 0 what is below half of its smallest number."""
    model = graph(
        f"(float[3] x) => (float[3] y) {{ s = Sigmoid (x)  b = Mul (s, hundred)  "
        f"{body}  y = Cast <to=1> (c) }}",
        hundred=np.array(100, np.float32),
        many=np.array(1000, np.float32),
        least=np.array(1e-7, np.float32),
    )
    assert span(model.graph.outputs[0]) == pytest.approx((low, high), rel=1e-2, abs=1e-30)


@pytest.mark.parametrize(("op", "share"), [("ReduceSum", 2**22), ("ReduceMean", 1)])
def test_a_long_sum_may_be_rounded_often(op: str, share: int) -> None:
    """Each addition rounds: four million sums of numbers from 1 to 2 may be half too large."""
    model = graph(
        f"(float[4194304] x) => (float[1] y) "
        f"{{ s = Sigmoid (x)  a = Add (s, one)  y = {op} <keepdims=1> (a) }}",
        one=np.array(1, np.float32),
    )
    low, high = span(model.graph.outputs[0])
    assert 0.4 * share < low <= 0.51 * share
    assert 3 * share <= high < 3.1 * share


def test_what_is_added_to_places_has_no_known_bounds() -> None:
    """A place may come up many times."""
    model = graph_at(
        16,
        "(float[2,3] x) => (float[2,3] y) "
        '{ s = Sigmoid (x)  y = ScatterElements <axis=1, reduction="add"> (s, at, s) }',
        at=np.zeros((2, 3), np.int64),
    )
    assert span(model.graph.outputs[0]) == (-INF, INF)
