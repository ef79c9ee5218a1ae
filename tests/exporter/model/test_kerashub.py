"""The description of a KerasHub model, with classes that have its names and attributes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import keras
import numpy as np
import pytest
from keras import layers

import keras2cv
from keras2cv_export import check, export
from keras2cv_export.model.kerashub import KerasHubDescription, describe_kerashub
from support.engines import ONE_ENGINE

WIDTH, HEIGHT = 48, 32
ANCHORS = np.array([[-4, -2, 12, 10], [0, 0, 8, 16], [10, 4, 40, 30]], np.float32)  # x0, y0, x1, y1


def hub_class(name: str, base: type = keras.Model) -> Any:
    """Return a class called `name`, of a task that KerasHub has, from its package."""
    task = type("ObjectDetector", (base,), {"__module__": "keras_hub.src.models.object_detector"})
    return type(name, (task,), {"__module__": "keras_hub.src.models.own"})


def decoder(**changed: Any) -> Any:
    """Return a NonMaxSuppression with its attributes."""
    rules = {"from_logits": True, "confidence_threshold": 0.4, "iou_threshold": 0.6}
    return type("NonMaxSuppression", (), {**rules, "max_detections": 30, **changed})()


def converter(**changed: Any) -> Any:
    """Return an image converter with its attributes."""
    attributes = {"scale": [0.5, 0.25, 0.125], "offset": [-1, -2, -3], "interpolation": "bilinear"}
    shape = {"crop_to_aspect_ratio": False, "pad_to_aspect_ratio": False, "antialias": False}
    return SimpleNamespace(**{**attributes, **shape, **changed})


class Generator:
    """An AnchorGenerator of two levels."""

    def __init__(self, bounding_box_format: str, table: Any) -> None:
        self.bounding_box_format = bounding_box_format
        self.levels = {"P3": table[:2], "P4": table[2:]}

    def __call__(self, images: Any) -> dict[str, Any]:
        """Return the anchors, for images of the size that they are made for."""
        assert images.shape == (1, HEIGHT, WIDTH, 3)
        return self.levels


def detector(anchor_format: str = "xyxy", **converted: Any) -> Any:
    """Return a RetinaNet-like model of three boxes and two classes."""
    photo = keras.Input((HEIGHT, WIDTH, 3), name="images")
    y = layers.GlobalAveragePooling2D()(layers.Conv2D(5, 3, activation="relu")(photo))
    outputs = {
        "bbox_regression": layers.Reshape((3, 4))(layers.Dense(12)(y)),
        "cls_logits": layers.Reshape((3, 2))(layers.Dense(6)(y)),
    }
    model = hub_class("RetinaNetObjectDetector")(photo, outputs)
    order = {"xyxy": [0, 1, 2, 3], "yxyx": [1, 0, 3, 2]}[anchor_format]
    model.anchor_generator = Generator(anchor_format, ANCHORS[:, order])
    model.prediction_decoder = decoder()
    model.preprocessor = SimpleNamespace(image_converter=converter(**converted))
    return model


@pytest.mark.parametrize("anchor_format", ["xyxy", "yxyx"])
def test_a_retinanet_brings_its_anchors_and_its_suppression(anchor_format: str) -> None:
    """Centres and sizes in pixels, whatever format they are generated in."""
    described = describe_kerashub(detector(anchor_format), (WIDTH, HEIGHT))
    assert described.kind == "detect"
    assert described.options["anchors"].tolist() == [
        [4, 4, 16, 12],
        [4, 8, 8, 16],
        [25, 17, 30, 26],
    ]
    rules = {
        key: described.options[key] for key in ("score", "nms", "max_detections", "activation")
    }
    assert rules == {"score": 0.4, "nms": 0.6, "max_detections": 30, "activation": "sigmoid"}
    assert described.options["nms_across_classes"]


def test_its_pixels_are_those_of_its_converter() -> None:
    """The pixel * scale + offset, in each channel."""
    described = describe_kerashub(detector(), (WIDTH, HEIGHT))
    assert described.pixels is not None
    pixel = np.array([10.0, 20.0, 200.0])
    rules = {key: np.array(described.pixels[key]) for key in ("mean", "scale", "std")}
    found = (pixel - rules["mean"]) * rules["scale"] / rules["std"]
    np.testing.assert_allclose(found, pixel * [0.5, 0.25, 0.125] + [-1, -2, -3], rtol=1e-12)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, ("stretch", "tf-bilinear")),
        ({"crop_to_aspect_ratio": True}, ("center-crop", "tf-bilinear")),
        ({"antialias": True}, ("stretch", "tf-bilinear-antialias")),
        ({"interpolation": "nearest"}, ("stretch", "tf-nearest")),
    ],
)
def test_its_resize_is_that_of_its_converter(changed: Any, expected: tuple[str, str]) -> None:
    """The rule and the kernel, by our names."""
    described = describe_kerashub(detector(**changed), (WIDTH, HEIGHT))
    assert described.pixels is not None
    assert (described.pixels["resize"], described.pixels["interpolation"]) == expected


def test_a_picture_that_keras_pads_is_padded() -> None:
    """With black, before the resize, as its converter does."""
    described = describe_kerashub(detector(pad_to_aspect_ratio=True), (WIDTH, HEIGHT))
    assert described.pixels is not None
    assert (described.pixels["resize"], described.pixels["pad"]) == ("pad", 0)
    assert len(describe_kerashub(detector(), (WIDTH, HEIGHT)).pixels_note) == 1


def test_other_models_are_not_described() -> None:
    """No class of KerasHub's, or more inputs than an image."""
    photo = keras.Input((HEIGHT, WIDTH, 3))
    assert (
        describe_kerashub(keras.Model(photo, photo * 2), (WIDTH, HEIGHT)) == KerasHubDescription()
    )
    assert describe_kerashub(None, (WIDTH, HEIGHT)) == KerasHubDescription()
    assert describe_kerashub(detector(), None) == KerasHubDescription()


