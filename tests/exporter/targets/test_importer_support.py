"""Nodes that OpenCV cannot run are listed, all of them, with their Keras layers."""

from __future__ import annotations

import onnx_ir as ir
import pytest

from keras2cv.errors import UnsupportedError
from keras2cv_export.targets.importer_support import (
    RULES,
    examine,
    layer_of,
    oldest,
    require_supported,
    unsupported,
)
from keras2cv_export.targets.importer_support.measured import FORMS
from keras2cv_export.targets.target import Target
from support.small_graphs import graph, integers

LOOP = """(float[2,3] x) => (float[2,3] y) {
    a = Exp (x)
    n = NonZero (a)
    y = Relu (a)
}"""


def test_a_graph_of_known_ops_has_nothing_to_list() -> None:
    """Even if OpenCV refuses it later."""
    model = graph(
        "(float[2,3] x) => (float[3,2] y) { a = Exp (x)  y = Transpose <perm=[1,0]> (a) }"
    )
    assert unsupported(model, Target()) == []
    require_supported(model, Target.parse())


def test_ops_without_a_fixed_size_are_listed_with_their_layer() -> None:
    """With the reason, and a cure."""
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
    """The user sees everything that is missing, not just the first."""
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


def top_k_graph() -> ir.Model:
    """Return a graph that OpenCV runs from 4.12 on: it has TopK, and then something plain."""
    return graph(
        "(float[2,7] x) => (float[2,3] y) { v, i = TopK <axis=-1> (x, k)  y = Relu (v) }",
        k=integers(3),
    )


def cubic_graph() -> ir.Model:
    """Return a graph that the new engine alone runs."""
    return graph(
        """(float[1,3,5,7] x) => (float[1,3,8,11] y) {
            y = Resize <mode="cubic"> (x, , , sizes)
        }""",
        sizes=integers(1, 3, 8, 11),
    )


@pytest.mark.parametrize(
    ("opencv", "engine", "refused"),
    [
        ("4.6", None, True),
        ("4.10", None, True),
        ("4.11", None, True),
        ("4.12", None, False),
        ("5.0", "classic", False),
        (None, None, False),
    ],
)
def test_a_version_that_was_asked_for_must_run_everything(
    opencv: str | None, engine: str | None, refused: bool
) -> None:
    """And where none was, the newest must."""
    target = Target.parse(opencv, engine)
    assert bool(unsupported(top_k_graph(), target)) is refused
    if refused:
        with pytest.raises(UnsupportedError, match=r"OpenCV 4\.\d+ and newer cannot run 1 op"):
            require_supported(top_k_graph(), target)


@pytest.mark.parametrize(
    ("opencv", "engine", "refused"),
    [
        ("5.0", None, True),  # both engines
        ("5.0", "classic", True),
        ("5.0", "new", False),
        (None, None, False),
        (None, "classic", True),
        (None, "new", False),
    ],
)
def test_an_engine_that_was_asked_for_must_run_everything(
    opencv: str | None, engine: str | None, refused: bool
) -> None:
    """And where none was, one must."""
    assert bool(unsupported(cubic_graph(), Target.parse(opencv, engine))) is refused


def test_a_reason_says_who_and_what_to_aim_at() -> None:
    """It names the versions, and the first that runs the node."""
    (found,) = unsupported(top_k_graph(), Target())
    assert found.importers == ("4.6", "4.8", "4.10")
    assert str(found) == (
        "TopK in layer_0: it has no such op (OpenCV 4.6 to 4.10). "
        "Aim at a newer OpenCV with --opencv 4.12, or replace the layer."
    )
    (found,) = unsupported(cubic_graph(), Target())
    assert "--opencv 5.0 --engine new" in found.hint


@pytest.mark.parametrize(
    ("asked", "opencv", "note"),
    [
        (None, "4.12", "It needs OpenCV 4.12 or newer: TopK in layer_0, "),
        ("4.14", "4.14", None),
    ],
)
def test_the_oldest_that_runs_a_graph(asked: str | None, opencv: str, note: str | None) -> None:
    """With the nodes that the version before cannot run; never older than requested."""
    found = oldest(examine(top_k_graph()), Target.parse(asked))
    assert (found.opencv, found.classic) == (opencv, True)
    assert [one.startswith(str(note)) for one in found.notes] == [True] * (note is not None)


def test_a_graph_that_one_engine_alone_runs_says_so() -> None:
    """The other engine is in every OpenCV before."""
    found = oldest(examine(cubic_graph()), Target.parse())
    assert (found.opencv, found.classic) == ("5.0", False)
    assert found.notes[0].startswith("It needs OpenCV 5.0 or newer, new engine: Resize in layer_0")


def test_a_plain_graph_runs_on_all() -> None:
    """And there are no notes."""
    model = graph("(float[2,3] x) => (float[2,3] y) { y = Relu (x) }")
    found = oldest(examine(model), Target.parse())
    assert (found.opencv, found.notes, found.classic) == ("4.6", (), True)


def test_a_node_without_a_scope_is_placed_by_its_neighbours() -> None:
    """The conversion makes nodes up, and calls them Where__8531."""
    model = graph(LOOP)
    model.graph[1].name = "NonZero__8531"
    (found,) = unsupported(model, Target())
    assert found.layer == "layer_0"
