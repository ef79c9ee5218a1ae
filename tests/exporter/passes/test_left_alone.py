"""The output of `--explain` about nodes that passes left alone."""

from __future__ import annotations

from keras2cv_export.graph.misses import Miss
from keras2cv_export.passes.fixpoint import rewrite
from keras2cv_export.passes.left_alone import LeftAlone, grouped
from keras2cv_export.passes.optimise.fold_scale_into_conv import fold_scale_into_conv
from keras2cv_export.passes.optimise.merge_reshapes import merge_reshapes
from support.small_graphs import graph, integers, random

TWICE = "what the layer before it gives is read elsewhere too"


def test_the_reason_names_pass_and_layer() -> None:
    """A convolution that two nodes read keeps its scale."""
    model = graph(
        """(float[1,3,5,7] x) => (float[1,2,5,7] y, float[1,2,5,7] z) {
            c = Conv (x, w)  y = Mul (c, s)  z = Relu (c)
        }""",
        w=random(2, 3, 1, 1),
        s=random(2, 1, 1),
    )
    missed: dict[str, list[Miss]] = {}
    assert not rewrite(model, [fold_scale_into_conv], missed)
    (found,) = grouped(missed)
    assert found == LeftAlone("fold_scale_into_conv", TWICE, 1, ("layer_1",))
    assert str(found) == f"   1 x  fold_scale_into_conv: {TWICE} (layer_1)"


def test_what_is_rewritten_in_the_end_is_not_listed() -> None:
    """The last round counts: by then nothing stands in the way."""
    model = graph(
        "(float[2,3] x) => (float[6] y) { a = Reshape (x, s)  y = Reshape (a, t) }",
        s=integers(3, 2),
        t=integers(6),
    )
    missed: dict[str, list[Miss]] = {}
    assert rewrite(model, [merge_reshapes], missed) == {"merge_reshapes": 1}
    assert grouped(missed) == ()


def test_alike_ones_are_counted_and_the_first_layers_named() -> None:
    """Each layer once, in the graph's order."""
    nodes = ["m/a/Mul", "m/a/Add", "m/b/Mul", "m/c/Mul", "m/d/Mul", "m/e/Mul"]
    missed = {"quiet": [], "one": [Miss("m/z/Mul", "far")], "two": [Miss(n, "near") for n in nodes]}
    one, two = grouped(missed)
    assert (one.name, one.count, one.layers) == ("one", 1, ("m/z",))
    assert str(two) == "   6 x  two: near (m/a, m/b, m/c and 2 more)"
