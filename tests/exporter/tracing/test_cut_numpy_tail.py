"""Models that end in box selection: the net is cut before it, and the bundle finishes the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

import keras2cv
from keras2cv.bundle.reading import read_bundle
from keras2cv.cli.card import describe
from keras2cv.codegen import generate
from keras2cv.errors import UnsupportedError
from keras2cv_export import check, export

Array = NDArray[Any]


@keras.saving.register_keras_serializable(package="test_to_tail")
class Select(keras.layers.Layer):
    """The best boxes of all classes, as most detectors in TensorFlow end."""

    def call(self, boxes: Any, scores: Any) -> Any:
        """Return corners y, x, y, x as shares, scores, class numbers and counts."""
        best = tf.image.combined_non_max_suppression(
            boxes[:, :, None], scores, 5, 7, iou_threshold=0.4, score_threshold=0.45
        )
        return {
            "boxes": best.nmsed_boxes,
            "scores": best.nmsed_scores,
            "classes": tf.cast(best.nmsed_classes, tf.int32),
            "valid": best.valid_detections,
        }


@keras.saving.register_keras_serializable(package="test_to_tail")
class SelectEach(keras.layers.Layer):
    """The best boxes of each sample, whatever their class, in a loop over the samples."""

    def call(self, boxes: Any, scores: Any) -> Any:
        """Return their corners, all their scores, and how many they are."""

        def one(pair: Any) -> Any:
            indices, valid = tf.raw_ops.NonMaxSuppressionV4(
                boxes=pair[0], scores=tf.reduce_max(pair[1], -1), max_output_size=6,
                iou_threshold=0.4, score_threshold=0.4, pad_to_max_output_size=True,
            )  # fmt: skip
            return tf.gather(pair[0], indices) * 20.0, tf.gather(pair[1], indices), valid

        types = (tf.float32, tf.float32, tf.int32)
        boxes, scores, valid = tf.map_fn(one, (boxes, scores), fn_output_signature=types)
        return {"boxes": boxes, "scores": scores, "valid": valid}


class SelectAndBend(keras.layers.Layer):
    """A selection, and then an op that no tail has."""

    def call(self, boxes: Any, scores: Any) -> Any:
        """Return the sines of the best boxes' corners."""
        best = tf.image.combined_non_max_suppression(boxes[:, :, None], scores, 5, 7)
        return tf.sin(best.nmsed_boxes)


class SelectSome(keras.layers.Layer):
    """The same behind a selection that is not padded: as many boxes as there are."""

    def call(self, boxes: Any, scores: Any) -> Any:
        """Return the first sample's."""
        kept = tf.image.non_max_suppression(boxes[0], scores[0, :, 0], 6)
        return tf.sin(tf.gather(boxes[0], kept))[None]


