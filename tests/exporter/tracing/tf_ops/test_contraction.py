"""Einsum as matrix products, and matrix products of integers."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from keras2cv.errors import UnsupportedError
from keras2cv_export.tracing.tf_ops.contraction import spell_out
from support.traced_ops import flat, integers, random

SIZES = dict(zip("abcdefgh", (2, 3, 4, 5, 6, 7, 8, 9), strict=True))

TWO = (
    "ab,bc->ac", "abc,cd->abd", "abc,cde->abde", "abcd,cde->abe", "abc,abd->acd", "abc,dbc->ad",
    "aecd,abcd->acbe", "acbe,aecd->abcd", "ab,cb->ca", "ab,b->a", "a,ab->b", "a,a->", "ab,ab->ab",
    "ab,ac->abc", "a,b->ab", "ab,cd->abcd", "abc,bd->acd", "bac,bdc->badc", "abc,d->abcd",
    "abe,cd->acd", "abcd,dcb->a", "abc,ac->bc",
)  # fmt: skip
ONE = ("ab->ba", "abc->b", "abc->cab", "ab->", "abcd->dcba", "ab->ab")


def shape(labels: str) -> list[int]:
    """Return a size for each letter."""
    return [SIZES[label] for label in labels]


@pytest.mark.parametrize("equation", TWO)
def test_einsum_of_two(equation: str) -> None:
    """Every kind of label: shared and kept, shared and summed, one operand's own, summed alone."""
    left, right = equation.split("->", maxsplit=1)[0].split(",")
    traced = flat(
        lambda a, b: tf.raw_ops.Einsum(inputs=[a, b], equation=equation),
        random(*shape(left)),
        random(*shape(right), seed=1),
    )
    traced.assert_same()
    assert "Einsum" not in traced.ops


@pytest.mark.parametrize("equation", ONE)
def test_einsum_of_one(equation: str) -> None:
    """A sum over some axes, and the others in another order."""
    x = random(*shape(equation.split("->", maxsplit=1)[0]))
    traced = flat(lambda a: tf.raw_ops.Einsum(inputs=[a], equation=equation), x)
    traced.assert_same()
    assert "Einsum" not in traced.ops


@pytest.mark.parametrize("equation", ["...ab,bc->...ac", "a...b,...bc->ca...", "...a,a->..."])
def test_einsum_with_ellipses(equation: str) -> None:
    """Dots stand for two dimensions here, and for none of the second operand's."""
    left, right = (
        term.replace("...", "gh") for term in equation.split("->", maxsplit=1)[0].split(",")
    )
    if equation.startswith("..."):
        right = right.replace("gh", "")
    traced = flat(
        lambda a, b: tf.einsum(equation, a, b), random(*shape(left)), random(*shape(right))
    )
    traced.assert_same()
    assert "Einsum" not in traced.ops


def test_attention_stays_four_dimensional() -> None:
    """Queries times keys is one MatMul between Transposes, with no Reshape."""
    ops = flat(
        lambda q, k: tf.einsum("aecd,abcd->acbe", k, q), random(2, 7, 3, 5), random(2, 6, 3, 5)
    ).ops
    assert ops["BatchMatMulV2"] == 1
    assert ops["Reshape"] == 0


def test_a_diagonal_is_refused() -> None:
    """An operand with a label twice has no matrix product; the error names the equation."""
    with pytest.raises(UnsupportedError, match=r"Einsum.*a diagonal \(aab->ab\)"):
        flat(lambda x: tf.raw_ops.Einsum(inputs=[x], equation="aab->ab"), random(3, 3, 5))


@pytest.mark.parametrize(
    ("equation", "ranks", "spelled"),
    [
        ("ab,bc->ac", [2, 2], (["ab", "bc"], "ac")),
        ("...b,bc->...c", [4, 2], (["adeb", "bc"], "adec")),
        ("...a, ...ab -> ...b", [2, 4], (["da", "cdab"], "cdb")),
    ],
)
def test_dots_become_letters(
    equation: str, ranks: list[int], spelled: tuple[list[str], str]
) -> None:
    """As many letters as dimensions, the same ones for the last dimensions of each operand."""
    assert spell_out(equation, ranks) == spelled


@pytest.mark.parametrize("turned", [False, True])
def test_integers_are_multiplied_as_floats(turned: bool) -> None:
    """int8 times int8 summed in int32: the same integers, from a product of floats."""
    a = (integers(255, 3, 40) - 127).astype(np.int8)
    b = (integers(255, *((9, 40) if turned else (40, 9))) - 127).astype(np.int8)
    traced = flat(lambda x, y: tf.matmul(x, y, transpose_b=turned, output_type=tf.int32), a, b)
    traced.assert_same(limit=0)
    products = [n for n in traced.graph.graph_def.node if n.op in ("MatMul", "BatchMatMulV2")]
    assert len(products) == 1
    assert products[0].attr["T"].type == tf.float32.as_datatype_enum


def test_float_products_stay() -> None:
    """A MatMul of floats is left as it is."""
    ops = flat(tf.matmul, random(3, 5), random(5, 7)).ops
    assert ops["MatMul"] == 1
    assert ops["Cast"] == 0
