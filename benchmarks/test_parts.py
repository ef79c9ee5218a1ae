"""The runtime's own parts, and each pass of the compiler, on one small model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import onnx_ir as ir
import pytest

import keras2cv
from keras2cv.net.engines import OPTIONS
from keras2cv.pixels.preprocess import Preprocessor
from keras2cv_export.passes import pipeline
from keras2cv_export.passes.fixpoint import name_of

MODEL = "MobileNetV2"
FRAME = np.random.default_rng(1).integers(0, 256, (720, 1280, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def small(export_model: Callable[[str, int], Any]) -> Any:
    """Return the small model, exported."""
    return export_model(MODEL, 1)


def test_preprocessing(benchmark: Any, small: Any) -> None:
    """A camera's frame to the net's input."""
    benchmark.group = "preprocessing, 1280x720 to 224x224"
    rules = keras2cv.load(small.bundle).manifest.preprocessing
    assert rules is not None
    blob = benchmark(Preprocessor(rules), [FRAME])
    assert blob.shape == (1, 3, 224, 224)


def test_preprocessing_of_bare_opencv(benchmark: Any) -> None:
    """What a user writes for the same preset."""
    benchmark.group = "preprocessing, 1280x720 to 224x224"
    mean = (127.5, 127.5, 127.5)
    benchmark(cv2.dnn.blobFromImage, FRAME, 1 / 127.5, (224, 224), mean, swapRB=True)


def test_infer(benchmark: Any, small: Any) -> None:
    """`infer`, Keras' arrays in and out."""
    benchmark.group = "what infer adds"
    model = keras2cv.load(small.bundle)
    x = np.random.default_rng(2).uniform(-1, 1, (1, 224, 224, 3)).astype(np.float32)
    benchmark.pedantic(model.infer, (x,), warmup_rounds=5, rounds=60)


def test_forward_of_bare_opencv(benchmark: Any, small: Any) -> None:
    """The same file in the same engine, with its blob ready; export ran it in a child before."""
    benchmark.group = "what infer adds"
    model = keras2cv.load(small.bundle)
    net = cv2.dnn.readNetFromONNX(str(small.bundle / "model.onnx"), **OPTIONS[model.engine])
    blob = np.random.default_rng(2).uniform(-1, 1, (1, 3, 224, 224)).astype(np.float32)

    def run() -> Any:
        net.setInput(blob)
        return net.forward()

    benchmark.pedantic(run, warmup_rounds=5, rounds=60)


@pytest.mark.parametrize("check_hash", [True, False], ids=["with its sha256", "without"])
def test_load(benchmark: Any, small: Any, check_hash: bool) -> None:
    """A bundle, from the disk to a net that is ready."""
    benchmark.group = "load a bundle"
    benchmark.pedantic(
        lambda: keras2cv.load(small.bundle, check_hash=check_hash), warmup_rounds=1, rounds=10
    )


@pytest.fixture(scope="module")
def converted(small: Any) -> bytes:
    """Return the graph as tf2onnx leaves it, before any pass."""
    from keras2cv_export.graph.layout import blobs_in_and_out
    from keras2cv_export.model.load import load_model
    from keras2cv_export.tracing.capture import trace
    from keras2cv_export.tracing.to_onnx import to_onnx

    traced = trace(load_model(small.keras_model))
    model = to_onnx(traced)
    names = [spec.name for spec in traced.output_specs]
    blobs_in_and_out(model, [small.keras_model.inputs[0].name], names)
    return bytes(ir.to_proto(model).SerializeToString())


PASSES = pipeline()[0]


@pytest.mark.parametrize(
    "number", range(len(PASSES)), ids=[f"{i:02}-{name_of(p)}" for i, p in enumerate(PASSES)]
)
def test_pass(benchmark: Any, converted: bytes, number: int) -> None:
    """One pass on the graph that those before it leave, once each."""
    import onnx

    benchmark.group = f"passes on {MODEL}"
    before = ir.from_proto(onnx.ModelProto.FromString(converted))
    for one in PASSES[:number]:
        one(before)
    kept = ir.to_proto(before).SerializeToString()

    def fresh() -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (ir.from_proto(onnx.ModelProto.FromString(kept)),), {}

    benchmark.pedantic(PASSES[number], setup=fresh, rounds=3)
