"""A bundle predicts as TensorFlow: by predict, raw OpenCV, and a process without Keras."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest
from keras import layers

import keras2cv
from conformance import randomize
from keras2cv.pixels.preprocess import Preprocessor
from keras2cv_export import export
from support.drawn_image import draw_image

Array = np.ndarray[Any, Any]
RUNTIME = Path(keras2cv.__file__).parents[1]


def tensorflow_says(model: keras.Model, images: list[Array]) -> Array:
    """Return the probabilities as tutorials compute them: RGB, resized, -1..1."""
    height, width = model.input_shape[1:3]
    rgb = [cv2.cvtColor(cv2.resize(i, (width, height)), cv2.COLOR_BGR2RGB) for i in images]
    return np.array(model(np.stack(rgb).astype(np.float32) / 127.5 - 1, training=False))


def pictures(count: int) -> list[Array]:
    """Return images of different sizes, none of the model's."""
    return [draw_image(80 + 13 * k, 47 + 9 * k, seed=k) for k in range(count)]


def test_predict_gives_tensorflows_probabilities_with_labels(shapes: Any) -> None:
    """One image, one classification; the labels are in the order of their probabilities."""
    (image,) = pictures(1)
    found = keras2cv.load(shapes.folder).predict(image)
    (expected,) = tensorflow_says(shapes.model, [image])
    assert np.abs(found.scores - expected).max() < 1e-5
    labels = shapes.report.manifest.task.labels
    best = [labels[i] for i in np.argsort(-expected)]
    assert [entry["label"] for entry in found.to_dict()["top"]] == best[
        : len(found.to_dict()["top"])
    ]


@pytest.mark.parametrize("name", ["shapes", "shapes_by_three"])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_predict_takes_any_number_of_images_of_any_size(
    name: str, count: int, request: pytest.FixtureRequest
) -> None:
    """A result for each, in their order, whatever batch the file has."""
    exported = request.getfixturevalue(name)
    images = pictures(count)
    found = keras2cv.load(exported.folder).predict(images)
    expected = tensorflow_says(exported.model, images)
    assert len(found) == count
    assert np.abs(np.stack([result.scores for result in found]) - expected).max() < 1e-5
    assert len({result.scores.tobytes() for result in found}) == count


def test_raw_opencv_gives_the_same_numbers(shapes: Any) -> None:
    """With readNet, blobFromImage and the manifest's numbers, as OpenCV's users do it."""
    (image,) = pictures(1)
    net = cv2.dnn.readNet(str(shapes.folder / "model.onnx"))
    height, width = shapes.model.input_shape[1:3]
    blob = cv2.dnn.blobFromImage(image, 1 / 127.5, (width, height), (127.5,) * 3, swapRB=True)
    net.setInput(blob)
    raw = net.forward()
    predicted = keras2cv.load(shapes.folder).predict(image).scores
    assert np.array_equal(raw.reshape(-1), predicted)


def test_the_manifest_is_read_by_opencv_alone(shapes: Any) -> None:
    """cv::FileStorage finds all that a C++ program needs, to the last digit."""
    storage = cv2.FileStorage(str(shapes.folder / "manifest.json"), cv2.FILE_STORAGE_READ)
    try:
        facts = storage.getNode("preprocessing")
        assert facts.getNode("scale").real() == 1 / 127.5
        assert facts.getNode("color").string() == "RGB"
        size = facts.getNode("size")
        assert [int(size.at(k).real()) for k in range(size.size())] == [31, 20]
        labels = storage.getNode("task").getNode("labels")
        assert [labels.at(k).string() for k in range(labels.size())] == list(
            shapes.report.manifest.task.labels
        )
        assert storage.getNode("inputs").at(0).getNode("net_name").string() == "photo"
    finally:
        storage.release()


PREDICT = """
import json, sys
import cv2, keras2cv
model = keras2cv.load(sys.argv[1])
found = model.predict(cv2.imread(sys.argv[2]))
tops = {name.partition(".")[0] for name in sys.modules}
print(json.dumps({"scores": found.scores.tolist(), "modules": sorted(tops)}))
"""


