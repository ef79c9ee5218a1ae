"""Detectors with masks, keypoints and angles, from Keras to the image, against Keras pipelines."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf

import keras2cv
from keras2cv.bundle.reading import read_bundle
from keras2cv.cli import main
from keras2cv.evaluation.data.segmentations import decode_runs
from keras2cv.net.engines import ENGINES
from keras2cv.tasks.detect.instance_masks import MaskCrop
from keras2cv.tasks.detect.kind import KIND
from keras2cv.tasks.detect.result import Detections, Instance
from keras2cv_export import export
from keras2cv_export.tasks.answer_match import AnswerFormError, AnswerLimits, match
from support import ellipse_detectors as nets

SCORE, NMS = 0.5, 0.3
SIZES = [(187, 131), (131, 187), (288, 192)]
_BOXES = {"box_units": "pixels", "activation": "none", "score": SCORE, "nms": NMS}
_UPRIGHT = {**_BOXES, "box_format": "cxcywh"}
CASES: dict[str, tuple[Callable[[], keras.Model], dict[str, Any]]] = {
    "masks": (nets.mask_detector, _UPRIGHT),
    "masks in a table": (
        nets.table_mask_detector, {**_UPRIGHT, "columns": "box+scores+coefficients"},
    ),
    "masks in columns": (
        nets.column_mask_detector,
        {**_UPRIGHT, "columns": "box+scores+coefficients", "columns_axis": "first"},
    ),
    "points": (
        nets.point_detector, {**_UPRIGHT, "point_format": "xys", "skeleton": ((0, 1),),
                              "point_labels": ("middle", "eye")},
    ),
    "people": (
        nets.multipose_detector,
        {**_BOXES, "box_format": "yxyx", "box_units": "normalised", "point_format": "yxs",
         "columns": "points+box+score"},
    ),
    "rotated": (nets.rotated_detector, {**_BOXES, "angle_units": "radians"}),
    "rotated in a table": (
        nets.table_rotated_detector,
        {**_BOXES, "columns": "box+scores+angle", "angle_units": "degrees",
         "angle_direction": "counterclockwise"},
    ),
    "masks of boxes": (
        nets.quarter_detector,
        {"box_format": "yxyx", "box_units": "normalised", "score": SCORE, "mask_edges": "round",
         "mask_activation": "none"},
    ),
}  # fmt: skip


class Built:
    """The models and bundles that the tests share, each made when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, tuple[keras.Model, Path]] = {}

    def __call__(self, name: str, **options: Any) -> tuple[keras.Model, Path]:
        """Return a model and its bundle; `options` are of `export`."""
        key = f"{name} {options}"
        if key not in self._made:
            build, detect = CASES[name]
            model, bundle = build(), self._folder / f"{len(self._made)}.cv"
            labels = None if name == "people" else nets.LABELS
            settings = {"preprocess": "0-1", "labels": labels, "check": False, **options}
            export(model, bundle, detect=detect, **settings)
            self._made[key] = model, bundle
        return self._made[key]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Return the models, by name, with their bundles."""
    return Built(tmp_path_factory.mktemp("instances"))


def load(bundle: Path, engine: str | None = ENGINES[-1]) -> keras2cv.Predictor:
    """Return the bundle, which was not compared with TensorFlow when it was exported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", keras2cv.Keras2cvWarning)
        return keras2cv.load(bundle, engine=engine)


def outputs(model: keras.Model, image: Any) -> dict[str, Any]:
    """Return the model's outputs for an image that is stretched to its input."""
    x = cv2.resize(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), (nets.WIDTH, nets.HEIGHT)) / 255
    found = model(x.astype(np.float32)[None], training=False)
    return {name: np.array(value[0]) for name, value in found.items()}


