"""Properties of every pass by itself, on random graphs."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest

import keras2cv_export.passes as package
from keras2cv_export.graph.edit import Pass
from keras2cv_export.passes import AFTER_COMPRESS, COMPRESS, pipeline
from keras2cv_export.passes.fixpoint import name_of
from keras2cv_export.targets.target import Target
from support.pass_checks import named_apart, onnx_numbers
from support.random_graphs import random_graph
from support.small_graphs import Array

ROOT = Path(package.__file__).parent
FILES = {
    path.stem: ".".join([package.__name__, *path.relative_to(ROOT).with_suffix("").parts])
    for room in ("compress", "legalise", "optimise")
    for path in sorted((ROOT / room).rglob("*.py"))
    if path.stem != "__init__"
}
PASSES: dict[str, Pass] = {
    name: getattr(import_module(module), name) for name, module in FILES.items()
}
every_pass = pytest.mark.parametrize("one", PASSES.values(), ids=PASSES)

GRAPHS = [random_graph(seed, size=3) for seed in range(100, 112)]
EXPECTED = [onnx_numbers(graph) for graph in GRAPHS]
# A pass may open the way for itself, but not again and again.
MOST_RUNS = 5


def test_each_has_tests_of_its_own() -> None:
    """In a file that is called like it."""
    assert len(FILES) > 50
    here = {path.stem.removeprefix("test_") for path in Path(__file__).parent.rglob("test_*.py")}
    assert FILES.keys() <= here


def test_each_is_in_the_pipeline() -> None:
    """For the oldest or the newest target, or by default; under its file's name."""
    targets = (Target(), Target((5, 0)), Target.parse())
    stages = (*(stage for one in targets for stage in pipeline(one)), *COMPRESS.values())
    stages += (AFTER_COMPRESS,)
    used = {name_of(one) for stage in stages for one in stage}
    assert used == set(FILES)


@every_pass
def test_it_keeps_the_numbers_of_random_graphs(one: Pass) -> None:
    """Whatever it finds, it comes to an end; without a find, nothing has changed."""
    for before, expected in zip(GRAPHS, EXPECTED, strict=True):
        model = ir.from_proto(before)
        if run_out(one, model):
            assert_same(ir.to_proto(model), expected)
        else:
            assert list(ir.to_proto(model).graph.node) == list(before.graph.node)


@every_pass
def test_it_does_without_shapes(one: Pass) -> None:
    """Where no shape is known it changes nothing that needs one, and does not fail."""
    for before, expected in zip(GRAPHS, EXPECTED, strict=True):
        model = ir.from_proto(before)
        for node in model.graph:
            for output in node.outputs:
                if not output.is_graph_output():
                    output.shape = None
        run_out(one, model)
        assert_same(ir.to_proto(model), expected)


def run_out(one: Pass, model: ir.Model) -> int:
    """Run a pass until it finds nothing more; return how often it fired."""
    fired = 0
    for _ in range(MOST_RUNS):
        count = one(model)
        fired += count
        if not count:
            return fired
    raise AssertionError(f"{name_of(one)} does not come to an end")


def assert_same(after: onnx.ModelProto, expected: dict[str, Array]) -> None:
    """Check names and numbers; a number without axes may have been given some."""
    found = onnx_numbers(named_apart(after))
    assert found.keys() == expected.keys()
    for name, wanted in expected.items():
        error = np.abs(found[name].reshape(wanted.shape) - wanted).max()
        assert error <= 2e-5 * max(float(np.abs(wanted).max()), 0.1), name
