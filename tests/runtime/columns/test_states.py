"""Models that remember: columns go on where the last call ended, or carry the states themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx.helper import make_node

import keras2cv
from keras2cv.batches.array_predictor import ArrayPredictor
from keras2cv.batches.batch_predictor import BatchPredictor
from keras2cv.bundle.manifest import InputTensor, OutputTensor, StateLink
from keras2cv.bundle.writing import write_bundle
from keras2cv.errors import UsageError
from support.tiny_bundle import manifest_of, net, npz

SHAPE = (1, 2)
X = np.array([[1.0, 2.0]], np.float32)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Write a bundle that adds up what it is given."""
    nodes = [make_node("Add", ["x", "held"], ["sum"]), make_node("Relu", ["sum"], ["kept"])]
    shapes = {"x": SHAPE, "held": SHAPE}, {"sum": SHAPE, "kept": SHAPE}
    model = net(nodes, *shapes)
    ins = tuple(InputTensor(n, n, SHAPE, SHAPE, "same", "float32") for n in shapes[0])
    outs = tuple(OutputTensor(n, n, SHAPE, SHAPE, "same", "float32", True) for n in shapes[1])
    manifest = manifest_of(model, inputs=ins, outputs=outs)
    manifest = manifest.replace(states=(StateLink("held", "kept"),))
    files: dict[str, bytes | Path] = {"model.onnx": model, "selftest.npz": npz({"x": X})}
    write_bundle(tmp_path / "sum.cv", manifest, files)
    return tmp_path / "sum.cv"


def test_a_call_goes_on_where_the_last_one_ended(bundle: Path) -> None:
    """Unless the states are columns themselves; then they come back, and nothing is remembered."""
    model = keras2cv.load(bundle)
    assert list(model({"x": X, "id": [7]})) == ["id", "sum"]
    np.testing.assert_array_equal(model({"x": X})["sum"], 2 * X)
    found = model({"x": X, "held": 5 * X, "id": [7]})
    assert list(found) == ["id", "sum", "kept"]
    np.testing.assert_array_equal(found["kept"], 6 * X)
    np.testing.assert_array_equal(model({"x": X})["sum"], 3 * X)


def test_a_cluster_has_no_order_to_remember(bundle: Path) -> None:
    """Its answers would depend on which worker had which batch."""
    with pytest.raises(UsageError, match="remembers earlier batches"):
        BatchPredictor(bundle)
    with pytest.raises(UsageError, match="remembers earlier calls"):
        ArrayPredictor(bundle, None)
