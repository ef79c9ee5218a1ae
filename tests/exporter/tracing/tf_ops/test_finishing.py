"""The NumPy steps after the net compute the same as TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from keras2cv.numpy_tail.finish import finish
from keras2cv.numpy_tail.nms import combined_nms, nms
from keras2cv.numpy_tail.step import NmsRule
from keras2cv_export.targets.importer_support import UnsupportedOpsError
from keras2cv_export.tracing.cut_numpy_tail import cut_numpy_tail
from keras2cv_export.tracing.tf_ops.node import INPUT

Array = NDArray[Any]


def _boxes(rng: np.random.Generator, *shape: int) -> Array:
    """Boxes about the unit square: some turned round, some without an area, some alike."""
    middle = rng.uniform(-0.2, 1.2, (*shape, 2))
    half = rng.uniform(0.01, 0.4, (*shape, 2))
    boxes = np.concatenate([middle - half, middle + half], -1).astype(np.float32)
    kind = rng.integers(0, 8, shape)
    boxes[kind == 0] = boxes[kind == 0][:, [2, 3, 0, 1]]
    boxes[kind == 1, 2:] = boxes[kind == 1, :2]
    boxes[kind == 2] = boxes.reshape(-1, 4)[0]
    return boxes


@pytest.mark.parametrize("pad_per_class", [False, True])
@pytest.mark.parametrize("clip", [False, True])
@pytest.mark.parametrize("own_boxes", [False, True])
@pytest.mark.parametrize("threshold", [-np.inf, 0.0, 0.5, 2.0])
@pytest.mark.parametrize("iou", [0.0, 0.3, 0.999])
def test_the_combined_selection_is_exact(
    pad_per_class: bool, clip: bool, own_boxes: bool, threshold: float, iou: float
) -> None:
    """Every number and type, for several samples and classes, with none found and with many."""
    rng = np.random.default_rng(19)
    for count, classes, per_class, total in ((1, 3, 4, 7), (37, 1, 9, 5), (310, 4, 30, 90)):
        boxes = _boxes(rng, 2, count, classes if own_boxes else 1)
        scores = rng.permutation(2 * count * classes).reshape(2, count, classes)
        scores = (scores / scores.size * 1.5 - 0.5).astype(np.float32)
        expected = tf.image.combined_non_max_suppression(
            boxes, scores, per_class, total, iou, threshold, pad_per_class, clip
        )
        rule = NmsRule(
            per_class, iou, None if threshold < 0 else threshold, total, pad_per_class, clip
        )
        for wanted, got in zip(expected, combined_nms(boxes, scores, rule), strict=True):
            assert wanted.numpy().dtype == got.dtype
            np.testing.assert_array_equal(got, wanted.numpy())


def test_of_equal_scores_the_same_boxes_are_kept_by_the_combined_selection() -> None:
    """TensorFlow's order among them is its C++ library's; ours is by index."""
    rng = np.random.default_rng(8)
    boxes = np.arange(40, dtype=np.float32)[:, None] * 3 + np.array([0, 0, 1, 2], np.float32)
    scores = rng.integers(1, 4, (1, 40, 2)).astype(np.float32) / 4
    expected = tf.image.combined_non_max_suppression(
        boxes[None, :, None], scores, 40, 80, clip_boxes=False
    )
    got = combined_nms(boxes[None, :, None], scores, NmsRule(40, 0.5, None, 80, False, False))
    np.testing.assert_array_equal(got[1], expected[1].numpy())
    rows = [np.column_stack([t[0], s[0], c[0]]) for t, s, c, _ in (got, expected)]
    np.testing.assert_array_equal(*(row[np.lexsort(row.T)] for row in rows))


@pytest.mark.parametrize("threshold", [-np.inf, 0.3, 2.0])
@pytest.mark.parametrize("iou", [0.0, 0.5])
def test_the_selection_of_one_class_is_exact_with_equal_scores_too(
    threshold: float, iou: float
) -> None:
    """TensorFlow defines the order of equal scores."""
    rng = np.random.default_rng(23)
    for count, kept in ((1, 4), (50, 7), (600, 200)):
        boxes, scores = _boxes(rng, count), rng.random(count).round(1).astype(np.float32)
        expected = tf.raw_ops.NonMaxSuppressionV5(
            boxes=boxes, scores=scores, max_output_size=kept, iou_threshold=iou,
            score_threshold=threshold, soft_nms_sigma=0.0, pad_to_max_output_size=True,
        )  # fmt: skip
        rule = NmsRule(kept, iou, None if threshold < 0 else threshold)
        for wanted, got in zip(expected, nms(boxes, scores, rule), strict=True):
            assert wanted.numpy().dtype == got.dtype
            np.testing.assert_array_equal(got, wanted.numpy())


def _cut(after: Callable[[Any, Any], Any]) -> tuple[list[Array], list[Array], list[str]]:
    """Select boxes and do `after(indices, valid)`; return ours, TensorFlow's and the steps."""
    rng = np.random.default_rng(31)
    boxes, scores = _boxes(rng, 20), rng.random(20).astype(np.float32)

    def model(boxes: Any, scores: Any) -> list[Any]:
        indices, valid = tf.raw_ops.NonMaxSuppressionV4(
            boxes=boxes, scores=scores, max_output_size=6, iou_threshold=0.2,
            score_threshold=0.6, pad_to_max_output_size=True,
        )  # fmt: skip
        return list(tf.nest.flatten(after(tf.gather(boxes, indices), valid)))

    with tf.Graph().as_default():
        inputs = [
            tf.compat.v1.placeholder(tf.float32, array.shape, name=f"{INPUT}_{k}")
            for k, array in enumerate((boxes, scores))
        ]
        outputs = model(*inputs)
        cut = cut_numpy_tail(outputs, ["head_0"])
        assert cut is not None
        given = {inputs[0].name: boxes, inputs[1].name: scores}
        heads = {name: given[tensor.name] for name, tensor in cut.heads.items()}
    made = finish(heads, cut.steps)
    ours = [made[cut.made[k]] for k in range(len(outputs))]
    return ours, [t.numpy() for t in model(boxes, scores)], [step.op for step in cut.steps]