def test_a_detector_that_is_not_known_is_asked_about() -> None:
    """Its task is known, and how its boxes are decoded is not."""
    model = detector()
    model.prediction_decoder = object()
    described = describe_kerashub(model, (WIDTH, HEIGHT))
    assert (described.kind, described.options) == ("detect", {})


def test_what_is_stated_comes_first(tmp_path: Path) -> None:
    """Exported as it is, but for the threshold that the user gave; notes name both."""
    report = export(detector(), tmp_path / "d.cv", detect={"score": 0.0})
    detect = report.manifest.task.record
    assert detect is not None
    assert detect.anchors is not None
    assert (detect.score, detect.nms and detect.nms.iou, len(detect.anchors.boxes)) == (
        0.0,
        0.6,
        12,
    )
    report = export(detector(), tmp_path / "d.cv")
    assert any("KerasHub's RetinaNetObjectDetector" in note for note in report.notes)
    assert report.manifest.task.record is not None
    assert report.manifest.task.record.score == 0.4
    result = keras2cv.load(tmp_path / "d.cv").predict(np.full((70, 50, 3), 90, np.uint8))
    assert isinstance(result, keras2cv.Detections)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path, Path]:
    """Return a detector whose boxes depend on the picture, its bundle, and pictures."""
    keras.utils.set_random_seed(5)
    model, folder = detector(), tmp_path_factory.mktemp("hub")
    model.set_weights([w * 0.02 for w in model.get_weights()])
    rng = np.random.default_rng(3)
    (folder / "photos").mkdir()
    for k in range(3):
        image = rng.integers(0, 256, (40 + 9 * k, 70 + 5 * k, 3), np.uint8)
        cv2.imwrite(str(folder / "photos" / f"{k}.png"), image)
    export(model, folder / "hub.cv")
    return model, folder / "hub.cv", folder / "photos"


CHANGES = {
    "": ("detect", {}, "pass"),
    "score": ("detect", {"score": 0.55}, "postprocessing"),
    "activation": ("detect", {"activation": "none"}, "postprocessing"),
    "variances": (
        "detect", {"anchors": lambda old: {**old, "variances": [0.1] * 4}}, "postprocessing"
    ),
    "units": ("detect", {"box_units": "normalised"}, "postprocessing"),
    "scale": ("preprocessing", {"scale": 0.4}, "normalise"),
    "resize": ("preprocessing", {"interpolation": "nearest"}, "resize"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_the_library_is_the_reference_of_a_check(
    name: str, exported: tuple[Any, Path, Path], tmp_path: Path
) -> None:
    """Its decoder and its converter, without a word from the user; nothing is left open."""
    model, right, photos = exported
    section, changes, stage = CHANGES[name]
    folder = tmp_path / "hub.cv"
    shutil.copytree(right, folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    part = manifest["task"]["detect"] if section == "detect" else manifest[section]
    for key, value in changes.items():
        part[key] = value(part[key]) if callable(value) else value
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    report = check(folder, model, samples=photos, engine=ONE_ENGINE)
    if stage == "pass":
        assert report.verdict == "pass", report.reasons
        assert report.answers is not None
        assert report.answers.reference == "KerasHub's RetinaNetObjectDetector"
        assert report.not_compared == ()
        return
    assert report.verdict == "fail"
    assert stage in report.stages_at_fault or report.stages_at_fault == ("answers",)


@pytest.fixture(scope="module")
def chosen(exported: tuple[Any, Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a bundle of the same detector with thresholds of the user's."""
    folder = tmp_path_factory.mktemp("chosen") / "hub.cv"
    export(exported[0], folder, detect={"score": 0.7, "nms": 0.3, "max_detections": 2})
    return folder


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "pass"),
        ({"score": 0.2}, "fail"),
        ({"score": 0.4, "chosen": None}, "pass"),
        ({"chosen": None}, "fail"),
    ],
)
def test_thresholds_that_the_user_chose_are_part_of_the_reference(
    changes: Any, verdict: str, exported: tuple[Any, Path, Path], chosen: Path, tmp_path: Path
) -> None:
    """They are the user's by the record, or the library's; others are a fault."""
    model, _, photos = exported
    folder = tmp_path / "hub.cv"
    shutil.copytree(chosen, folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    part = manifest["task"]["detect"]
    assert part["chosen"] == {"score": 0.7, "nms": 0.3, "max_detections": 2}
    if changes.get("score") == 0.4:  # all of it as the library has it
        part |= {"nms": {"iou": 0.6, "across_classes": 1}, "max_detections": 30}
    part |= changes
    part = {key: value for key, value in part.items() if value is not None}
    manifest["task"]["detect"] = part
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    report = check(folder, model, samples=photos, engine="classic")
    assert report.verdict == verdict, report.reasons
    assert report.answers is not None
    if not changes:
        assert report.answers.reference == (
            "KerasHub's RetinaNetObjectDetector, with the export's score 0.7, nms 0.3, "
            "max detections 2"
        )
