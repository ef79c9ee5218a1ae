"""Files with smaller weights, held to float32's tolerance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from shutil import copytree
from typing import Any

import keras
import numpy as np
import onnx
import pytest
from keras import layers
from onnx import numpy_helper

from conformance import randomize
from keras2cv.bundle.reading import read_bundle
from keras2cv.bundle.writing import write_manifest
from keras2cv_export import check, export

Edit = Callable[[onnx.GraphProto], None]


def unet() -> keras.Model:
    """Return a small U-Net that tells two classes of pixels apart."""
    x = keras.Input((32, 40, 3))
    a = layers.Conv2D(16, 3, padding="same", activation="relu")(x)
    b = layers.Conv2D(32, 3, padding="same", activation="relu")(layers.MaxPooling2D()(a))
    c = layers.Concatenate()([layers.UpSampling2D()(b), a])
    c = layers.Conv2D(16, 3, padding="same", activation="relu")(c)
    model = keras.Model(x, layers.Conv2D(2, 1, activation="softmax")(c))
    drawn = np.random.default_rng(3).uniform(-1, 1, (8, 32, 40, 3)).astype(np.float32)
    keras.utils.set_random_seed(3)
    return randomize(model, 3, [drawn])


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[keras.Model, Path]:
    """Return the model, and its bundle with weights in bytes."""
    model, bundle = unet(), tmp_path_factory.mktemp("stored") / "unet.cv"
    report = export(model, bundle, preprocess="tf", task="segment", weights="int8")
    assert report.manifest.status == "verified"
    return model, bundle


def test_a_segmentation_in_bytes_passes_in_check_too(stored: tuple[keras.Model, Path]) -> None:
    """It was inconclusive against the tolerance of bytes. The cost is a note."""
    model, bundle = stored
    report = check(bundle, against=model)
    assert (report.parity.verdict, str(report.parity.tolerance)) == ("pass", "fp32")
    assert any("The cost of the stored weights" in note for note in report.notes)


def moved_byte(graph: onnx.GraphProto) -> None:
    """Move one number of a kernel by a few steps."""
    _change(graph, "int8", 5)


def moved_bias(graph: onnx.GraphProto) -> None:
    """Move the last bias, which is stored in float32."""
    convolution = [node for node in graph.node if node.op_type == "Conv"][-1]
    _change(graph, convolution.input[2], 0.03)


def _change(graph: onnx.GraphProto, name: str, add: Any) -> None:
    tensor = next(one for one in graph.initializer if one.name.endswith(name))
    array = numpy_helper.to_array(tensor).copy()
    array.reshape(-1)[0] += np.array(add, array.dtype) * (-1 if array.reshape(-1)[0] > 0 else 1)
    tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


@pytest.mark.parametrize("edit", [moved_byte, moved_bias])
def test_one_number_that_was_moved_fails(
    stored: tuple[keras.Model, Path], edit: Edit, tmp_path: Path
) -> None:
    """Though far below the tolerance of bytes."""
    model, bundle = stored
    folder = tmp_path / "edited.cv"
    copytree(bundle, folder)
    proto = onnx.load(folder / "model.onnx")
    edit(proto.graph)
    content = proto.SerializeToString()
    (folder / "model.onnx").write_bytes(content)
    manifest = read_bundle(folder, check_hash=False).manifest
    record = replace(
        manifest.model, sha256=sha256(content).hexdigest(), size_bytes=str(len(content))
    )
    write_manifest(folder, manifest.replace(model=record))
    assert check(folder, against=model).parity.verdict == "fail"
