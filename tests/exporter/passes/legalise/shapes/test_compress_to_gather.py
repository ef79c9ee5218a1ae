"""Writing a Compress by a known condition as a Gather."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.passes.legalise.shapes.compress_to_gather import compress_to_gather
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made

KEPT = np.array([1, 0, 1, 1, 0], bool)


def compress(how: str, result: str, kept: np.ndarray = KEPT) -> Make:
    """Return a maker of a graph that takes elements out of exp(x), x (2, 3, 5, 4)."""
    return made(
        f"(float[2,3,5,4] x) => (float[{result}] y) {{ a = Exp (x)  y = Compress {how} (a, k) }}",
        k=kept,
    )


FORMS = {
    "rows": compress("<axis=2>", "2,3,3,4"),
    "an axis from the back": compress("<axis=-2>", "2,3,3,4"),
    "a condition that ends early": compress("<axis=3>", "2,3,5,2", KEPT[:3]),
    "channels": compress("<axis=1>", "2,2,5,4", KEPT[1:4]),
}


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_what_is_kept_is_gathered(make: Make) -> None:
    """Elements beyond the condition's end are not kept."""
    found = assert_rewritten(
        by=compress_to_gather, model=make(), ops={"Exp": 1, "Gather": 1}, limit=1e-6
    )
    assert found.after.graph.node[-1].op_type == "Gather"


LEFT = {
    "of the flattened tensor": compress("", "3"),
    "the condition is computed": made(
        "(float[2,3] x, float[3] k) => (float[2,N] y) "
        "{ c = Cast <to=9> (k)  y = Compress <axis=1> (x, c) }"
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_other_forms_stay(make: Make) -> None:
    """The kept elements must be known, and along an axis."""
    assert_left_alone(by=compress_to_gather, model=make())
