"""Listening to the reasons of passes that leave nodes alone."""

from __future__ import annotations

from keras2cv_export.graph.misses import listening, miss
from support.small_graphs import graph


def test_a_miss_is_no_change_whether_anybody_listens_or_not() -> None:
    """A pass returns it as its count."""
    node = graph("(float[2] x) => (float[2] y) { y = Relu (x) }").graph[0]
    assert miss(node, "it is alone") == 0
    with listening() as found:
        assert miss(node, "it is alone") == 0
    assert found == [("layer_0/Relu", "it is alone")]
    miss(node, "nobody listens any more")
    assert len(found) == 1


def test_a_listener_within_another_has_its_own() -> None:
    """The outer one goes on after it."""
    node = graph("(float[2] x) => (float[2] y) { y = Relu (x) }").graph[0]
    node.name = None
    with listening() as outer:
        with listening() as inner:
            miss(node, "inside")
        miss(node, "outside")
    assert [m.reason for m in inner] == ["inside"]
    assert outer == [("Relu", "outside")]
