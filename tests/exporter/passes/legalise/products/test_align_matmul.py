"""Giving a MatMul a form that every OpenCV runs."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from keras2cv_export.graph.edit import constant, shape_of
from keras2cv_export.passes.legalise.products.align_matmul import align_matmul
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import random


def shape(text: str) -> tuple[int, ...]:
    """Read the sizes of "2,3,4"."""
    return tuple(int(n) for n in text.split(","))


def product(left: str, right: str, constants: str = "") -> Make:
    """Return a maker of the product of a and b, of which some are constants."""
    result = (*np.broadcast_shapes(shape(left)[:-2], shape(right)[:-2]),
              shape(left)[-2], shape(right)[-1])  # fmt: skip
    sizes = {"a": left, "b": right}
    inputs = ", ".join(f"float[{sizes[name]}] {name}" for name in sizes if name not in constants)
    text = f"({inputs}) => (float[{','.join(map(str, result))}] y) {{ y = MatMul (a, b) }}"
    return made(text, **{name: random(*shape(sizes[name])) for name in constants})


FORMS: dict[str, Make] = {
    "a constant on the left": product("4,3", "2,3,5", "a"),
    "a matrix on the right": product("2,4,3", "3,5"),
    "a matrix on the right of several batches": product("2,3,4,5", "5,6"),
    "a constant of one batch": product("2,4,3", "1,3,5", "b"),
    "one matrix times several constants": product("4,3", "2,3,5", "b"),
    "a batch of one times several constants": product("1,1,4,3", "3,2,3,5", "b"),
    "as many constants as heads": product("2,3,4,5", "3,5,6", "b"),
    "as many constants as samples": product("2,4,3", "2,3,5", "b"),
    "as many constants as samples and heads": product("2,3,4,5", "2,3,5,6", "b"),
    "constants that heads share": product("2,3,4,5", "2,1,5,6", "b"),
    "batches that are copied on the right": product("2,3,4,5", "2,1,5,6"),
    "batches that are copied on the left": product("2,1,4,5", "2,3,5,6"),
    "batches that are copied on both sides": product("2,1,4,5", "1,3,5,6"),
    "batches that one side lacks": product("2,3,4,5", "3,5,6"),
}


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_products_have_a_form_that_all_know(make: Make) -> None:
    """A constant matrix stands on the right, or both have the same batches."""
    assert_rewritten(by=align_matmul, model=make())
    model = make()
    align_matmul(model)
    assert all(_is_aligned(node) for node in model.graph if node.op_type == "MatMul")


@pytest.mark.parametrize(
    "make",
    [
        product("4,3", "2,3,5"),
        product("2,4,3", "2,3,5", "a"),
        product("1,3,4,5", "2,3,5,6", "b"),
    ],
)
def test_some_take_two_steps(make: Make) -> None:
    """An operand moved to the right, or repeated, is then flattened or split by heads."""
    assert_rewritten(by=align_matmul, model=make(), again=1)


def _is_aligned(node: ir.Node) -> bool:
    left, right = (shape_of(value) or () for value in node.inputs)
    known = [constant(value) is not None for value in node.inputs]
    return not known[0] and (len(right) == 2 or left[:-2] == right[:-2])


LEFT: dict[str, Make] = {
    "matrices": product("4,3", "3,5"),
    "equal batches": product("2,3,4,5", "2,3,5,6"),
    "a constant matrix": product("2,3,4,5", "5,6", "b"),
    "a vector": made("(float[2,4,3] a, float[3] b) => (float[2,4] y) { y = MatMul (a, b) }"),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_known_forms_stay(make: Make) -> None:
    """They are right, or another pass's matter."""
    assert_left_alone(by=align_matmul, model=make())
