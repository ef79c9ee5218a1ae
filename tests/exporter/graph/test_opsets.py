"""The opsets that have a node in a form."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv_export.graph.opsets import newest_opset
from support.small_graphs import graph, graph_at, integers

NEWEST = 17
NUMBER = np.array(0.5, np.float32)
ONE = "(float[2,3,4] x) => (float[2,3,4] y) "
FORMS = {
    "bounds as attributes": (10, "{ y = Clip <min=-1.0, max=1.0> (x) }", 10),
    "bounds as inputs": (13, "{ y = Clip (x, k) }", NEWEST),
    "an op of a later opset": (17, "{ y = LayerNormalization (x, v) }", NEWEST),
    "a softmax along the last axis": (13, "{ y = Softmax <axis=2> (x) }", NEWEST),
    "axes as an attribute": (
        12,
        "{ s = ReduceSum <axes=[2], keepdims=1> (x)  y = Add (s, x) }",
        12,
    ),
    "a number of another type": (13, "{ y = Pow (x, i) }", NEWEST),
}


@pytest.mark.parametrize(("opset", "text", "newest"), FORMS.values(), ids=FORMS)
def test_the_newest_opset_with_a_form_is_found(opset: int, text: str, newest: int) -> None:
    """It has the attributes, the inputs and their types."""
    vector = np.ones(4, np.float32)
    model = graph_at(opset, ONE + text, k=NUMBER, v=vector, i=np.array(2, np.int32))
    assert newest_opset(model.graph, NEWEST) == newest


@pytest.mark.parametrize(
    ("text", "opset"),
    [
        ("{ y = Softmax <axis=2> (x) }", 10),
        ("{ y = Softmax <axis=1> (x) }", None),
        ("{ y = Softmax (x) }", None),
        ("{ y = Concat <axis=0> (x) }", 10),
        ("{ y = Concat <axis=-3> (x) }", None),
        ("{ b = Equal (x, k)  y = Cast <to=1> (b) }", None),
        ("{ y = Clip (x, k) }", None),
        ("{ y = Slice (x, s, e, a) }", 10),
        ("{ y = Slice (x, s, e, n) }", None),
    ],
)
def test_what_opset_10_lacks_or_means_otherwise(text: str, opset: int | None) -> None:
    """Softmax was over all later axes, axes were not negative, Equal compared integers only."""
    indices = {"s": integers(0), "e": integers(4), "a": integers(2), "n": integers(-1)}
    assert newest_opset(graph(ONE + text, k=NUMBER, **indices).graph, 10) == opset


def test_the_opset_is_that_of_all_nodes() -> None:
    """One with bounds as attributes and a negative axis are in none."""
    text = "{ c = Clip <min=0.0> (x)  y = Concat <axis=-1> (c) }"
    assert newest_opset(graph_at(10, ONE + text).graph, NEWEST) is None
