"""Detectors from Keras to boxes on the original image, against their Keras pipelines."""

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
from keras2cv.tasks.detect.result import Detections
from keras2cv_export import DetectOptions, export
from support.detectors import COUNT, DETECTORS, HEIGHT, WIDTH, Found, anchors
from support.drawn_image import draw_image
from tasks.detectors import subjects

SCORE = 0.3
SIZES = [(187, 131), (131, 187), (61, 40)]
LABELS = ("car", "bus", "naïve ★", "猫")


@pytest.fixture(scope="module", params=DETECTORS)
def built(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, keras.Model, Path]:
    """Return one of the five detectors, and its bundle."""
    name, folder = request.param, tmp_path_factory.mktemp("detect") / "detector.cv"
    model = DETECTORS[name].model()
    options = {**DETECTORS[name].detection, "score": SCORE}
    report = export(model, folder, preprocess="0-1", detect=options, labels=LABELS)
    assert report.manifest.task.kind == "detect"
    assert report.parity is not None
    assert report.parity.verdict == "pass"
    return name, model, folder


def answer(model: keras.Model, x: Any) -> dict[str, Any]:
    """Return the model's outputs by name, for images (H, W, 3) 0..1 of its own size."""
    out = model(np.asarray(x, np.float32)[None], training=False)
    named = out if isinstance(out, dict) else {"table": out}
    return {name: np.array(value) for name, value in named.items()}


