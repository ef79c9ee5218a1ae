"""Passes that examine a candidate and leave it alone give a reason."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.graph.misses import listening
from keras2cv_export.passes import STAGES
from support.pass_checks import Make, made
from support.small_graphs import graph, integers, random

PASSES = {row.name: row.run for rows in STAGES for row in rows}

# Pass -> a graph that it leaves alone, and a word of its reason.
REASONS: dict[str, tuple[Make, str]] = {
    "activate_by_depthwise_conv": (
        made(
            "(float[1,3,5,7] x) => (float[1,3,5,7] y) { y = BatchNormalization (x, g, b, b, v) }",
            g=random(3),
            b=random(3),
            v=abs(random(3)),
        ),
        "ReLU",
    ),
    "bound_by_hard_sigmoid": (
        made(
            "(float[1,3,5,7] x) => (float[1,3,5,7] y) { y = Clip (x, lo, hi) }",
            lo=np.array(0, np.float32),
            hi=np.array(6, np.float32),
        ),
        "no weights",
    ),
    "clip_to_hard_sigmoid": (
        made(
            "(float[1,3] x) => (float[1,3] y) { c = Clip (x, lo, hi)  y = Mul (c, s) }",
            lo=np.array(0, np.float32),
            hi=np.array(6, np.float32),
            s=np.array(0.5, np.float32),
        ),
        "not scaled to 0 and 1",
    ),
    "crop_transposed_conv": (
        made(
            """(float[1,2,4,4] x) => (float[1,3,8,8] y) {
                y = ConvTranspose <strides=[2,2], pads=[1,1,0,0]> (x, w)
            }""",
            w=random(2, 3, 3, 3),
        ),
        "more in front",
    ),
    "decide_finite": (
        made(
            """(float[2,3] x) => (float[2,3] y) {
                i = IsInf <detect_negative=0> (x)  y = Cast <to=1> (i)
            }"""
        ),
        "one sign",
    ),
    "einsum_to_matmul": (
        made('(float[3,3] x) => (float[3] y) { y = Einsum <equation="ii->i"> (x) }'),
        "twice",
    ),
    "flatten_channels_first": (
        made(
            """(float[1,3,2,2] x) => (float[1,12] y) {
                t = Transpose <perm=[0,2,3,1]> (x)  r = Reshape (t, s)  y = Relu (r)
            }""",
            s=integers(1, 12),
        ),
        "output of the net",
    ),
    "fold_scale_into_conv": (
        made(
            "(float[1,3,5,7] x) => (float[1,2,5,7] y) { c = Conv (x, w)  y = Mul (c, s) }",
            w=random(2, 3, 1, 1),
            s=random(7),
        ),
        "another axis than channels",
    ),
    "fold_scale_into_next_conv": (
        made(
            """(float[1,3,5,7] x) => (float[1,2,5,7] y) {
                a = Add (x, t)  y = Conv <pads=[1,1,1,1]> (a, w)
            }""",
            w=random(2, 3, 3, 3),
            t=random(3, 1, 1),
        ),
        "pads with zeros",
    ),
    "gate_by_depthwise_conv": (
        made("(float[2,3,5,7] x, float[2,3,1,1] g) => (float[2,3,5,7] y) { y = Mul (x, g) }"),
        "several samples",
    ),
    "lookup_to_matmul": (
        made(
            """(float[1,3] x) => (float[1,3,4] y) {
                i = Cast <to=7> (x)  y = Gather (t, i)
            }""",
            t=np.full((5, 4), np.inf, np.float32),
        ),
        "infinity",
    ),
    "merge_pads": (
        made(
            """(float[1,3,5,7] x) => (float[1,2,5,7] y) {
                p = Pad <mode="reflect"> (x, b)  y = Conv (p, w)
            }""",
            b=integers(0, 0, 1, 1, 0, 0, 1, 1),
            w=random(2, 3, 3, 3),
        ),
        "mirrors",
    ),
    "merge_reshapes": (
        made(
            "(float[2,6] x) => (float[3,4] y) { a = Reshape (x, s)  y = Reshape (a, t) }",
            s=integers(3, 4),
            t=integers(0, 4),
        ),
        "copies sizes",
    ),
    "multiply_patches": (
        made(
            "(float[1,3,8,8] x) => (float[1,2,4,4] y) { y = Conv <strides=[2,2]> (x, w) }",
            w=random(2, 3, 2, 2),
        ),
        "too few numbers",
    ),
    "multiply_rows": (
        made(
            "(float[2,3,5] x) => (float[2,3,7] y) { y = MatMul (x, k) }",
            k=random(2, 5, 7),
        ),
        "batches",
    ),
    "multiply_tiles": (
        made(
            "(float[1,3,8,8] x) => (float[1,2,6,6] y) { y = Conv (x, w) }",
            w=random(2, 3, 3, 3),
        ),
        "measured rates",
    ),
    "order_residuals": (
        made(
            """(float[1,3,5,7] x) => (float[1,3,5,7] y, float[1,3,5,7] z) {
                c = Conv (x, w)  r = Relu (x)  y = Add (c, r)  z = Exp (c)
            }""",
            w=random(3, 3, 1, 1),
        ),
        "read elsewhere",
    ),
    "part_strided_conv": (
        made(
            "(float[1,3,9,9] x) => (float[1,2,4,4] y) { y = Conv <strides=[2,2]> (x, w) }",
            w=random(2, 3, 3, 3),
        ),
        "too few channels",
    ),
    "scale_to_normalization": (
        made(
            "(float[1,3,5,7] x) => (float[1,3,5,7] y) { y = Mul (x, s) }",
            s=np.array(0.3, np.float32),
        ),
        "alike",
    ),
    "share_results": (
        made(
            "(float[2,3] x) => (float[2,3] y, float[2,3] z) { y = Exp (x)  z = Exp (x) }",
        ),
        "output of the net",
    ),
    "shuffle_transposed_conv": (
        made(
            """(float[1,2,4,4] x) => (float[1,3,9,9] y) {
                y = ConvTranspose <strides=[2,2]> (x, w)
            }""",
            w=random(2, 3, 3, 3),
        ),
        "no multiple of its strides",
    ),
    "sink_transposes": (
        made(
            """(float[1,3,2,4] x) => (float[2,12] y) {
                t = Transpose <perm=[0,2,3,1]> (x)  y = Reshape (t, s)
            }""",
            s=integers(2, 12),
        ),
        "goes past a Reshape",
    ),
    "spell_gelu": (
        made("(float[2,3] x) => (float[2,3] y) { y = Erf (x) }"),
        "in no GELU",
    ),
    "spell_powers": (
        made(
            "(float[2,3] x) => (float[2,3] y) { y = Pow (x, p) }",
            p=np.array(7, np.float32),
        ),
        "whole number",
    ),
    "subsample_once": (
        made(
            """(float[1,3,6,6] x) => (float[1,3,3,3] y) {
                y = Conv <strides=[2,2], group=3> (x, w)
            }""",
            w=random(3, 1, 1, 1),
        ),
        "groups",
    ),
    "topk_to_ranks": (
        made(
            "(float[1,9000] x) => (float[1,3] y) { y, i = TopK (x, k) }",
            k=integers(3),
        ),
        "longer than the rest",
    ),
}


@pytest.mark.parametrize(("name", "make", "word"), [(n, *case) for n, case in REASONS.items()])
def test_the_reason_is_given(name: str, make: Make, word: str) -> None:
    """Nothing changes, and one reason names the obstacle."""
    model = make()
    with listening() as found:
        assert PASSES[name](model) == 0
    assert len(found) == 1
    assert word in found[0].reason


def test_a_node_that_is_no_candidate_has_no_reason() -> None:
    """Else every product of a net would be listed."""
    model = graph("(float[2,3] x, float[2,3] z) => (float[2,3] y) { y = Mul (x, z) }")
    for one in PASSES.values():
        with listening() as found:
            one(model)
        assert found == [], one
