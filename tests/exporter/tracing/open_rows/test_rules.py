"""Selections of as many boxes as there are, and what models do with them, come after the net."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

import keras2cv
from keras2cv.bundle.reading import read_bundle
from keras2cv.codegen.tail_steps import lacking
from keras2cv.errors import UnsupportedError
from keras2cv_export import check, export

Array = NDArray[Any]


def _gathered(boxes: Any, scores: Any) -> Any:
    """Boxes, scores and classes by the indices, as most people write it."""
    best = tf.reduce_max(scores[0], -1)
    kept = tf.image.non_max_suppression(boxes[0], best, 6, 0.4, 0.45)
    classes = tf.gather(tf.argmax(scores[0], -1, output_type=tf.int32), kept)
    return {"boxes": tf.gather(boxes[0], kept), "scores": tf.gather(best, kept), "classes": classes}


def _per_class(boxes: Any, scores: Any) -> Any:
    """keras-yolo3's: a mask and a selection for each class, joined."""
    found, best, classes = [], [], []
    for c in range(scores.shape[-1]):
        mask = scores[0, :, c] >= 0.45
        mine, own = tf.boolean_mask(boxes[0], mask), tf.boolean_mask(scores[0, :, c], mask)
        kept = tf.image.non_max_suppression(mine, own, 4, iou_threshold=0.3)
        found.append(tf.gather(mine, kept))
        best.append(tf.gather(own, kept))
        classes.append(tf.ones_like(best[-1], "int32") * c)
    joined = [tf.concat(parts, axis=0) for parts in (found, best, classes)]
    return dict(zip(("boxes", "scores", "classes"), joined, strict=True))


def _ranked(boxes: Any, scores: Any) -> Any:
    """The best of all classes, in pixels, with a batch axis, and how many they are."""
    rows = []
    for c in range(scores.shape[-1]):
        kept = tf.image.non_max_suppression(boxes[0], scores[0, :, c], 5, 0.3, 0.4)
        label = tf.fill([tf.shape(kept)[0]], float(c))
        best = tf.gather(scores[0, :, c], kept)
        box = tf.gather(boxes[0], kept) * tf.constant([14.0, 20.0, 14.0, 20.0])
        rows.append(tf.concat([box, best[:, None], label[:, None]], axis=1))
    table = tf.concat(rows, 0)
    count = tf.shape(table)[0]
    _, order = tf.math.top_k(table[:, 4], tf.minimum(7, count))
    return {"table": tf.gather(table, order)[None], "count": tf.reshape(count, (1,))}


def _padded(boxes: Any, scores: Any) -> Any:
    """Filled up to a size by the model itself."""
    best = tf.reduce_max(scores[0], -1)
    kept, own = tf.image.non_max_suppression_with_scores(boxes[0], best, 6, 0.4, 0.45)
    rows = tf.concat([tf.gather(boxes[0], kept), own[:, tf.newaxis]], -1)
    missing = 8 - tf.shape(rows)[0]
    rows = tf.pad(rows, [[0, missing], [0, 0]], constant_values=-1.0)
    return tf.reshape(rows, (1, 8, 5))


def _highest(boxes: Any, scores: Any) -> Any:
    """The best score of those that are selected, and of all the lowest corner."""
    best = tf.reduce_max(scores[0], -1)
    kept, own = tf.image.non_max_suppression_with_scores(boxes[0], best, 6, 0.4, 0.45)
    return {"most": tf.reduce_max(own)[None], "low": tf.reduce_min(tf.gather(boxes[0], kept), 0)}


def _mapped(boxes: Any, scores: Any) -> Any:
    """In a loop over a batch of one."""

    def one(pair: Any) -> Any:
        kept = tf.image.non_max_suppression(pair[0], tf.reduce_max(pair[1], -1), 6, 0.4, 0.45)
        return tf.gather(pair[0], kept)[:4]

    return tf.map_fn(one, (boxes, scores), fn_output_signature=tf.float32)


def _places(boxes: Any, scores: Any) -> Any:
    """Every box and class above a threshold."""
    places = tf.where(scores[0] > 0.5)
    return {
        "boxes": tf.gather(boxes[0], places[:, 0]),
        "scores": tf.gather_nd(scores[0], places),
        "classes": places[:, 1],
        "sum": tf.reduce_sum(tf.gather_nd(scores[0], places))[None],
    }


KINDS = (_gathered, _per_class, _ranked, _padded, _mapped, _places, _highest)


