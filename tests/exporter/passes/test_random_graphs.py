"""The whole pipeline keeps the numbers of graphs that nobody thought of."""

from __future__ import annotations

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from keras2cv.net.engines import ENGINES
from keras2cv_export.passes import pipeline
from keras2cv_export.passes.fixpoint import rewrite
from keras2cv_export.targets.target import Target
from support.opencv_process import in_process
from support.pass_checks import onnx_numbers
from support.random_graphs import random_graph
from support.small_graphs import Array

TARGETS = {"any OpenCV": Target(), "5.0": Target((5, 0)), "5.0's new engine": Target((5, 0), "new")}
# Sums of a few dozen numbers of both signs, through up to five ops.
LIMIT = 5e-5


def rewritten(model: onnx.ModelProto, target: Target) -> onnx.ModelProto:
    """Return the graph after the pipeline."""
    graph = ir.from_proto(model)
    rewrite(graph, pipeline(target))
    return ir.to_proto(graph)


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
@pytest.mark.parametrize("seed", range(30))
def test_random_graphs_keep_their_numbers(seed: int, target: Target) -> None:
    """Under ONNX's own rules, and in each engine of the OpenCV at hand that the target names."""
    before = random_graph(seed, size=1 + seed % 5)
    expected = onnx_numbers(before)
    assert all(np.isfinite(wanted).all() for wanted in expected.values())
    after = rewritten(before, target)
    assert [i.name for i in after.graph.input] == [i.name for i in before.graph.input]
    assert_alike(onnx_numbers(after), expected, "onnxruntime")
    for engine in ENGINES if target.engine == "any" else ("new",):
        assert_alike(in_process(after, engine), expected, engine)


def assert_alike(found: dict[str, Array], expected: dict[str, Array], who: str) -> None:
    """Check that numbers agree, relative to the largest."""
    assert found.keys() == expected.keys()
    for name, wanted in expected.items():
        error = np.abs(found[name].reshape(wanted.shape) - wanted).max()
        assert error <= LIMIT * max(float(np.abs(wanted).max()), 0.1), (who, name)