def chosen(corners: Any, scores: Any) -> Any:
    """Return the places of the boxes that TensorFlow keeps, per class, best first."""
    best, classes = scores.max(axis=-1), scores.argmax(axis=-1)
    apart = corners + classes[:, None] * 1000.0
    return tf.image.non_max_suppression(apart, best, 50, NMS, SCORE).numpy()


def corners_of(boxes: Any) -> Any:
    """Return x0, y0, x1, y1 of cx, cy, w, h."""
    return np.concatenate([boxes[:, :2] - boxes[:, 2:4] / 2, boxes[:, :2] + boxes[:, 2:4] / 2], 1)


def check_boxes(result: Any, corners: Any, scores: Any, classes: Any, size_wh: Any) -> None:
    """Compare boxes with those of a pipeline, x0, y0, x1, y1 in the image."""
    assert isinstance(result, Detections)
    assert result.class_ids.tolist() == classes.tolist()
    assert np.abs(result.scores - scores).max(initial=0) <= 1e-4
    corners = np.clip(corners, 0, [*size_wh, *size_wh])
    low = np.maximum(corners[:, :2], result.boxes_xyxy[:, :2])
    high = np.minimum(corners[:, 2:], result.boxes_xyxy[:, 2:])
    areas = [np.prod(b[:, 2:] - b[:, :2], axis=1) for b in (corners, result.boxes_xyxy)]
    both = np.prod(high - low, axis=1)
    assert (both / (areas[0] + areas[1] - both)).min() >= 0.999


def inside(corners: Any, size_wh: Any) -> Any:
    """Return (H, W) bool: the pixels whose centres lie in a box."""
    x, y = np.arange(size_wh[0]) + 0.5, np.arange(size_wh[1]) + 0.5
    in_y, in_x = (y >= corners[1]) & (y < corners[3]), (x >= corners[0]) & (x < corners[2])
    return in_y[:, None] & in_x


@pytest.mark.parametrize("name", ["masks", "masks in a table", "masks in columns"])
@pytest.mark.parametrize("size_wh", SIZES)
def test_masks_are_those_of_the_keras_pipeline(built: Built, name: str, size_wh: Any) -> None:
    """Prototypes weighted, activated, enlarged by tf.image.resize, and cut at the boxes."""
    model, bundle = built(name)
    image = nets.draw_ellipses(*size_wh, seed=3)
    found = outputs(model, image)
    if "table" in found:
        table = found["table"].T if name == "masks in columns" else found["table"]
        found |= {"boxes": table[:, :4], "scores": table[:, 4:7], "coefs": table[:, 7:]}
    keep = chosen(corners_of(found["boxes"]), found["scores"])
    assert len(keep) >= 3
    scale = np.divide(size_wh, (nets.WIDTH, nets.HEIGHT))
    corners = corners_of(found["boxes"][keep]) * np.tile(scale, 2)
    small = tf.sigmoid(np.einsum("hwp,np->nhw", found["protos"], found["coefs"][keep]))
    large = tf.image.resize(small[..., None], size_wh[::-1], "bilinear").numpy()[..., 0]
    for engine in ENGINES:
        result: Any = load(bundle, engine).predict(image)
        scores = found["scores"][keep]
        check_boxes(result, corners, scores.max(axis=1), scores.argmax(axis=1), size_wh)
        for k, (mask, box) in enumerate(zip(result.masks, corners, strict=True)):
            expected = (large[k] > 0.5) & inside(box, size_wh)
            assert (mask == expected).mean() >= 0.9999
            drawn = image[..., 2 - result.class_ids[k]] > 127  # of this colour, eyes among it
            true = drawn & ~(image == 255).all(axis=2) & inside(box, size_wh)
            assert (mask & true).sum() / (mask | true).sum() > 0.85