_AFTER: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "scaled": (lambda b, _: b * [20.0, 14.0, 20.0, 14.0] - 0.5, "multiply"),
    "divided": (lambda b, _: b / 3.0, "divide"),
    "corners turned": (lambda b, _: b[:, ::-1], "slice"),
    "a column": (lambda b, _: b[1:, 2, tf.newaxis], "slice"),
    "the last rows": (lambda b, _: b[-2:, ..., 1::2], "slice"),
    "a slice": (lambda b, _: tf.slice(b, [1, 2], [3, 2]), "slice"),
    "columns apart": (lambda b, _: tf.unstack(b, axis=-1), "slice"),
    "halves": (lambda b, _: tf.split(b, 2, axis=1), "slice"),
    "joined": (lambda b, _: tf.concat([b, b[:, :1]], -1), "concat"),
    "stacked": (lambda b, _: tf.stack([b, b + 1.0], -1), "stack"),
    "turned": (lambda b, _: tf.transpose(b), "transpose"),
    "flat": (lambda b, _: tf.reshape(b, [-1]), "reshape"),
    "expanded": (lambda b, _: tf.squeeze(b[None, ..., None], 0), "reshape"),
    "masked": (
        lambda b, n: tf.where(tf.sequence_mask(n, 6)[:, None], b, -1.0),
        "where",
    ),
    "clipped": (lambda b, _: tf.clip_by_value(b, 0.1, 0.7), "minimum"),
    "ranked": (lambda b, _: tf.math.top_k(b, 3), "top_k"),
    "counted": (lambda _, n: tf.cast(n, tf.float32), "cast"),
    "asked": (
        lambda b, n: tf.logical_and(b[:, 0] > 0.2, tf.logical_not(tf.range(6) >= n)),
        "and",
    ),
}


@pytest.mark.parametrize("name", list(_AFTER))
def test_what_follows_a_selection_is_exact(name: str) -> None:
    """Every number, shape and type, by the step that is meant for it."""
    after, step = _AFTER[name]
    ours, expected, ops = _cut(after)
    assert step in ops
    for got, wanted in zip(ours, expected, strict=True):
        assert (got.shape, got.dtype) == (wanted.shape, wanted.dtype)
        np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize(
    ("after", "problem"),
    [
        (lambda b, _: tf.math.erf(b), "Erf in"),
        (lambda b, _: tf.cast(b, tf.float16), "conversion to float16"),
        (lambda b, _: b + tf.sin(b), "Sin in"),
    ],
)
def test_what_no_step_does_is_refused(after: Callable[[Any, Any], Any], problem: str) -> None:
    """The error names the op."""
    with pytest.raises(UnsupportedOpsError, match=problem):
        _cut(after)