@keras.saving.register_keras_serializable(package="test_to_tail")
class Rank(keras.layers.Layer):
    """The best of all boxes and classes, as detectors without suppression end."""

    def call(self, boxes: Any, scores: Any) -> Any:
        """Return the best scores, their boxes and columns of cells."""
        classes = scores.shape[-1]
        best, places = tf.math.top_k(keras.ops.reshape(scores, (-1, scores.shape[1] * classes)), 9)
        boxes = tf.gather(boxes, places // classes, axis=1, batch_dims=1)
        return {"boxes": boxes, "scores": best, "columns": places // classes % 20}


def _ranker() -> keras.Model:
    """Return a net of two convolutions that scores 3 classes in 40 x 20 cells, and `Rank`."""
    keras.utils.set_random_seed(5)
    image = keras.Input((42, 22, 3), name="image")
    boxes = keras.layers.Reshape((-1, 4))(keras.layers.Conv2D(4, 3)(image))
    scores = keras.layers.Reshape((-1, 3))(keras.layers.Conv2D(3, 3)(image))
    return keras.Model(image, Rank()(boxes, scores))


def _detector(select: keras.layers.Layer, *, raw: bool = False) -> keras.Model:
    """Return a net of three convolutions that scores 3 classes in 5 x 8 cells, and `select`."""
    keras.utils.set_random_seed(3)
    image = keras.Input((14, 20, 3), name="image")
    seen = keras.layers.Conv2D(6, 3, strides=2, padding="same", activation="relu")(image)
    places = keras.layers.Reshape((-1, 4))(keras.layers.Conv2D(4, 3, activation="sigmoid")(seen))
    scores = keras.layers.Conv2D(3, 3, activation="sigmoid")(seen)
    scores = keras.layers.Reshape((-1, 3))(scores)
    low, sides = places[..., :2] * 0.8, places[..., 2:] * 0.3 + 0.05
    boxes = keras.layers.Concatenate()([low, low + sides])
    outputs = select(boxes, scores)
    return keras.Model(image, {**outputs, "all_scores": scores} if raw else outputs)


def _images(count: int) -> Array:
    return np.random.default_rng(1).uniform(0, 1, (count, 14, 20, 3)).astype(np.float32)


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("select", [Select, SelectEach])
def test_the_bundle_finishes_what_the_net_cannot(
    select: type[keras.layers.Layer], batch: int, tmp_path: Path
) -> None:
    """Every output is Keras', whole numbers exactly, also those that the net gives itself."""
    model = _detector(select(), raw=True)
    report = export(model, tmp_path / "boxes.cv", batch=batch)
    assert report.manifest.status == "verified"
    assert any("OpenCV has no op for the model's end" in note for note in report.notes)
    runner = keras2cv.load(tmp_path / "boxes.cv")
    images = _images(5)
    expected = model.predict(images, verbose=0)
    for name, got in zip(runner.output_names, runner.infer(images), strict=True):
        wanted = expected[name]
        assert (got.shape, got.dtype) == (wanted.shape, wanted.dtype)
        np.testing.assert_allclose(got, wanted, atol=2e-5 if got.dtype.kind == "f" else 0)
    assert expected["valid"].min() > 0


def test_a_large_top_k_is_done_after_the_net_where_an_opencv_has_none(tmp_path: Path) -> None:
    """The bundle then runs on every version; for those that have it, it stays in the net."""
    model = _ranker()
    report = export(model, tmp_path / "boxes.cv", batch=2)
    assert report.manifest.tail is not None
    assert report.manifest.tail.steps[0].op == "top_k"
    assert (report.manifest.status, report.manifest.model.opencv) == ("verified", "4.6")
    images = np.random.default_rng(2).uniform(0, 1, (3, 42, 22, 3)).astype(np.float32)
    expected = model.predict(images, verbose=0)
    runner = keras2cv.load(tmp_path / "boxes.cv")
    for name, got in zip(runner.output_names, runner.infer(images), strict=True):
        assert got.dtype == expected[name].dtype
        np.testing.assert_allclose(got, expected[name], atol=2e-5)
    newer = export(model, tmp_path / "boxes.cv", opencv="5.0", check=False)
    assert newer.manifest.tail is None


def test_the_manifest_lists_the_remaining_steps(tmp_path: Path) -> None:
    """As heads of the net and steps; the net's own outputs have no steps."""
    manifest = export(_detector(Select(), raw=True), tmp_path / "boxes.cv").manifest
    assert manifest.tail is not None
    assert [step.op for step in manifest.tail.steps] == ["combined_nms", "cast"]
    assert [head.keras_shape for head in manifest.tail.heads] == [(1, 40, 1, 4), (1, 40, 3)]
    assert [o.name for o in manifest.outputs if o.net_name in manifest.tail.made] == [
        "boxes", "classes", "scores", "valid",
    ]  # fmt: skip
    page = "\n".join(describe(manifest))
    assert "boxes, classes, scores, valid by combined_nms, cast in NumPy" in page


def test_boxes_that_the_model_selected_are_detections(tmp_path: Path) -> None:
    """The task detect reads them by their roles; rows that only fill up the outputs go."""
    detection = {
        "boxes": "boxes", "scores": "scores", "classes": "classes", "activation": "none",
        "box_format": "yxyx", "box_units": "normalised", "score": 0.0,
    }  # fmt: skip
    model = _detector(Select())
    export(
        model, tmp_path / "boxes.cv", task="detect", preprocess="0-1", resize="stretch",
        detect=detection,
    )  # fmt: skip
    runner = keras2cv.load(tmp_path / "boxes.cv")
    image = np.random.default_rng(6).integers(0, 256, (14, 20, 3), np.uint8)
    expected = model.predict(image[None, ..., ::-1] / np.float32(255), verbose=0)
    found: Any = runner.predict(image)
    count = int(expected["valid"][0])
    assert 0 < count == len(found.scores)
    np.testing.assert_allclose(found.scores, expected["scores"][0, :count], atol=2e-5)
    corners = expected["boxes"][0, :count, [1, 0, 3, 2]].T * [20, 14, 20, 14]
    np.testing.assert_allclose(found.boxes_xyxy, corners, atol=1e-3)


def test_a_later_check_and_a_self_test_finish_too(tmp_path: Path) -> None:
    """They ask the bundle, and not its net."""
    model = _detector(Select())
    export(model, tmp_path / "boxes.cv", check=False)
    assert check(tmp_path / "boxes.cv", against=model).parity.verdict == "pass"


@pytest.mark.parametrize(("language", "name"), [("cpp", "boxes.cpp"), ("python", "finish.py")])
def test_a_program_of_opencv_alone_has_the_steps(tmp_path: Path, language: str, name: str) -> None:
    """The program holds the code of all steps, and reads the list of steps from the manifest."""
    export(_detector(Select()), tmp_path / "boxes.cv", check=False, task="raw", preprocess="0-1")
    files = generate(read_bundle(tmp_path / "boxes.cv"), language, tmp_path / "program")
    [written] = [file for file in files if file.name == name]
    assert "combined" in written.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("select", "problem"),
    [
        (SelectAndBend, "CombinedNonMaxSuppression in .*Sin in .* behind it cannot be"),
        (SelectSome, "Sin in .*: it works on a number of boxes that depends on values"),
    ],
)
def test_an_end_that_has_no_steps_is_refused(
    select: type[keras.layers.Layer], problem: str, tmp_path: Path
) -> None:
    """Before anything is written, with the op that has no step."""
    with pytest.raises(UnsupportedError, match=problem):
        export(_detector(select()), tmp_path / "boxes.cv")
    assert not (tmp_path / "boxes.cv").exists()