def test_masks_are_cut_before_they_are_enlarged(built: Built) -> None:
    """As YOLACT does: in cells of the prototypes, then enlarged by tf.image.resize."""
    size_wh = (288, 192)
    model, _ = built("masks")
    CASES["cut masks"] = (lambda: model, {**_UPRIGHT, "mask_cut": "prototypes"})
    _, bundle = built("cut masks")
    image = nets.draw_ellipses(*size_wh, seed=3)
    found = outputs(model, image)
    keep = chosen(corners_of(found["boxes"]), found["scores"])
    small = tf.sigmoid(np.einsum("hwp,np->nhw", found["protos"], found["coefs"][keep])).numpy()
    for grid, box in zip(small, corners_of(found["boxes"][keep]) / 2, strict=True):
        grid[~inside(box, (nets.WIDTH // 2, nets.HEIGHT // 2))] = 0
    large = tf.image.resize(small[..., None], size_wh[::-1], "bilinear").numpy()[..., 0]
    result: Any = load(bundle).predict(image)
    assert len(result) == len(keep) >= 3
    for mask, expected in zip(result.masks, large > 0.5, strict=True):
        assert expected.sum() > 300
        assert (mask == expected).mean() >= 0.9999


def test_masks_follow_a_letterbox(built: Built, tmp_path: Path) -> None:
    """Bars are no part of the image, and nothing of them bleeds into its masks."""
    rules = {"color": "RGB", "mean": [0] * 3, "scale": 1 / 255, "std": [1] * 3, "pad": 0}
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(rules), encoding="utf-8")
    options = {"preprocess": path, "resize": "letterbox", "interpolation": "tf-bilinear"}
    model, bundle = built("masks", **options)
    image = nets.draw_ellipses(288, 96, seed=3)  # as high as half of the input
    x = tf.image.resize_with_pad(image[..., ::-1], nets.HEIGHT, nets.WIDTH, "bilinear") / 255
    found = {name: np.array(v[0]) for name, v in model(x[None]).items()}
    keep = chosen(corners_of(found["boxes"]), found["scores"])
    corners = (corners_of(found["boxes"][keep]) - (0, 16, 0, 16)) * 3
    small = tf.sigmoid(np.einsum("hwp,np->nhw", found["protos"][8:24], found["coefs"][keep]))
    large = tf.image.resize(small[..., None], (96, 288), "bilinear").numpy()[..., 0]
    result: Any = load(bundle).predict(image)
    scores = found["scores"][keep]
    check_boxes(result, corners, scores.max(axis=1), scores.argmax(axis=1), (288, 96))
    assert len(result) >= 2
    for k, (mask, box) in enumerate(zip(result.masks, corners, strict=True)):
        assert (mask == ((large[k] > 0.5) & inside(box, (288, 96)))).mean() >= 0.9999


@pytest.mark.parametrize("size_wh", SIZES)
def test_masks_of_boxes_are_those_of_the_keras_pipeline(built: Built, size_wh: Any) -> None:
    """The mask of the box's class, resized by tf.image.resize to the box in whole pixels."""
    model, bundle = built("masks of boxes")
    image = nets.draw_ellipses(*size_wh, seed=5)
    found = outputs(model, image)
    scores, classes = found["detection_scores"], found["detection_classes"].astype(int)
    order = np.argsort(-scores, kind="stable")
    keep = order[scores[order] > SCORE]
    assert len(keep) >= 2
    corners = found["detection_boxes"][keep][:, [1, 0, 3, 2]] * np.tile(size_wh, 2)
    for engine in ENGINES:
        result: Any = load(bundle, engine).predict(image)
        check_boxes(result, corners, scores[keep], classes[keep], size_wh)
        for k, (place, mask) in enumerate(zip(keep, result.masks, strict=True)):
            x0, y0, x1, y1 = np.rint(corners[k]).astype(int)
            small = found["detection_masks"][place][..., classes[place], None]
            expected = np.zeros(size_wh[::-1], bool)
            large = tf.image.resize(small, (y1 - y0, x1 - x0), "bilinear").numpy()[..., 0]
            expected[y0:y1, x0:x1] = large > 0.5
            assert expected.sum() > 100
            assert (mask == expected).mean() >= 0.9999


@pytest.mark.parametrize("size_wh", SIZES)
def test_points_follow_their_boxes(built: Built, size_wh: Any) -> None:
    """Of each box that is kept, in pixels of the image, and on the eye that was drawn."""
    model, bundle = built("points")
    image = nets.draw_ellipses(*size_wh, seed=4)
    found = outputs(model, image)
    keep = chosen(corners_of(found["boxes"]), found["scores"])
    scale = np.divide(size_wh, (nets.WIDTH, nets.HEIGHT))
    eyes = (image == 255).all(axis=2).astype(np.uint8)
    _, _, _, true = cv2.connectedComponentsWithStats(eyes)
    for engine in ENGINES:
        result: Any = load(bundle, engine).predict(image)
        assert len(result) == len(keep) >= 2
        for instance, place in zip(result, keep, strict=True):
            points = found["keypoints"][place]
            assert np.abs(instance.keypoints.points_xy - points[:, :2] * scale).max() <= 0.01
            assert np.abs(instance.keypoints.scores - points[:, 2]).max() <= 1e-4
            away = np.linalg.norm(true[1:] + 0.5 - instance.keypoints.points_xy[1], axis=1)
            assert away.min() < 1.5 * scale.max()
    assert result.keypoints[0].labels == ("middle", "eye")
    assert result.keypoints[0].skeleton == ((0, 1),)


def test_people_of_a_single_table(built: Built) -> None:
    """MoveNet multipose's form: points, box and score, y first, as shares of the input."""
    size_wh = (131, 187)
    model, bundle = built("people")
    image = nets.draw_ellipses(*size_wh, seed=4)
    table = outputs(model, image)["people"]
    keep = chosen(table[:, 6:10], table[:, 10:])
    result: Any = load(bundle).predict(image)
    corners = table[keep][:, [7, 6, 9, 8]] * np.tile(size_wh, 2)
    check_boxes(result, corners, table[keep, 10], np.zeros(len(keep)), size_wh)
    assert len(result) >= 2
    for points, row in zip(result.keypoints, table[keep, :6].reshape(-1, 2, 3), strict=True):
        assert np.abs(points.points_xy - row[:, 1::-1] * size_wh).max() <= 0.01
        assert np.abs(points.scores - row[:, 2]).max() <= 1e-4


def turned_corners(box: Any) -> Any:
    """Return the corners of cx, cy, w, h and degrees, by cv2, from the left top one on."""
    cx, cy, w, h, degrees = (float(number) for number in box)
    corners = cv2.boxPoints(((cx, cy), (w, h), degrees))
    return corners[[1, 2, 3, 0]]


@pytest.mark.parametrize("name", ["rotated", "rotated in a table"])
@pytest.mark.parametrize("size_wh", SIZES)
def test_rotated_boxes_are_those_of_the_pipeline(built: Built, name: str, size_wh: Any) -> None:
    """Suppressed by their own overlap, and turned before the image is stretched."""
    model, bundle = built(name)
    image = nets.draw_ellipses(*size_wh, seed=6)
    found = outputs(model, image)
    if "table" in found:
        table = found["table"]
        boxes = np.concatenate([table[:, :4], -table[:, 7:]], axis=1)
        scores = table[:, 4:7]
    else:
        boxes, scores = found["boxes"].copy(), found["scores"]
        boxes[:, 4] = np.rad2deg(boxes[:, 4])
    best, classes = scores.max(axis=1), scores.argmax(axis=1)
    shown = [((float(x) + 1000.0 * c, float(y)), (float(w), float(h)), float(a))
             for (x, y, w, h, a), c in zip(boxes, classes.tolist(), strict=True)]  # fmt: skip
    keep = np.array(cv2.dnn.NMSBoxesRotated(shown, best.tolist(), SCORE, NMS)).reshape(-1)
    scale = np.divide(size_wh, (nets.WIDTH, nets.HEIGHT))
    for engine in ENGINES:
        result: Any = load(bundle, engine).predict(image)
        assert len(result) == len(keep) >= 2
        assert result.class_ids.tolist() == classes[keep].tolist()
        assert np.abs(result.scores - best[keep]).max() <= 1e-4
        for k, place in enumerate(keep.tolist()):
            corners = (turned_corners(boxes[place]) * scale).astype(np.float32)
            assert np.abs(result.polygons[k] - corners).max() < 0.01
            side = corners[1] - corners[0]
            turn = (result.angles[k] - np.rad2deg(np.arctan2(side[1], side[0])) + 180) % 360
            assert abs(turn - 180) < 0.01


def test_a_rotated_box_lies_on_the_ellipse_that_was_drawn(built: Built) -> None:
    """As cv2.minAreaRect finds it."""
    image = nets.draw_ellipses(288, 192, seed=6)
    result: Any = load(built("rotated")[1]).predict(image)
    gray = (image.max(axis=2) > 0).astype(np.uint8)
    shapes, _ = cv2.findContours(gray, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    assert len(result) == len(shapes)
    for instance in result:
        overlaps = []
        for shape in shapes:
            true = cv2.boxPoints(cv2.minAreaRect(shape))
            shared, _ = cv2.intersectConvexConvex(np.float32(instance.polygon_xy), true)
            union = cv2.contourArea(np.float32(instance.polygon_xy)) + cv2.contourArea(true)
            overlaps.append(shared / (union - shared))
        assert max(overlaps) > 0.6


@pytest.mark.parametrize("name", ["masks", "masks of boxes", "points", "rotated"])
def test_each_image_of_a_batch_has_its_own(built: Built, name: str) -> None:
    """Images of other sizes and without anything in one call, each as it is alone."""
    model = load(built(name)[1])
    images = [nets.draw_ellipses(*size, seed=k) for k, size in enumerate(SIZES)]
    images.insert(1, np.zeros((131, 187, 3), np.uint8))
    together = model.predict(images)
    for image, result in zip(images, together, strict=True):
        assert result.to_dict() == model.predict(image).to_dict()
    assert [bool(len(result)) for result in together] == [True, False, True, True]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["masks", "points", "rotated"])
def test_nothing_is_found_on_black(built: Built, name: str) -> None:
    """And a result without boxes has everything, with no rows."""
    image = np.zeros((131, 187, 3), np.uint8)
    result: Any = load(built(name)[1]).predict(image)
    assert len(result) == 0
    assert result.to_dict()["detections"] == []
    assert list(result) == []
    assert result.draw(image).max() == 0
    if name == "masks":
        assert result.masks.shape == (0, 131, 187)
    if name == "points":
        assert result.keypoints == ()
    if name == "rotated":
        assert result.polygons.shape == (0, 4, 2)


def test_json_has_masks_points_and_corners(built: Built) -> None:
    """Masks as COCO's run lengths, which come back as the same pixels."""
    image = nets.draw_ellipses(187, 131, seed=3)
    result: Any = load(built("masks")[1]).predict(image)
    for record, mask in zip(
        json.loads(json.dumps(result.to_dict()))["detections"], result.masks, strict=True
    ):
        assert np.array_equal(decode_runs(record["mask"]), mask)
    points: Any = load(built("points")[1]).predict(image)
    record = points.to_dict()["detections"][0]
    assert [point["label"] for point in record["keypoints"]] == ["middle", "eye"]
    turned: Any = load(built("rotated")[1]).predict(image)
    record = turned.to_dict()["detections"][0]
    assert np.allclose(record["polygon_xy"], turned.polygons[0])
    assert record["angle"] == pytest.approx(float(turned.angles[0]))


def test_the_lines_of_run_tell_of_it(built: Built) -> None:
    """How large a mask is, how many points are shown, and how far a box is turned."""
    image = nets.draw_ellipses(187, 131, seed=3)
    for name, words in (
        ("masks", "mask of "), ("points", "2 of 2 points"), ("rotated", "turned by 33 degrees"),
    ):  # fmt: skip
        result: Any = load(built(name)[1]).predict(image)
        assert words in KIND.rows(result, 5)[0][1]


def test_an_instance_has_what_belongs_to_it(built: Built) -> None:
    """And still is a detection of four."""
    image = nets.draw_ellipses(187, 131, seed=3)
    result: Any = load(built("masks")[1]).predict(image)
    first = next(iter(result))
    assert isinstance(first, Instance)
    label, class_id, score, box = first
    assert (label, class_id, score, len(box)) == (result.label, first.class_id, result.score, 4)
    assert np.array_equal(first.mask, result.masks[0])
    assert first.keypoints is first.polygon_xy is first.angle is None


@pytest.mark.parametrize("name", ["masks", "points", "rotated"])
def test_drawing_shows_what_belongs_to_a_box(built: Built, name: str) -> None:
    """On the picture, enlarged or not; the picture itself stays as it is."""
    for size_wh in ((187, 131), (576, 384)):
        image = nets.draw_ellipses(*size_wh, seed=3)
        before = image.copy()
        result: Any = load(built(name)[1]).predict(image)
        plain = Detections(
            result.boxes_xyxy, result.scores, result.class_ids, result.image_wh, result.labels
        )
        assert (result.draw(image) != plain.draw(image)).any()
        assert np.array_equal(image, before)


def test_supervision_takes_all_of_it(built: Built) -> None:
    """Masks, corners of rotated boxes, and points."""
    pytest.importorskip("supervision")
    image = nets.draw_ellipses(187, 131, seed=3)
    masks: Any = load(built("masks")[1]).predict(image)
    assert np.array_equal(masks.to_supervision().mask, masks.masks)
    turned: Any = load(built("rotated")[1]).predict(image)
    assert np.array_equal(turned.to_supervision().data["xyxyxyxy"], turned.polygons)
    points: Any = load(built("points")[1]).predict(image)
    assert points.to_supervision().data["keypoints"].shape == (len(points), 2, 2)


def test_a_program_in_python_answers_the_same(built: Built, tmp_path: Path) -> None:
    """From the runtime's own modules, without keras2cv."""
    import subprocess
    import sys

    image = tmp_path / "image.png"
    cv2.imwrite(str(image), nets.draw_ellipses(187, 131, seed=3))
    for name in ("masks", "points", "rotated"):
        bundle, folder = built(name)[1], tmp_path / name
        assert main(["codegen", str(bundle), "--lang", "python", "-o", str(folder)]) == 0
        command = [sys.executable, "predict.py", str(bundle), str(image), "--json"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        answered = json.loads(done.stdout.splitlines()[-1])
        result: Any = load(bundle, None).predict(cv2.imread(str(image)))
        assert answered["detections"] == json.loads(json.dumps(result.to_dict()))["detections"]


def test_a_library_in_cpp_has_what_belongs_to_boxes(built: Built, tmp_path: Path) -> None:
    """Its result has a member for each, and for nothing else."""
    members = {"masks": "Mask mask;", "points": "Keypoint> points;", "rotated": "float angle"}
    for name in members:
        folder = tmp_path / name
        command = ["codegen", str(built(name)[1]), "--lang", "cpp", "-o", str(folder)]
        assert main(command) == 0
        (header,) = folder.glob("include/keras2cv/*.hpp")
        text = header.read_text("utf-8")
        assert [key for key, member in members.items() if member in text] == [name]


def test_the_command_line_describes_masks_and_points(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every option has a flag; the card of `info` tells what was understood."""
    images = tmp_path / "images"
    images.mkdir()
    for k in range(3):
        cv2.imwrite(str(images / f"{k}.png"), nets.draw_ellipses(187, 131, seed=k))
    model, bundle = tmp_path / "model.keras", tmp_path / "masks.cv"
    nets.mask_detector().save(model)
    common = ["--preprocess", "0-1", "--box-format", "cxcywh", "--box-units", "pixels",
              "--activation", "none", "--nms", "0.3", "--samples", str(images)]  # fmt: skip
    flags = ["--mask-coefficients", "coefs", "--prototypes", "protos", "--mask-activation",
             "sigmoid", "--mask-threshold", "0.4", "--mask-edges", "ceil"]  # fmt: skip
    assert main(["export", str(model), "-o", str(bundle), *common, *flags]) == 0
    capsys.readouterr()
    assert main(["info", str(bundle)]) == 0
    assert "a mask of prototypes, through sigmoid, above 0.4" in capsys.readouterr().out
    assert main(["run", str(bundle), str(images / "0.png"), "--json", "-"]) == 0
    record = json.loads(capsys.readouterr().out.splitlines()[-1])["detections"][0]
    assert record["mask"]["size"] == [131, 187]
    assert main(["check", str(bundle), "--against", str(model), "--samples", str(images)]) == 0
    assert "least mask iou 1" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "kind"), [("masks", "mask"), ("points", "keypoint")])
def test_masks_and_points_are_evaluated(built: Built, name: str, kind: str, tmp_path: Path) -> None:
    """On COCO JSON: the nets are good, and what is wrong of the truth lowers the number."""
    images, annotations = [], []
    for k in range(3):
        image = nets.draw_ellipses(192, 128, seed=k)
        cv2.imwrite(str(tmp_path / f"{k}.png"), image)
        images.append({"id": k, "file_name": f"{k}.png", "width": 192, "height": 128})
        for number, colour in enumerate(image.max(axis=(0, 1))):
            plain = ((image[..., number] > 127) & (image.sum(axis=2) < 300)).astype(np.uint8)
            _, parts, stats, centres = cv2.connectedComponentsWithStats(plain)
            for part in np.flatnonzero(stats[:, cv2.CC_STAT_AREA] > 150)[1:].tolist():
                assert colour == 255
                runs = MaskCrop(parts == part, 0, 0).runs((192, 128))
                places = [*centres[part].tolist(), 2, *centres[part].tolist(), 1]
                annotations.append({
                    "id": len(annotations) + 1, "image_id": k, "category_id": 3 - number,
                    "bbox": stats[part, :4].tolist(), "area": int(stats[part, 4]), "iscrowd": 0,
                    "segmentation": {"size": [128, 192], "counts": runs}, "keypoints": places,
                })  # fmt: skip
    record = {
        "images": images, "annotations": annotations,
        "categories": [{"id": k + 1, "name": label} for k, label in enumerate(nets.LABELS)],
    }  # fmt: skip
    truth = tmp_path / "truth.json"
    truth.write_text(json.dumps(record), encoding="utf-8")
    found = keras2cv.evaluate(load(built(name)[1]), [tmp_path, truth])
    assert found.metrics[f"{kind}_AP50"] == pytest.approx(1.0)
    for one in annotations:
        one["segmentation"]["counts"] = [0, 128 * 192]
        one["keypoints"] = [0, 0, 2] * 2
    truth.write_text(json.dumps(record), encoding="utf-8")
    wrong = keras2cv.evaluate(load(built(name)[1]), [tmp_path, truth])
    assert wrong.metrics[f"{kind}_AP50"] == pytest.approx(0.0)
    assert wrong.metrics["mAP"] == found.metrics["mAP"]


def test_the_answers_of_a_pipeline_are_compared(built: Built) -> None:
    """Masks, points and corners that a user's own pipeline gives for each box."""
    image = nets.draw_ellipses(187, 131, seed=3)
    for name, key, wrong in (
        ("masks", "mask", lambda r: {**r, "counts": [131 * 187]}),
        ("points", "keypoints", lambda r: [[p["xy"][0] + 9, p["xy"][1]] for p in r]),
        ("rotated", "polygon_xy", lambda r: [[x + 9, y + 9] for x, y in r]),
    ):
        result: Any = load(built(name)[1]).predict(image)
        given = result.to_dict()["detections"]
        assert not match("detect", given, result, AnswerLimits()).difference
        given[0] = {**given[0], key: wrong(given[0][key])}
        assert match("detect", given, result, AnswerLimits()).difference
        plain = Detections(result.boxes_xyxy, result.scores, result.class_ids, result.image_wh,
                           result.labels)  # fmt: skip
        with pytest.raises(AnswerFormError, match="and the bundle has none"):
            match("detect", given, plain, AnswerLimits())


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("masks", {"prototypes": "scores"}, "must be (h, w, prototypes), got [384, 3]"),
        (
            "masks",
            {"mask_coefficients": "scores", "scores": "coefs"},
            "must hold 384 x 5 values, one for each of 384 boxes and 5 prototypes, got [384, 3]",
        ),
        ("masks in a table", {"columns": "box+scores"}, "and no output has their coefficients"),
        ("points", {"point_format": "xy", "point_count": 2}, "There are 2 points"),
        ("points", {"point_format": "heatmaps"}, "and not heatmaps"),
        ("people", {"columns": "points+box+scores", "point_count": 4}, "no column for a class"),
        ("people", {"columns": "points+box+score+class"}, "has 3 numbers, and a box has 5 in"),
        ("rotated", {"angle_units": None}, "or (..., 5) with --angle-units"),
        (
            "rotated",
            {"angle_units": None, "box_format": "cxcywh", "boxes": "boxes"},
            "Give --angle-units degrees",
        ),
        ("rotated", {"box_format": "xyxy"}, "rotated boxes are cxcywh, got xyxy"),
        ("rotated", {"mask_edges": "ceil"}, "--mask-edges is for masks of boxes, and no output"),
        ("masks of boxes", {"mask_activation": None}, "Give --mask-activation none"),
        ("masks", {"columns_axis": "first"}, "columns_axis: belongs to columns"),
        ("rotated", {"angle_units": "deg"}, "angle_units must be degrees or radians, got 'deg'"),
        ("masks", {"mask_edges": "int"}, "mask_edges must be exact or round or floor or ceil, got"),
    ],
)
def test_descriptions_that_contradict_the_outputs(
    name: str, change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    """One sentence with the numbers."""
    build, detect = CASES[name]
    with pytest.raises(keras2cv.UsageError) as caught:
        export(build(), tmp_path / "x.cv", preprocess="0-1", detect={**detect, **change})
    assert message in str(caught.value)


def test_angles_and_names_of_points_are_compared(built: Built) -> None:
    """A quarter of a turn exchanges width and height; a name or a degree makes another answer."""
    image = nets.draw_ellipses(187, 131, seed=3)
    limits = AnswerLimits(task=read_bundle(built("rotated")[1]).manifest.task)
    turned: Any = load(built("rotated")[1]).predict(image)
    boxes = [
        {"label": b.label, "score": b.score, "box_xyxy": b.box_xyxy, "angle": b.angle + 90}
        for b in turned
    ]
    assert match("detect", boxes, turned, limits).difference == ""
    boxes[0]["angle"] += 1
    assert (
        "the angle of a box is 1 degrees off" in match("detect", boxes, turned, limits).difference
    )
    points: Any = load(built("points")[1]).predict(image)
    answer = points.to_dict()
    assert match("detect", answer, points, limits).difference == ""
    answer["detections"][0]["keypoints"][0]["label"] = "nose"
    found = match("detect", answer, points, limits).difference
    assert found == "the point 'nose' is called 'middle'"
