"""Writing Gemm, and MatMul by a constant, with the kernel stored as (out, in)."""

from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir
import pytest

from keras2cv_export.passes.legalise.products.gemm_to_dense import gemm_to_dense
from support.small_graphs import Array, apply, graph, random

Make = Callable[[], ir.Model]


def dense(node: str, **constants: Array) -> Make:
    """Return a maker of `node`, which takes x (2, 6) to y (2, 4) with the kernel w (6, 4)."""
    text = f"(float[2,6] x) => (float[2,4] y) {{ {node} }}"
    return lambda: graph(text, **{"w": random(6, 4)} | constants)


FORMS: dict[str, tuple[Make, int]] = {
    "Gemm with bias": (dense("y = Gemm (x, w, b)", b=random(4)), 1),
    "Gemm without": (dense("y = Gemm <transB=0> (x, w)"), 1),
    "Gemm with factors of 1": (dense("y = Gemm <alpha=1.0, beta=1.0> (x, w, b)", b=random(4)), 1),
    "Gemm with a scaled product": (dense("y = Gemm <alpha=0.5> (x, w)"), 1),
    "Gemm with a scaled bias": (dense("y = Gemm <beta=2.0> (x, w, b)", b=random(4)), 1),
    "Gemm with a transposed input": (
        lambda: graph(
            "(float[6,2] x) => (float[2,4] y) { y = Gemm <transA=1> (x, w) }", w=random(6, 4)
        ),
        1,
    ),
    "MatMul": (dense("y = MatMul (x, w)"), 1),
    "two with one kernel": (dense("a = MatMul (x, w)  b = Gemm (x, w)  y = Add (a, b)"), 2),
}
every_form = pytest.mark.parametrize(("make", "count"), FORMS.values(), ids=FORMS)


@every_form
def test_it_fires_for_each(make: Make, count: int) -> None:
    """Each becomes a Gemm with transB=1."""
    found = apply(gemm_to_dense, make())
    assert found.fired == count
    assert found.ops["Gemm"] == count
    assert all(
        [(a.name, a.i) for a in node.attribute] == [("transB", 1)]
        for node in found.after.graph.node
        if node.op_type == "Gemm"
    )


@every_form
def test_the_numbers_stay(make: Make, count: int) -> None:
    """The same products; OpenCV may sum them in another order."""
    apply(gemm_to_dense, make()).assert_same_numbers(limit=1e-6)


@every_form
def test_the_interface_stays(make: Make, count: int) -> None:
    """Inputs and outputs keep names, shapes and types."""
    apply(gemm_to_dense, make()).assert_interface_kept()


@every_form
def test_the_second_run_finds_nothing(make: Make, count: int) -> None:
    """A kernel is transposed once."""
    assert apply(gemm_to_dense, make()).again == 0


NEAR_MISSES: dict[str, Make] = {
    "the kernel is stored so already": dense("y = Gemm <transB=1> (x, w)", w=random(4, 6)),
    "the kernel is computed": lambda: graph(
        "(float[2,6] x, float[6,4] w) => (float[2,4] y) { y = MatMul (x, w) }"
    ),
    "the input is a series": lambda: graph(
        "(float[2,3,6] x) => (float[2,3,4] y) { y = MatMul (x, w) }", w=random(6, 4)
    ),
    "the constant comes first": lambda: graph(
        "(float[6,4] x) => (float[2,4] y) { y = MatMul (w, x) }", w=random(2, 6)
    ),
    "there is a kernel for each sample": lambda: graph(
        "(float[2,6] x) => (float[3,2,4] y) { y = MatMul (x, w) }", w=random(3, 6, 4)
    ),
    "the kernel is a vector": lambda: graph(
        "(float[2,6] x) => (float[2] y) { y = MatMul (x, w) }", w=random(6)
    ),
}


@pytest.mark.parametrize("make", NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_near_misses_are_left_alone(make: Make) -> None:
    """Other products than rows times one constant matrix stay."""
    apply(gemm_to_dense, make()).assert_untouched()
