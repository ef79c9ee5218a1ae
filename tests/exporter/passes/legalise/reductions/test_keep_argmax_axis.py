"""Keeping the axis of an ArgMax, and removing it by a Reshape."""

from __future__ import annotations

import pytest

from keras2cv_export.passes.legalise.reductions.keep_argmax_axis import keep_argmax_axis
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made


def largest(node: str, shape: str, to: str) -> Make:
    """Return a maker of the place of the largest, or smallest, number."""
    return made(f"(float[{shape}] x) => (float[{to}] y) {{ i = {node} (x)  y = Cast <to=1> (i) }}")


FORMS: dict[str, tuple[Make, str]] = {
    "of a row": (largest("ArgMax <axis=1, keepdims=0>", "3,7", "3"), "ArgMax"),
    "of channels": (largest("ArgMax <axis=1, keepdims=0>", "2,5,3,4", "2,3,4"), "ArgMax"),
    "from the back": (largest("ArgMin <axis=-2, keepdims=0>", "2,5,4", "2,4"), "ArgMin"),
}


@pytest.mark.parametrize(("make", "op"), FORMS.values(), ids=FORMS)
def test_the_axis_is_removed_after(make: Make, op: str) -> None:
    """The place is found along the same axis."""
    ops = {op: 1, "Reshape": 1, "Cast": 1}
    assert_rewritten(by=keep_argmax_axis, model=make(), ops=ops, limit=0)


def test_a_kept_axis_stays() -> None:
    """Left out, `keepdims` is 1."""
    assert_left_alone(by=keep_argmax_axis, model=largest("ArgMax <axis=1>", "3,7", "3,1")())
