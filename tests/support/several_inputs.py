"""A bundle of an image and a vector, small enough to be computed by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from onnx.helper import make_node

from keras2cv.bundle.manifest import InputTensor, OutputTensor, Task
from keras2cv.bundle.writing import write_bundle
from support.tiny_bundle import HEIGHT, WIDTH, Classifier, manifest_of, net, npz

MATRIX = np.random.default_rng(1).normal(size=(4, 3)).astype(np.float32)


def write_sum(folder: Path, batch: int) -> Path:
    """Write a bundle that adds the image's mean colour, times MATRIX, to a vector of four."""
    nodes = [
        make_node("GlobalAveragePool", ["image"], ["mean"]),
        make_node("Flatten", ["mean"], ["flat"], axis=1),
        make_node("Gemm", ["flat", "matrix", "zero"], ["mixed"], transB=1),
        make_node("Add", ["mixed", "vector"], ["sum"]),
    ]
    image, vector = (batch, 3, HEIGHT, WIDTH), (batch, 4)
    weights = {"matrix": MATRIX, "zero": np.zeros(4, np.float32)}
    model = net(nodes, {"image": image, "vector": vector}, {"sum": vector}, weights)
    base = Classifier(batch).manifest()
    manifest = manifest_of(
        model,
        inputs=(InputTensor("facts", "vector", vector, vector, "same", "float32"), *base.inputs),
        outputs=(OutputTensor("y", "sum", vector, vector, "same", "float32", batched=True),),
        task=Task("regress", "y"),
        preprocessing=base.preprocessing,
        batch=batch,
    )
    write_bundle(folder, manifest, {"model.onnx": model, "selftest.npz": npz({"x": np.ones(1)})})
    return folder


def expected_sum(image: Any, vector: Any) -> Any:
    """Return the model's output, computed by numpy."""
    x = cv2.resize(image, (WIDTH, HEIGHT))[..., ::-1].astype(np.float64) / 127.5 - 1
    return x.mean(axis=(0, 1)) @ MATRIX.T + vector
