"""Masks from Keras to a class for every pixel of the original image, against Keras pipelines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf

import keras2cv
from keras2cv.cli import main
from keras2cv.errors import UsageError
from keras2cv.tasks.segment.result import Segmentation
from keras2cv_export import SegmentOptions, export
from support.drawn_image import draw_image
from support.segmenters import CLASSES, HEIGHT, WIDTH, ending_in_argmax, unet

SIZES = [(187, 131), (131, 187), (61, 40)]
LABELS = ("sky", "road", "tree", "naïve ★", "猫")


def answer(model: keras.Model, image: Any) -> Any:
    """Return the model's mask for an image BGR of any size, stretched."""
    x = cv2.resize(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), (WIDTH, HEIGHT)) / 255
    return np.array(model(np.asarray(x, np.float32)[None], training=False))[0]


def predicted(folder: Path, image: Any, **options: Any) -> Segmentation:
    """Return the bundle's result."""
    result = keras2cv.load(folder, **options).predict(image)
    assert isinstance(result, Segmentation)
    return result


@pytest.mark.parametrize("source_wh", SIZES)
@pytest.mark.parametrize("stride", [1, 4])
def test_a_softmax_is_the_class_of_every_pixel(source_wh: Any, stride: int, tmp_path: Path) -> None:
    """Probabilities by tf.image.resize to the image's size, then argmax: 99.99 % of all pixels."""
    model = unet(CLASSES, "softmax", stride=stride)
    report = export(model, tmp_path / "m.cv", task="segment", preprocess="0-1", labels=LABELS)
    assert report.manifest.status == "verified"
    assert any("mask" in note and "read as softmax" in note for note in report.notes)
    image = draw_image(*source_wh)
    expected = tf.image.resize(answer(model, image), source_wh[::-1]).numpy()
    result = predicted(tmp_path / "m.cv", image)
    assert len(np.unique(expected.argmax(axis=-1))) >= 3
    assert (result.label_map == expected.argmax(axis=-1)).mean() >= 0.9999
    for number in range(CLASSES):
        assert np.abs(result.probabilities(number) - expected[..., number]).max() < 1e-4
    areas = np.bincount(result.label_map.ravel(), minlength=CLASSES)
    found = {c["index"]: c["pixels"] for c in result.to_dict()["classes"]}
    assert found == {k: int(n) for k, n in enumerate(areas) if n}


@pytest.mark.parametrize("activation", ["sigmoid", None])
def test_one_channel_is_a_binary_mask(activation: str | None, tmp_path: Path) -> None:
    """Probabilities, or logits that become them, above a threshold that can be replaced."""
    model = unet(1, activation)
    export(
        model, tmp_path / "m.cv", task="segment", preprocess="0-1", labels=["road"],
        segment=SegmentOptions(score=0.25),
    )  # fmt: skip
    image = draw_image(187, 131)
    mask = answer(model, image)
    mask = mask if activation else tf.sigmoid(mask).numpy()
    expected = tf.image.resize(mask, (131, 187)).numpy()[..., 0]
    for threshold, options in ((0.25, {}), (0.18, {"score": 0.18})):
        result = predicted(tmp_path / "m.cv", image, **options)
        assert 0.02 < (expected > threshold).mean() < 0.98
        assert (result.label_map == (expected > threshold)).mean() >= 0.9999
        assert result.labels == ("background", "road")


def test_logits_of_classes_become_probabilities(tmp_path: Path) -> None:
    """Softmax first and then the resize."""
    model = unet(CLASSES, None)
    report = export(model, tmp_path / "m.cv", task="segment", preprocess="0-1")
    assert any("read as logits" in note for note in report.notes)
    image = draw_image(187, 131)
    shares = tf.nn.softmax(answer(model, image))
    expected = tf.image.resize(shares, (131, 187)).numpy().argmax(axis=-1)
    assert (predicted(tmp_path / "m.cv", image).label_map == expected).mean() >= 0.9999


def test_a_model_may_decide_itself(tmp_path: Path) -> None:
    """An argmax inside the model: its labels, enlarged to the nearest, as TensorFlow rounds."""
    model = ending_in_argmax()
    export(model, tmp_path / "m.cv", task="segment", preprocess="0-1", labels=LABELS)
    for width, height in SIZES:  # for some, pixels' centres lie on the edges of cells
        image = draw_image(width, height)
        labels = answer(model, image)[..., None]
        expected = tf.image.resize(labels, (height, width), "nearest").numpy()[..., 0]
        assert len(np.unique(expected)) >= 3
        assert (predicted(tmp_path / "m.cv", image).label_map == expected).all()


