"""Files that older OpenCVs refuse, read by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from keras2cv.bundle.onnx_file import check_onnx, follow_onnx
from keras2cv.errors import MissingDependency
from keras2cv.isolation import Entry, Limits, run_once
from keras2cv.net.engines import ENGINES
from keras2cv.net.opencv import version_tuple
from keras2cv_export import export
from keras2cv_export.formats.refusal import FORMS, refuse_older
from keras2cv_export.matrix.environment import Environments
from support import read_by_hand
from support.opencv_process import in_process
from support.pass_checks import onnx_numbers
from support.small_graphs import graph

VERSIONS = tuple(".".join(map(str, form.since)) for form in reversed(FORMS))
READERS = ("4.6", "4.8", "4.9", "4.10", "4.12", "4.14", "5.0")
GRAPHS = {
    "a small output": """(float[2,7] x) => (float[2,1] y) {
        r = Relu(x)
        y = ReduceMean <axes = [1]> (r)
    }""",
    "a small input": "(float[2,7] x) => (float[2,21] y) { y = Concat<axis=1>(x, x, x) }",
    "an output that is read": """(float[2,7] x) => (float[2,7] y, float[2,7] z) {
        y = Relu(x)
        z = Exp(y)
    }""",
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", GRAPHS)
def test_the_file_computes_the_same(name: str, version: str) -> None:
    """It is valid ONNX, its inputs and outputs keep their names, and no number changes."""
    model = graph(GRAPHS[name])
    before = onnx_numbers(ir.to_proto(model))
    assert refuse_older(model, version)
    after = ir.to_proto(model)
    onnx.checker.check_model(after, full_check=True)
    for found in (onnx_numbers(after), *(in_process(after, engine) for engine in ENGINES)):
        for key, expected in before.items():
            np.testing.assert_allclose(found[key], expected, rtol=1e-6)


def test_what_every_opencv_reads_stays_as_it_is() -> None:
    """So does a graph in which no node takes a float, and one of an opset without such a node."""
    model = graph(GRAPHS["a small output"])
    assert not refuse_older(model, "4.6")
    assert not refuse_older(model, "4.7")
    model.opset_imports[""] = 8
    assert not refuse_older(model, "5.0")
    assert not refuse_older(graph("(int64[2] x) => (int64[2] y) { y = Abs(x) }"), "5.0")


@pytest.mark.parametrize("version", VERSIONS)
def test_the_runtime_knows_the_form(version: str) -> None:
    """A file for a newer OpenCV needs no trial for it."""
    model = graph(GRAPHS["a small output"])
    assert refuse_older(model, version)
    data = ir.to_proto(model).SerializeToString()
    check_onnx(data)
    assert follow_onnx(data, {"x": (2, 7)}).unknown is None


@pytest.mark.parametrize(
    "reader",
    [v if v in ("4.6", "4.8") else pytest.param(v, marks=pytest.mark.slow) for v in READERS],
)
def test_older_opencvs_refuse_the_file(reader: str, tmp_path: Path) -> None:
    """Those that it is for read it."""
    try:
        environments = Environments()
        python = environments.prepare(environments.resolve(reader)).python
    except MissingDependency as error:
        pytest.skip(f"no environment with OpenCV {reader} can be made here: {error}")
    paths = {}
    for version in VERSIONS:
        model = graph(GRAPHS["a small output"])
        assert refuse_older(model, version)
        paths[version] = str(tmp_path / f"{version}.onnx")
        onnx.save(ir.to_proto(model), paths[version])
    entry = Entry(f"{Path(read_by_hand.__file__).resolve()}:answer", (), str(python))
    found = run_once(entry, {"paths": list(paths.values())}, Limits(120.0))
    for version, path in paths.items():
        older = version_tuple(reader) < version_tuple(version)
        assert found[path] == ("refuses" if older else "reads"), version


def test_an_export_for_a_newer_opencv_has_it(tmp_path: Path) -> None:
    """The portable file does not."""
    keras = pytest.importorskip("keras")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    for opencv, ops in ((None, 0), ("4.10", 1)):
        export(model, tmp_path / "net.cv", task="raw", opencv=opencv, check=False)
        file = onnx.load(tmp_path / "net.cv" / "model.onnx")
        assert [node.op_type for node in file.graph.node].count("Mod") == ops
