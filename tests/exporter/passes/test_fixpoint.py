"""Running passes to a fixpoint, and naming the one that failed."""

from __future__ import annotations

import onnx_ir as ir
import pytest

from keras2cv_export.graph.edit import drop, new_node, nodes, replace
from keras2cv_export.passes import STAGES, pipeline
from keras2cv_export.passes.fixpoint import MAX_ROUNDS, PassError, rewrite
from keras2cv_export.passes.stages.legalise import LEGALISE
from support.small_graphs import graph


def relus() -> ir.Model:
    """Return five Relus in a row."""
    return graph(
        "(float[2,3] x) => (float[2,3] y) "
        "{ a = Relu (x)  b = Relu (a)  c = Relu (b)  d = Relu (c)  y = Relu (d) }"
    )


def replace_first_relu(model: ir.Model) -> int:
    """Turn one Relu into Abs; the next round finds the next."""
    for node in nodes(model, "Relu")[:1]:
        output = node.outputs[0]
        replace(output, new_node(node, "Abs", [node.inputs[0]], like=output))
        drop(node)
        return 1
    return 0


def turn_abs_to_exp(model: ir.Model) -> int:
    """Turn each Abs into Exp."""
    found = nodes(model, "Abs")
    for node in found:
        output = node.outputs[0]
        replace(output, new_node(node, "Exp", [node.inputs[0]], like=output))
        drop(node)
    return len(found)


def never_fires(model: ir.Model) -> int:
    """Find nothing."""
    return 0


def always_fires(model: ir.Model) -> int:
    """Claim a change in every round."""
    return 1


def fails(model: ir.Model) -> int:
    """Fail."""
    raise KeyError("axis")


def test_rounds_go_on_until_nothing_changes() -> None:
    """A pass that makes one change per run is called until none is left."""
    model = relus()
    assert rewrite(model, [replace_first_relu]) == {"replace_first_relu": 5}
    assert not nodes(model, "Relu")


def test_what_one_pass_makes_another_finds() -> None:
    """Passes run in their order, in every round."""
    model = relus()
    fired = rewrite(model, [turn_abs_to_exp, replace_first_relu])
    assert fired == {"turn_abs_to_exp": 5, "replace_first_relu": 5}
    assert [node.op_type for node in model.graph] == ["Exp"] * 5


def test_passes_that_never_fired_are_not_listed() -> None:
    """The counts are of changes, not of attempts."""
    assert set(rewrite(relus(), [never_fires, replace_first_relu])) == {"replace_first_relu"}


def test_an_empty_pipeline_changes_nothing() -> None:
    """No passes, no changes."""
    assert not rewrite(relus(), [])


def test_a_failing_pass_is_named_with_those_before_it() -> None:
    """A crash inside a pass names it, and the passes that had run by then."""
    with pytest.raises(PassError, match=r"fails failed: 'axis'.*replace_first_relu': 1") as caught:
        rewrite(relus(), [replace_first_relu, fails])
    assert isinstance(caught.value.__cause__, KeyError)


def test_a_pipeline_that_does_not_settle_is_stopped() -> None:
    """Two passes that undo each other would run for ever."""
    with pytest.raises(PassError, match=rf"does not settle.*always_fires': {MAX_ROUNDS}\b"):
        rewrite(relus(), [always_fires])


def test_the_pipeline_prepares_and_optimises_before_it_legalises() -> None:
    """No pass is twice in a stage, and each has the name of its own file."""
    stages = pipeline()
    assert len(stages) == len(STAGES)
    assert set(stages[2]) == {row.run for row in LEGALISE}  # for any OpenCV: all of them
    for stage in stages:
        assert len(set(stage)) == len(stage)
        assert all(one.__module__.rpartition(".")[2] == one.__name__ for one in stage)
