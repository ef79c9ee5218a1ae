"""What OpenCV cannot run is listed, all of it, with the Keras layers that it came from."""

from __future__ import annotations

import pytest

from keras2cv.errors import UnsupportedError
from keras2cv_export.support import RULES, layer_of, require_supported, unsupported
from keras2cv_export.support.measured import FORMS
from keras2cv_export.target import Target
from small_graphs import graph, integers

LOOP = """(float[2,3] x) => (float[2,3] y) {
    a = Exp (x)
    n = NonZero (a)
    y = Relu (a)
}"""


def test_a_graph_of_known_ops_has_nothing_to_list() -> None:
    """Whatever OpenCV may still say of them."""
    model = graph(
        "(float[2,3] x) => (float[3,2] y) { a = Exp (x)  y = Transpose <perm=[1,0]> (a) }"
    )
    assert unsupported(model, Target()) == []
    require_supported(model, Target.parse())


def test_ops_without_a_fixed_size_are_listed_with_their_layer() -> None:
    """With what they are, and what to do."""
    (found,) = unsupported(graph(LOOP), Target.parse())
    assert (found.op, found.layer) == ("NonZero", "layer_1")
    assert str(found) == (
        "NonZero in layer_1: a result without a fixed size. "
        "Cut the model before it, and do that part outside."
    )


@pytest.mark.parametrize("domain", ["", "ai.onnx.contrib"])
def test_ops_that_the_conversion_did_not_know_are_listed(domain: str) -> None:
    """They stay in the graph under TensorFlow's names, in ONNX's own domain or another."""
    model = graph("(float[2,3] x) => (float[2,3] y) { a = Exp (x)  y = Relu (a) }")
    node = model.graph[0]
    node.op_type, node.domain, node.name = "StatelessRandomNormalV2", domain, "net/noise/Normal"
    (found,) = unsupported(model, Target.parse())
    assert (found.op, found.layer) == ("StatelessRandomNormalV2", "net/noise")
    assert "tf2onnx has no conversion" in found.why


def test_an_op_of_another_domain_is_not_taken_for_onnx_own() -> None:
    """Though it has the name of one."""
    model = graph("(float[2,3] x) => (float[2,3] y) { y = Relu (x) }")
    model.graph[0].domain = "ai.onnx.contrib"
    assert len(unsupported(model, Target.parse())) == 1


def test_all_of_them_are_raised_at_once() -> None:
    """A user wants to know how much is missing, not what is missing first."""
    model = graph(LOOP, unread=integers(1))
    model.graph[0].op_type = "Betainc"
    with pytest.raises(UnsupportedError, match="cannot run 2 ops") as caught:
        require_supported(model, Target.parse())
    assert [line.split(":")[0] for line in str(caught.value).splitlines()[1:]] == [
        "  - Betainc in layer_0",
        "  - NonZero in layer_1",
    ]


@pytest.mark.parametrize(
    ("node", "layer"),
    [
        ("model/block/conv/Conv2D", "model/block/conv"),
        ("conv", "conv"),
        ("", "an unnamed layer"),
    ],
)
def test_a_layer_is_the_scope_of_its_node(node: str, layer: str) -> None:
    """TensorFlow writes the path of layers into every node's name."""
    assert layer_of(node) == layer


def test_every_rule_is_measured() -> None:
    """A form without a row in the table would be known to nobody, and a row without a form."""
    assert sorted(rule.name for rule in RULES) == sorted(FORMS)