def rgb(image: Any) -> Any:
    """Return a BGR image in the order in which TensorFlow reads images."""
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def iou(a: Any, b: Any) -> Any:
    """Return the overlap of each box of (N, 4) with the same one of another."""
    low, high = np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, 2:], b[:, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = [np.prod(box[:, 2:] - box[:, :2], axis=1) for box in (a, b)]
    return common / (areas[0] + areas[1] - common)


def check(result: Any, found: Found, boxes: Any, source_wh: tuple[int, int]) -> None:
    """Compare a result with a pipeline's boxes, `boxes` its corners in the original image."""
    assert isinstance(result, Detections)
    boxes = np.clip(boxes, 0, source_wh * 2)
    inside = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    assert inside.sum() >= 3
    assert len(result) == inside.sum()
    assert result.class_ids.tolist() == found.classes[inside].tolist()
    assert np.abs(result.scores - found.scores[inside]).max() <= 1e-4
    assert iou(result.boxes_xyxy.astype(np.float64), boxes[inside]).min() >= 0.999


@pytest.mark.parametrize("source_wh", SIZES)
def test_the_boxes_are_those_of_the_keras_pipeline(built: Any, source_wh: Any) -> None:
    """Resized, predicted, suppressed by tf.image.non_max_suppression, scaled to the image."""
    name, model, folder = built
    image = draw_image(*source_wh)
    out = answer(model, cv2.resize(rgb(image), (WIDTH, HEIGHT)) / 255)
    found = DETECTORS[name].find(out, SCORE)
    result = keras2cv.load(folder).predict(image)
    check(result, found, found.boxes * (source_wh * 2), source_wh)


def test_a_batch_has_the_boxes_of_each_image(built: Any) -> None:
    """Images of different sizes in one call, each with the boxes it has alone."""
    model = keras2cv.load(built[2])
    images = [draw_image(*size, seed=k) for k, size in enumerate(SIZES)]
    for image, result in zip(images, model.predict(images), strict=True):
        alone = model.predict(image)
        assert isinstance(result, Detections)
        assert isinstance(alone, Detections)
        assert np.array_equal(result.boxes_xyxy, alone.boxes_xyxy)
        assert result.image_wh == image.shape[1::-1]


@pytest.mark.parametrize("source_wh", SIZES)
def test_a_letterbox_is_inverted(source_wh: Any, tmp_path: Path) -> None:
    """Against tf.image.resize_with_pad, its bars found by padding an image of ones."""
    detector = DETECTORS["per class"]
    model = detector.model()
    export(
        model, tmp_path / "d.cv", preprocess=letterbox(tmp_path), resize="letterbox",
        interpolation="tf-bilinear", detect={**detector.detection, "score": SCORE}, check=False,
    )  # fmt: skip
    image = draw_image(*source_wh)
    pads = {"target_height": HEIGHT, "target_width": WIDTH, "method": "bilinear"}
    x = tf.image.resize_with_pad(rgb(image), **pads).numpy() / 255
    found = detector.find(answer(model, x), SCORE)
    ones = tf.image.resize_with_pad(np.ones((*image.shape[:2], 1)), **pads).numpy()[..., 0]
    rows, columns = np.nonzero(ones)
    low, high = (columns.min(), rows.min()), (columns.max() + 1, rows.max() + 1)
    scale = np.subtract(high, low) / source_wh
    boxes = (found.boxes.reshape(-1, 2, 2) * (WIDTH, HEIGHT) - low) / scale
    with pytest.warns(keras2cv.Keras2cvWarning, match="unverified"):
        result = keras2cv.load(tmp_path / "d.cv").predict(image)
    check(result, found, boxes.reshape(-1, 4), source_wh)


def letterbox(folder: Path) -> Path:
    """Write a preprocessing with black bars, as resize_with_pad has them."""
    rules = {"color": "RGB", "mean": 0, "scale": 1 / 255, "std": 1, "pad": 0}
    rules = {k: [v] * 3 if k in ("mean", "std") else v for k, v in rules.items()}
    path = folder / "letterbox.json"
    path.write_text(json.dumps(rules), encoding="utf-8")
    return path


@pytest.mark.parametrize("source_wh", SIZES)
def test_a_center_crop_is_inverted(source_wh: Any, tmp_path: Path) -> None:
    """Against keras.preprocessing.image.smart_resize, boxes shifted by the cropped part."""
    detector = DETECTORS["yolo"]
    model = detector.model()
    export(
        model, tmp_path / "d.cv", preprocess="0-1", resize="center-crop", check=False,
        interpolation="tf-bilinear", detect={**detector.detection, "score": 0.2},
    )  # fmt: skip
    image = draw_image(*source_wh)
    x = keras.preprocessing.image.smart_resize(rgb(image), (HEIGHT, WIDTH)) / 255
    found = detector.find(answer(model, x), 0.2)
    width, height = source_wh
    crop_wh = min(width, int(height * WIDTH / HEIGHT)), min(height, int(width * HEIGHT / WIDTH))
    corner = (width - crop_wh[0]) // 2, (height - crop_wh[1]) // 2
    boxes = found.boxes * (crop_wh * 2) + corner * 2
    with pytest.warns(keras2cv.Keras2cvWarning, match="unverified"):
        result = keras2cv.load(tmp_path / "d.cv").predict(image)
    check(result, found, boxes, source_wh)


def test_arrays_give_boxes_in_the_input(built: Any) -> None:
    """`results_of(infer(x))` has the boxes in pixels of the network's input."""
    name, model, folder = built
    x = (cv2.resize(rgb(draw_image(187, 131)), (WIDTH, HEIGHT)) / 255).astype(np.float32)
    predictor = keras2cv.load(folder)
    [result] = predictor.results_of(predictor.infer(x[None]))
    found = DETECTORS[name].find(answer(model, x), SCORE)
    check(result, found, found.boxes * (WIDTH, HEIGHT, WIDTH, HEIGHT), (WIDTH, HEIGHT))


def test_thresholds_can_be_replaced_at_load(built: Any) -> None:
    """A higher score keeps a part, a looser suppression keeps more."""
    folder, image = built[2], draw_image(187, 131)
    usual, strict, loose = (
        keras2cv.load(folder, **options).predict(image)  # type: ignore[arg-type]
        for options in ({}, {"score": 0.5}, {"nms": 1.0})
    )
    assert isinstance(usual, Detections)
    assert isinstance(strict, Detections)
    assert isinstance(loose, Detections)
    assert strict.scores.tolist() == [s for s in usual.scores.tolist() if s > 0.5]
    assert len(loose) >= len(usual)
    assert set(usual.scores.tolist()) <= set(loose.scores.tolist())


def test_the_command_line_saves_and_lists(
    built: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`run --score --save --json`: a drawn picture, and a line of JSON per image."""
    image, photo = draw_image(187, 131), tmp_path / "photo.png"
    cv2.imwrite(str(photo), image)
    saved = tmp_path / "drawn.png"
    options = ["--score", "0.4", "--nms", "0.2", "--save", str(saved), "--json", "-"]
    assert main(["run", str(built[2]), str(photo), *options]) == 0
    [line] = capsys.readouterr().out.splitlines()
    model = keras2cv.load(built[2], score=0.4, nms=0.2)
    expected = model.predict(image)
    assert json.loads(line) == {"source": str(photo), **json.loads(json.dumps(expected.to_dict()))}
    assert np.array_equal(cv2.imread(str(saved)), expected.draw(image))


OUTPUTS = r"bbox \(N, 96, 4\) float32, confidence \(N, 96, 4\) float32"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, rf"{OUTPUTS}.*So far: boxes from bbox.*--box-format .*; --box-units"),
        ({"box_format": "xyxy"}, "Give --box-units normalised"),
        ({"boxes": "box"}, rf"no output 'box' for boxes. The model has {OUTPUTS}"),
        ({"colour": "red"}, "A detection has no 'colour'"),
        ({"box_format": "xyxy", "box_units": "pixels", "background": 4}, "background: must be be"),
        ({"box_format": "xyxy", "box_units": "pixels", "score": 2}, "score: must be 0 to 1"),
        ({"box_units": "pixels", "anchors": anchors()[:5]}, f"must be {COUNT} anchors, got 5"),
        ({"box_units": "pixels", "anchors": "no.npy"}, r"anchors no\.npy cannot be read"),
        ({"raw": "bbox"}, "--columns"),
    ],
)
def test_what_is_missing_is_asked_for(options: Any, message: str, tmp_path: Path) -> None:
    """One sentence with the outputs, and the options that describe them."""
    with pytest.raises((UsageError, keras2cv.InputError), match=message):
        export(
            DETECTORS["per class"].model(), tmp_path / "d.cv", task="detect",
            preprocess="0-1", detect=options, check=False,
        )  # fmt: skip
    assert not (tmp_path / "d.cv").exists()


def test_a_wrong_number_of_labels_is_refused(tmp_path: Path) -> None:
    """One per class that is scored; a background gets its own."""
    options = DetectOptions(**{**DETECTORS["ssd"].detection, "score": SCORE})
    model = DETECTORS["ssd"].model()
    with pytest.raises(UsageError, match="3 labels, and the detector scores 5 classes"):
        export(model, tmp_path / "d.cv", preprocess="0-1", detect=options, labels=LABELS[:3])
    report = export(
        model, tmp_path / "d.cv", preprocess="0-1", detect=options, labels=LABELS, check=False
    )
    assert report.manifest.task.labels == ("background", *LABELS)
    assert any("class 0 is the background" in note for note in report.notes)


def test_detection_options_belong_to_their_task(tmp_path: Path) -> None:
    """Options about boxes are refused for another task."""
    model = DETECTORS["per class"].model()
    options = {"box_format": "xyxy"}
    with pytest.raises(UsageError, match="for the task detect, and the task is raw"):
        export(model, tmp_path / "d.cv", task="raw", detect=options, check=False)
    with pytest.raises(UsageError, match="Leave one out"):
        export(model, tmp_path / "d.cv", detect=options, segment={"score": 0.5}, check=False)


def test_boxes_of_equal_scores_are_no_fault(tmp_path: Path) -> None:
    """A black picture gives a whole map of them, and rounding chooses which of them are kept."""
    (subject,) = [one for one in subjects() if one.name == "own nms"]
    report = export(subject.build(), tmp_path / "d.cv", **subject.settings)
    assert report.manifest.tail is not None
    assert report.manifest.status == "verified"
