"""Giving a Gemm zeros to add."""

from __future__ import annotations

from keras2cv_export.passes.legalise.products.complete_gemm import complete_gemm
from support.pass_checks import assert_left_alone, assert_rewritten
from support.small_graphs import graph, random

GEMM = "(float[2,3] x) => (float[2,5] y) "
LONE, BESIDE = "{ y = Gemm <transB=1> (x, w) }", "{ g = Gemm <transB=1> (x, w)  y = Clip (g) }"
WHOLE = "{ g = Gemm <transB=1> (x, w, c)  y = Clip (g) }"


def test_it_adds_zeros() -> None:
    """A number for each output."""
    model = graph(GEMM + BESIDE, w=random(5, 3))
    found = assert_rewritten(by=complete_gemm, model=model, ops={"Gemm": 1, "Clip": 1})
    assert len(found.after.graph.node[0].input) == 3


def test_others_stay() -> None:
    """No Clip asks for an old opset, or something is added already."""
    assert_left_alone(by=complete_gemm, model=graph(GEMM + LONE, w=random(5, 3)))
    assert_left_alone(by=complete_gemm, model=graph(GEMM + WHOLE, w=random(5, 3), c=random(5)))
