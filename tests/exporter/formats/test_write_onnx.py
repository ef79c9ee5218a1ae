"""Writing an ONNX file weight by weight gives the same message, whatever its content."""

from __future__ import annotations

import hashlib
import tracemalloc
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from keras2cv_export.formats.write_onnx import write_onnx
from support.small_graphs import Array, graph, integers, random

TEXT = """(float[2,37] x) => (float[2,1480] y) {
    a = Gemm <transB = 1> (x, w, b)
    c = Cast <to = 1> (h)
    d = Mul (a, c)
    e = Add (d, s)
    y = Reshape (e, t)
}"""


def model_of(wide: Array) -> ir.Model:
    """Return a model with weights of several types, large and small, one without axes."""
    half = np.arange(1480, dtype=np.float16)
    return graph(
        TEXT, w=wide, b=random(1480), h=half, s=np.array(0.5, np.float32), t=integers(2, 1480)
    )


@pytest.mark.parametrize("turned", [False, True], ids=["as it lies", "turned"])
def test_the_file_is_the_message_that_onnx_writes(tmp_path: Path, turned: bool) -> None:
    """Field by field, once weights are in one order; a transposed weight is written as it reads."""
    model = model_of(random(37, 1480).T if turned else random(1480, 37))
    if turned:
        value = model.graph.initializers["w"]
        value.const_value = ir.tensor(random(37, 1480).T, name="w")
    write_onnx(model, tmp_path / "model.onnx")
    written, expected = onnx.load(tmp_path / "model.onnx"), ir.to_proto(model)
    for proto in (written, expected):
        proto.graph.initializer.sort(key=lambda tensor: tensor.name)
    assert written == expected
    onnx.checker.check_model(written, full_check=True)


def test_the_hash_is_the_files(tmp_path: Path) -> None:
    """It is taken while the file is written, of weights of any type and order."""
    model = model_of(random(37, 1480).T)
    written = write_onnx(model, tmp_path / "model.onnx")
    assert written == hashlib.sha256((tmp_path / "model.onnx").read_bytes()).hexdigest()


def test_the_model_is_as_it_was(tmp_path: Path) -> None:
    """Weights are taken out for a moment only."""
    model = model_of(random(1480, 37))
    before = ir.to_proto(model).SerializeToString()
    write_onnx(model, tmp_path / "model.onnx")
    assert ir.to_proto(model).SerializeToString() == before


def test_no_second_copy_of_the_weights_is_made(tmp_path: Path) -> None:
    """The memory allocated meanwhile is small beside the weights."""
    model = graph(
        "(float[2,4000] x) => (float[2,1000] y) { y = Gemm <transB = 1> (x, w) }",
        w=random(1000, 4000),
    )
    model.graph.initializers["w"].const_value = ir.tensor(random(1000, 4000), name="w")
    tracemalloc.start()
    try:
        write_onnx(model, tmp_path / "model.onnx")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (tmp_path / "model.onnx").stat().st_size > 16e6
    assert peak < 1e6
