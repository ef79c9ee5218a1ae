"""Forms that the registry calls removed are gone from the graphs of the measurement."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import onnx
import onnx_ir as ir
import pytest

from campaigns.importers import measure
from campaigns.importers.faults import faults
from campaigns.importers.forms import forms
from campaigns.importers.plain import plain
from campaigns.importers.probe import Probe
from keras2cv.errors import MissingDependency
from keras2cv_export.passes import STAGES, pipeline
from keras2cv_export.passes.fixpoint import rewrite
from keras2cv_export.targets.importer_support import RULES
from keras2cv_export.targets.importer_support.measured import OPS
from keras2cv_export.targets.target import Target

pytest.importorskip("onnxruntime")

OPSET = 13  # of every graph that a model is converted to
REMOVED = {word for rows in STAGES for row in rows for word in row.removes}
PROBES = [
    item
    for item in (*plain(), *forms(), *faults())
    if item.about in REMOVED and item.model.opset_import[0].version >= OPSET
]
# Right, though ONNX Runtime gives other numbers for the original graph.
OTHERWISE = {
    "partial scales": "the size is what Keras was given, and the scales follow from it",
    "cubic": "distances are rounded as TensorFlow does",
    "IsNaN": "the answer is known, and a net without layers is refused",
    "IsInf": "the same",
}


def rewritten(item: Probe) -> ir.Model:
    """Return a probe's graph as it is for any OpenCV."""
    model = ir.from_proto(item.model)
    rewrite(model, pipeline(Target()))
    return model


@pytest.mark.parametrize("item", PROBES, ids=lambda item: f"{item.op}-{item.about}")
def test_what_a_pass_removes_is_gone(item: Probe) -> None:
    """Neither the op nor a form that a rule knows is left in the graph."""
    model = rewritten(item)
    left = {rule.name for node in model.graph for rule in RULES if rule.fits(node)}
    left |= {node.op_type for node in model.graph} & OPS.keys()
    assert item.about not in left


def write(folder: Path) -> list[Probe]:
    """Write the rewritten graphs, with ONNX Runtime's outputs of the originals."""
    items = [item for item in PROBES if item.about not in OTHERWISE]
    measure.write(items, folder)
    for number, item in enumerate(items):
        onnx.save(ir.to_proto(rewritten(item)), folder / f"{number}.onnx")
    return items


@pytest.mark.skipif(not cv2.__version__.startswith("5.0"), reason="it has both engines")
def test_the_installed_opencv_runs_them(tmp_path: Path) -> None:
    """Both engines of 5.0, with the numbers of the graph as it was."""
    items = write(tmp_path)
    for engine in ("new", "classic"):
        found = measure._run(Path(sys.executable), tmp_path, engine, len(items))
        for item, error in zip(items, found, strict=True):
            assert isinstance(error, float), (engine, item.about, error)
            assert error <= measure.LIMIT, (engine, item.about)


@pytest.mark.slow
def test_every_opencv_runs_them(tmp_path: Path) -> None:
    """In the environments of `keras2cv matrix`."""
    items = write(tmp_path)
    try:
        outcomes = measure.measure(tmp_path, len(items))
    except MissingDependency as error:
        pytest.skip(str(error))
    found = [(i.about, o) for i, o in zip(items, outcomes, strict=True) if not all(o.values())]
    assert found == []
