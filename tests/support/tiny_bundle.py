"""Bundles small enough to be checked by hand: ONNX nets of a few nodes beside their numpy twins."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from keras2cv.bundle.manifest import (
    Engine,
    InputTensor,
    Manifest,
    Measured,
    Model,
    ModelSource,
    OutputTensor,
    Preprocessing,
    Run,
    Task,
)
from keras2cv.bundle.manifest import Evidence as ManifestEvidence
from keras2cv.bundle.writing import write_bundle

Array = NDArray[Any]

WIDTH, HEIGHT, CLASSES = 12, 9, 5
LABELS = ("cat", "dog", "naïve café", "猫", "a: b, [c]")

RAW = Task("raw")
ANY_ENGINE = Engine("any", fusion=True, winograd=True)


def net(
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, Sequence[int]],
    outputs: Mapping[str, Sequence[int]],
    weights: Mapping[str, Array] = {},
) -> bytes:
    """Return a checked opset-11 ONNX file of float32 `inputs` and `outputs`.

    Args:
        nodes: In order.
        inputs: Name -> shape.
        outputs: Name -> shape.
        weights: Name -> numbers.
    """
    graph = helper.make_graph(
        list(nodes),
        "tiny",
        [helper.make_tensor_value_info(k, TensorProto.FLOAT, v) for k, v in inputs.items()],
        [helper.make_tensor_value_info(k, TensorProto.FLOAT, v) for k, v in outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)])
    model.ir_version = 6
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


@dataclass(frozen=True)
class Classifier:
    """A 1x1 convolution, ReLU, mean over the image, dense layer: logits of `CLASSES` classes."""

    batch: int = 1

    def weights(self) -> dict[str, Array]:
        """Return the four weights: kernel (7, 3), bias (7), matrix (5, 7), offset (5)."""
        rng = np.random.default_rng(7)
        shapes = {"kernel": (7, 3), "bias": (7,), "matrix": (CLASSES, 7), "offset": (CLASSES,)}
        return {k: rng.normal(size=v).astype(np.float32) for k, v in shapes.items()}

    def onnx(self) -> bytes:
        """Return the net: `image` (N, 3, H, W) -> `logits` (N, CLASSES)."""
        weights = self.weights()
        weights["kernel"] = weights["kernel"].reshape(7, 3, 1, 1)
        nodes = [
            helper.make_node("Conv", ["image", "kernel", "bias"], ["conv"], kernel_shape=[1, 1]),
            helper.make_node("Relu", ["conv"], ["relu"]),
            helper.make_node("GlobalAveragePool", ["relu"], ["mean"]),
            helper.make_node("Flatten", ["mean"], ["flat"], axis=1),
            helper.make_node("Gemm", ["flat", "matrix", "offset"], ["logits"], transB=1),
        ]
        return net(
            nodes,
            {"image": (self.batch, 3, HEIGHT, WIDTH)},
            {"logits": (self.batch, CLASSES)},
            weights,
        )

    def __call__(self, image: Array) -> Array:
        """Return the logits (N, CLASSES) float32 of images (N, H, W, 3), computed in float64."""
        w = {k: v.astype(np.float64) for k, v in self.weights().items()}
        relu = np.maximum(image.astype(np.float64) @ w["kernel"].T + w["bias"], 0)
        logits = relu.mean(axis=(1, 2)) @ w["matrix"].T + w["offset"]
        return np.asarray(logits, np.float32)

    def manifest(self) -> Manifest:
        """Return the whole manifest of the net, as a verified classifier of images."""
        image, logits = (self.batch, HEIGHT, WIDTH, 3), (self.batch, CLASSES)
        net_image = (self.batch, 3, HEIGHT, WIDTH)
        return manifest_of(
            self.onnx(),
            inputs=(InputTensor("photo", "image", image, net_image, "NCHW", "float32"),),
            outputs=(OutputTensor("scores", "logits", logits, logits, "same", "float32", True),),
            task=Task("classify", "scores", "logits", LABELS),
            preprocessing=Preprocessing(
                input="photo",
                color="RGB",
                size_wh=(WIDTH, HEIGHT),
                resize="stretch",
                interpolation="linear",
                mean=(127.5, 127.5, 127.5),
                scale=1 / 127.5,
                std=(1.0, 1.0, 1.0),
                source="preset tf",
            ),
            batch=self.batch,
        )

    def selftest(self) -> bytes:
        """Return three different samples and their logits as `selftest.npz`."""
        rng = np.random.default_rng(11)
        arrays: dict[str, Array] = {"tolerance/0": np.float64(1e-4)}
        for index in range(3):
            image = rng.uniform(-1, 1, (1, HEIGHT, WIDTH, 3)).astype(np.float32)
            arrays |= {f"in/{index}/0": image, f"out/{index}/0": self(image)}
        return npz(arrays)

    def write(self, folder: Path) -> Path:
        """Write the bundle to `folder` and return it."""
        files: dict[str, bytes | Path] = {
            "model.onnx": self.onnx(),
            "selftest.npz": self.selftest(),
        }
        write_bundle(folder, self.manifest(), files)
        return folder


def manifest_of(
    model: bytes,
    *,
    inputs: tuple[InputTensor, ...],
    outputs: tuple[OutputTensor, ...],
    task: Task = RAW,
    preprocessing: Preprocessing | None = None,
    batch: int = 1,
    engine: Engine = ANY_ENGINE,
) -> Manifest:
    """Return a verified manifest around the file `model`; the evidence is made up.

    Args:
        model: Bytes of the net's file.
        inputs: Of the net.
        outputs: Of the net.
        task: The kind of results.
        preprocessing: Of the image, if any.
        batch: Samples per run.
        engine: The verified engine.
    """
    measured = tuple(Measured(out.name, "max_abs/max_ref", 1e-4, 1.5e-6) for out in outputs)
    return Manifest(
        schema=1,
        status="verified",
        model=Model(
            "model.onnx", "onnx", hashlib.sha256(model).hexdigest(), str(len(model)), batch, "4.6"
        ),
        inputs=inputs,
        outputs=outputs,
        preprocessing=preprocessing,
        task=task,
        engine=engine,
        evidence=ManifestEvidence(
            "fp32", 4, "pass", (Run("5.0.0", "new", measured),), {"keras2cv": "0.1.0"}
        ),
        source=ModelSource("my_model.h5", "h5", "0123456789abcdef" * 4),
    )


def npz(arrays: Mapping[str, Array]) -> bytes:
    """Return `arrays` as the bytes of an .npz file."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()