def test_a_device_needs_opencv_and_numpy_only(shapes: Any, tmp_path: Path) -> None:
    """In a fresh process nothing of TensorFlow, Keras, onnx or the exporter is imported."""
    (image,) = pictures(1)
    cv2.imwrite(str(tmp_path / "photo.png"), image)
    done = subprocess.run(
        [sys.executable, "-c", PREDICT, str(shapes.folder), str(tmp_path / "photo.png")],
        env={**os.environ, "PYTHONPATH": str(RUNTIME)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    printed = json.loads(done.stdout)
    heavy = {"tensorflow", "keras", "tf2onnx", "onnx", "onnx_ir", "onnxscript", "keras2cv_export"}
    assert not heavy & set(printed["modules"])
    assert np.allclose(printed["scores"], tensorflow_says(shapes.model, [image])[0], atol=1e-5)


@pytest.mark.parametrize("name", ["shapes", "shapes_by_three"])
def test_the_selftest_passes(name: str, request: pytest.FixtureRequest) -> None:
    """Three samples and a picture, on each engine; the blob is the same to 1e-6."""
    exported = request.getfixturevalue(name)
    for run in exported.report.manifest.evidence.runs:
        report = keras2cv.run_selftest(keras2cv.load(exported.folder, engine=run.engine))
        assert report.verdict == "pass", report
        assert {row.case for row in report.rows} == {"sample 0", "sample 1", "sample 2", "image"}
        assert max(row.measured for row in report.rows) < 1e-4


def test_golden_answers_are_tensorflows_not_opencvs(shapes: Any) -> None:
    """The stored outputs are Keras' for the stored inputs, to the bit."""
    with np.load(shapes.folder / "selftest.npz") as vectors:
        inputs = [vectors[f"in/{i}/0"] for i in range(3)]
        for i, array in enumerate(inputs):
            assert array.shape == (1, 20, 31, 3)
            expected = np.array(shapes.model(array, training=False))
            assert np.abs(vectors[f"out/{i}/0"] - expected).max() < 1e-6
        assert len({array.tobytes() for array in inputs}) == 3
        image = cv2.imdecode(vectors["image/png"], cv2.IMREAD_COLOR)
        assert image.shape[:2] != (20, 31)
        says = tensorflow_says(shapes.model, [image])
        assert np.abs(vectors["image/out/0"] - says).max() < 1e-5
        assert vectors["image/blob"].shape == (1, 3, 20, 31)


def pictures_of(channels: int, dtype: str) -> keras.Model:
    """Return a model of pictures (26, 17, channels), with informative weights."""
    x = keras.Input((26, 17, channels), dtype=dtype, name="photo")
    y = layers.Conv2D(5, 3, strides=2)(layers.Rescaling(0.7)(x))
    model = keras.Model(x, layers.Dense(2, name="values")(layers.Flatten()(y)))
    draw = np.random.default_rng(1).uniform(0, 3, (8, 26, 17, channels)).astype(dtype)
    return randomize(model, 5, [draw])


WAYS: dict[str, tuple[int, str, dict[str, Any]]] = {
    "gray": (1, "float32", {"preprocess": "0-1"}),
    "bytes": (3, "uint8", {"preprocess": "none", "interpolation": "area"}),
    "gray bytes": (1, "uint8", {"preprocess": "none"}),
    "a std for each channel": (3, "float32", {"preprocess": "torch"}),
    "blue first, with bars": (3, "float32", {"preprocess": "caffe", "resize": "letterbox"}),
    "the middle": (3, "float32", {"preprocess": "tf", "resize": "center-crop"}),
    "as TensorFlow resizes": (3, "float32", {"preprocess": "tf", "interpolation": "tf-bilinear"}),
    "in the model": (3, "float32", {"task": "regress"}),
}


@pytest.mark.parametrize(("channels", "dtype", "settings"), WAYS.values(), ids=WAYS)
def test_every_way_from_pixels_to_the_input_is_the_same_on_both_sides(
    channels: int, dtype: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    """Keras' outputs for predict's blob equal predict's; three at a time."""
    model = pictures_of(channels, dtype)
    export(model, tmp_path / "way.cv", batch=3, **({"task": "regress"} | settings))
    predictor = keras2cv.load(tmp_path / "way.cv")
    images = pictures(5)
    found = np.stack([result.values for result in predictor.predict(images)])
    blobs = [Preprocessor(predictor.manifest.preprocessing)([image]) for image in images]
    keras_input = np.concatenate(blobs).transpose(0, 2, 3, 1)
    assert np.array_equal(keras_input.astype(dtype), keras_input)
    expected = np.array(model(keras_input.astype(dtype), training=False))
    assert np.abs(found - expected).max() < 1e-5 * np.abs(expected).max()
    assert keras2cv.run_selftest(predictor).verdict == "pass"