def _detector(select: Callable[[Any, Any], Any]) -> keras.Model:
    """Return a net of three convolutions that scores 3 classes in 5 x 8 cells, and `select`."""
    keras.utils.set_random_seed(3)
    image = keras.Input((14, 20, 3), batch_size=1, name="image")
    seen = keras.layers.Conv2D(6, 3, strides=2, padding="same", activation="relu")(image)
    places = keras.layers.Reshape((-1, 4))(keras.layers.Conv2D(4, 3, activation="sigmoid")(seen))
    scores = keras.layers.Conv2D(3, 3, activation="sigmoid")(seen)
    scores = keras.layers.Reshape((-1, 3))(scores)
    low, sides = places[..., :2] * 0.8, places[..., 2:] * 0.3 + 0.05
    boxes = keras.layers.Concatenate()([low, low + sides])
    return keras.Model(image, _layer(select)(boxes, scores))


def _layer(select: Callable[[Any, Any], Any]) -> keras.layers.Layer:
    class Select(keras.layers.Layer):
        def call(self, boxes: Any, scores: Any) -> Any:
            return select(boxes, scores)

    return Select()


@pytest.mark.parametrize("select", KINDS)
def test_answers_are_keras_with_zeros_behind(select: Any, tmp_path: Path) -> None:
    """Whatever the number that is found, none included."""
    model = _detector(select)
    report = export(model, tmp_path / "b.cv", task="raw")
    assert report.manifest.status == "verified"
    runner = keras2cv.load(tmp_path / "b.cv")
    numbers = set()
    for seed in range(4):
        image = np.random.default_rng(seed).uniform(0, seed, (1, 14, 20, 3)).astype(np.float32)
        wanted = [np.asarray(t) for t in tf.nest.flatten(model(image))]
        for got, own in zip(runner.infer(image), wanted, strict=True):
            numbers.add(own.shape)
            filled = np.pad(own, [(0, n - m) for n, m in zip(got.shape, own.shape, strict=True)])
            assert got.dtype == own.dtype
            np.testing.assert_allclose(got, filled, atol=2e-5)
    if select not in (_padded, _highest):
        assert len(numbers) > 1


@pytest.mark.parametrize("select", [_gathered, _per_class, _ranked, _padded])
def test_other_languages_have_the_steps(select: Any, tmp_path: Path) -> None:
    """What follows a selection is written as steps that C++, Java and JavaScript do as well."""
    export(_detector(select), tmp_path / "b.cv", task="raw", check=False)
    assert not lacking(read_bundle(tmp_path / "b.cv").manifest)


def _mean(boxes: Any, scores: Any) -> Any:
    kept = tf.image.non_max_suppression(boxes[0], scores[0, :, 0], 6)
    return tf.reduce_mean(tf.gather(boxes[0], kept), 0)


def _soft(boxes: Any, scores: Any) -> Any:
    best = scores[0, :, 0]
    return tf.image.non_max_suppression_with_scores(boxes[0], best, 6, soft_nms_sigma=0.5)[0]


def _overlapping(boxes: Any, scores: Any) -> Any:
    table = tf.matmul(boxes[0], boxes[0], transpose_b=True)
    return tf.image.non_max_suppression_overlaps(table, scores[0, :, 0], 6)


def _last(boxes: Any, scores: Any) -> Any:
    kept = tf.image.non_max_suppression(boxes[0], scores[0, :, 0], 6)
    return tf.gather(boxes[0], kept[-1:])


def _fixed(boxes: Any, scores: Any) -> Any:
    kept = tf.image.non_max_suppression(boxes[0], scores[0, :, 0], 6)
    return tf.reshape(tf.gather(boxes[0], kept), (6, 4))


def _paired(boxes: Any, scores: Any) -> Any:
    kept = tf.gather(boxes[0], tf.image.non_max_suppression(boxes[0], scores[0, :, 0], 6))
    return kept[:, None] - kept[None]


@pytest.mark.parametrize(
    ("select", "problem"),
    [
        (_mean, "Mean in .*depends on how many boxes there are.*--nms"),
        (_soft, "NonMaxSuppressionV5 in .*soft suppression.*Set soft_nms_sigma to 0"),
        (_overlapping, "NonMaxSuppressionWithOverlaps in .*Give the boxes themselves"),
        (_last, "StridedSlice in .*counts from the end"),
        (_fixed, "Reshape in .*a fixed size of a number that depends on values"),
        (_paired, "Sub in .*joins or pairs boxes"),
    ],
)
def test_what_depends_on_the_number_otherwise_is_refused(
    select: Any, problem: str, tmp_path: Path
) -> None:
    """Before anything is written, with the op and the way out."""
    with pytest.raises(UnsupportedError, match=problem):
        export(_detector(select), tmp_path / "b.cv", task="raw")


def test_the_note_and_a_later_check(tmp_path: Path) -> None:
    """The note names the outputs and their sizes; a check fills Keras' answers up."""
    model = _detector(_gathered)
    report = export(model, tmp_path / "b.cv", task="raw")
    [note] = [one for one in report.notes if "as many rows as it finds" in one]
    assert "boxes (6, 4)" in note
    assert check(tmp_path / "b.cv", against=model).parity.verdict == "pass"
