"""Writing an Einsum as Transposes, a MatMul and Reshapes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from keras2cv.net.engines import ENGINES
from keras2cv_export.passes.legalise.products.einsum_to_matmul import einsum_to_matmul
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import random

SIZES = dict(zip("abcdehbst", (2, 3, 4, 5, 6, 7, 3, 8, 9), strict=True))


def shape(letters: str) -> str:
    """Return the sizes of some letters, no two alike."""
    return ",".join(str(SIZES[letter]) for letter in letters)


def einsum(equation: str, weights: Sequence[int] = ()) -> Make:
    """Return a maker of an equation; its last operand is a constant if `weights`."""
    left, _, result = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    inputs = ", ".join(f"float[{shape(t)}] x{k}" for k, t in enumerate(terms) if k not in weights)
    names = ", ".join(f"x{k}" for k in range(len(terms)))
    node = f'y = Einsum <equation="{equation}"> ({names})'
    text = f"({inputs}) => (float[{shape(result)}] y) {{ {node} }}"
    return made(text, **{f"x{k}": random(*(SIZES[c] for c in terms[k])) for k in weights})


FORMS: dict[str, tuple[Make, dict[str, int]]] = {
    "attention scores": (einsum("btd,bsd->bts"), {"Transpose": 1, "MatMul": 1}),
    "heads apart": (
        einsum("bthd,bshd->bhts"), {"Transpose": 2, "Reshape": 3, "MatMul": 1},
    ),
    "a dense layer of two axes": (
        einsum("abc,cde->abde", [1]), {"Reshape": 5, "MatMul": 1},
    ),
    "the kernel first": (einsum("cd, abc -> abd", [0]), {"Reshape": 5, "MatMul": 1}),
    "matrices": (einsum("ab,bc->ac"), {"Reshape": 4, "MatMul": 1}),
    "a transposed result": (einsum("ab,bc->ca"), {"Reshape": 4, "MatMul": 1, "Transpose": 1}),
    "an outer product": (einsum("ab,cd->abcd"), {"Reshape": 5, "MatMul": 1}),
    "axes moved": (einsum("abcd->acbd"), {"Transpose": 1}),
    "axes summed": (einsum("abcd->ca"), {"ReduceSum": 1, "Transpose": 1}),
    "letters that one operand alone has": (
        einsum("abe,bcd->ac"), {"ReduceSum": 2, "Reshape": 4, "MatMul": 1},
    ),
    "no letter in common but the samples": (
        einsum("ab,ac->abc"), {"Reshape": 2, "MatMul": 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "ops"), FORMS.values(), ids=FORMS)
def test_sums_are_products(make: Make, ops: dict[str, int]) -> None:
    """Letters in all three terms are batches, those in both operands are summed over."""
    # OpenCV's own Reduce of two axes is another pass's matter.
    engines = () if "ReduceSum" in ops else ENGINES
    assert_rewritten(by=einsum_to_matmul, model=make(), ops=ops, engines=engines)


LEFT = {
    "a diagonal": made(
        '(float[3,3,4] x) => (float[3,4] y) { y = Einsum <equation="aab->ab"> (x) }'
    ),
    "three operands": einsum("ab,bc,cd->ad"),
    "an unsaid result": made(
        '(float[3,4] x, float[4,5] z) => (float[3,5] y) { y = Einsum <equation="ab,bc"> (x, z) }'
    ),
    "dots": made(
        "(float[2,3,4] x, float[4,5] z) => (float[2,3,5] y) "
        '{ y = Einsum <equation="...b,bc->...c"> (x, z) }'
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_equations_stay(make: Make) -> None:
    """Keras writes one or two operands, with a letter for each axis."""
    assert_left_alone(by=einsum_to_matmul, model=make())