@pytest.mark.parametrize("source_wh", SIZES)
@pytest.mark.parametrize("rule", ["letterbox", "center-crop"])
def test_bars_and_cropped_parts_are_inverted(rule: str, source_wh: Any, tmp_path: Path) -> None:
    """Against resize_with_pad, whose bars are cut off again, and smart_resize."""
    model = unet(CLASSES, "softmax")
    rules = {"color": "RGB", "mean": [0] * 3, "scale": 1 / 255, "std": [1] * 3}
    if rule == "letterbox":
        rules["pad"] = 0
    (tmp_path / "p.json").write_text(json.dumps(rules), encoding="utf-8")
    export(
        model, tmp_path / "m.cv", task="segment", preprocess=tmp_path / "p.json", resize=rule,
        interpolation="tf-bilinear",
    )  # fmt: skip
    image = draw_image(*source_wh)
    expected = (letterboxed if rule == "letterbox" else cropped)(model, image)
    result = predicted(tmp_path / "m.cv", image)
    assert result.label_map.shape == image.shape[:2]
    assert (result.label_map == expected).mean() >= 0.9999


def letterboxed(model: keras.Model, image: Any) -> Any:
    """Return the classes of an image through tf.image.resize_with_pad and back."""
    rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    ones = tf.image.resize_with_pad(np.ones((*image.shape[:2], 1)), HEIGHT, WIDTH).numpy()[..., 0]
    rows, columns = np.nonzero(ones)
    x = tf.image.resize_with_pad(rgb, HEIGHT, WIDTH).numpy() / 255
    mask = np.array(model(x[None], training=False))[0]
    part = mask[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return tf.image.resize(part, image.shape[:2]).numpy().argmax(axis=-1)


def cropped(model: keras.Model, image: Any) -> Any:
    """Return the classes through smart_resize and back; -1 where it cuts off."""
    rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    x = keras.preprocessing.image.smart_resize(rgb, (HEIGHT, WIDTH)) / 255
    mask = np.array(model(x[None], training=False))[0]
    height, width = image.shape[:2]
    w, h = min(width, int(height * WIDTH / HEIGHT)), min(height, int(width * HEIGHT / WIDTH))
    left, top = (width - w) // 2, (height - h) // 2
    expected = np.full((height, width), -1)
    expected[top : top + h, left : left + w] = tf.image.resize(mask, (h, w)).numpy().argmax(-1)
    return expected


def test_the_command_line_saves_and_lists(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From .h5 to a drawn overlay, the areas as JSON, and a table of shares."""
    monkeypatch.chdir(tmp_path)
    unet(1, "sigmoid").save("road.h5")
    cv2.imwrite("photo.png", draw_image(187, 131))
    options = ["--task", "segment", "--preprocess", "0-1", "--score", "0.25"]
    assert main(["export", "road.h5", "-o", "road.cv", *options]) == 0
    capsys.readouterr()
    assert main(["run", "road.cv", "photo.png", "--save", "drawn.png", "--json", "-"]) == 0
    result = predicted(tmp_path / "road.cv", cv2.imread("photo.png"))
    line = json.loads(capsys.readouterr().out)
    assert line == {"source": "photo.png", **json.loads(json.dumps(result.to_dict()))}
    assert np.array_equal(cv2.imread("drawn.png"), result.draw(cv2.imread("photo.png")))
    assert main(["run", "road.cv", "photo.png", "--score", "0.9"]) == 0
    assert "%" in capsys.readouterr().out
    assert main(["run", "road.cv", "photo.png", "--nms", "0.9"]) == 2
    assert "NMS is for boxes, and the task is segment" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        ({"output": "msk"}, r"no output 'msk' for the mask. The model has mask \(N, 64, 96, 5\)"),
        ({"score": 0.5}, "A score is for a mask of one channel"),
        ({"scores": "labels"}, "must be one label per pixel"),
        ({"colour": "red"}, "A mask has no 'colour'"),
    ],
)
def test_what_does_not_fit_is_refused(mask: Any, message: str, tmp_path: Path) -> None:
    """One sentence with the outputs, and nothing written."""
    with pytest.raises(UsageError, match=message):
        export(
            unet(CLASSES, "softmax"), tmp_path / "m.cv", task="segment", preprocess="0-1",
            segment=mask, check=False,
        )  # fmt: skip
    assert not (tmp_path / "m.cv").exists()


def test_a_wrong_number_of_labels_is_refused(tmp_path: Path) -> None:
    """One per class."""
    with pytest.raises(UsageError, match="2 labels, and the mask has 5 classes"):
        export(
            unet(CLASSES, "softmax"), tmp_path / "m.cv", task="segment", preprocess="0-1",
            labels=LABELS[:2], check=False,
        )  # fmt: skip
