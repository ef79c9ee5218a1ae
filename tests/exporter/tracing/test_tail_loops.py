"""Loops whose number of steps depends on the input: greedy box selections, done after the net."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras2cv
from keras2cv.bundle.reading import read_bundle
from keras2cv.codegen import generate
from keras2cv.errors import Keras2cvWarning, UnsupportedError, UsageError
from keras2cv_export import export

Layer = keras.layers.Layer


@keras.saving.register_keras_serializable(package="test_tail_loops")
class Padded(Layer):
    """TensorFlow's selection for a whole batch: loops over tiles of boxes, in each other."""

    def call(self, boxes: Any, scores: Any) -> Any:
        """Return indices and counts."""
        indices, count = tf.image.non_max_suppression_padded(
            boxes, tf.reduce_max(scores, -1), 6, iou_threshold=0.4, score_threshold=0.4,
            pad_to_max_output_size=True, canonicalized_coordinates=True, tile_size=8,
        )  # fmt: skip
        return {"boxes": tf.gather(boxes, indices, batch_dims=1), "count": count}


@keras.saving.register_keras_serializable(package="test_tail_loops")
class Sweep(Layer):
    """A selection as collections for Keras 3 write it, with one loop over the best boxes."""

    def call(self, boxes: Any, scores: Any) -> Any:
        """Return the kept scores and their boxes."""
        ops = keras.ops
        best, order = ops.top_k(ops.max(scores, axis=-1), 12)
        boxes = ops.take_along_axis(boxes, order[..., None], axis=1)
        low = ops.maximum(boxes[:, :, None, :2], boxes[:, None, :, :2])
        high = ops.minimum(boxes[:, :, None, 2:], boxes[:, None, :, 2:])
        shared = ops.prod(ops.maximum(high - low, 0.0), axis=-1)
        area = ops.prod(boxes[..., 2:] - boxes[..., :2], axis=-1)
        iou = shared / (area[:, :, None] + area[:, None] - shared)
        valid = best > 0.4
        places = ops.arange(12)
        hides = ops.logical_and(iou > 0.4, places[None, :, None] < places[None, None])
        count = ops.max(ops.sum(ops.cast(valid, "int32"), axis=1))

        def step(i: Any, keep: Any) -> Any:
            hidden = ops.logical_and(ops.take(hides, i, axis=1), ops.take(keep, i, axis=1)[:, None])
            return i + 1, ops.logical_and(keep, ops.logical_not(hidden))

        _, keep = ops.while_loop(lambda i, _: i < count, step, (0, valid))
        return ops.concatenate([boxes, ops.where(keep, best, 0.0)[..., None]], axis=-1)


@keras.saving.register_keras_serializable(package="test_tail_loops")
class Softened(Layer):
    """Soft suppression in a loop: scores go down by how much boxes overlap the best one."""

    def call(self, boxes: Any, scores: Any) -> Any:
        """Return the best boxes, their scores and classes, one by one."""
        count = boxes.shape[1]
        sizes = boxes[..., 2:] - boxes[..., :2]
        area = tf.reduce_prod(sizes, -1)

        def step(k: Any, scores: Any, kept: Any) -> Any:
            best = tf.argmin(-tf.reduce_max(scores, -1), -1, output_type=tf.int32)
            box = tf.gather(boxes, best, batch_dims=1)[:, None]
            sides = tf.minimum(box, boxes)[..., 2:] - tf.maximum(box, boxes)[..., :2]
            shared = tf.reduce_prod(tf.maximum(sides, 0.0), -1)
            own = tf.gather(area, best, batch_dims=1)[:, None]
            whole = tf.add_n([tf.zeros_like(area) + own, area, -shared])
            overlap = tf.math.divide_no_nan(shared, whole)
            hot = tf.one_hot(best, count)
            kept += hot * tf.nn.softmax(tf.reduce_max(scores, -1)) * tf.tanh(tf.pow(overlap, 0.5))
            weight = tf.exp(-tf.math.squared_difference(overlap, 0.0) / 0.5) * (1.0 - hot)
            return k + 1, scores * tf.math.rsqrt(1.0 + weight)[..., None] * weight[..., None], kept

        kept = tf.zeros_like(scores[..., 0])
        _, scores, kept = tf.while_loop(
            lambda k, scores, _: tf.logical_and(k < 6, tf.reduce_max(scores) > 0.05),
            step, (0, scores, kept),
        )  # fmt: skip
        return {"scores": scores, "kept": tf.reverse(kept, [1])}


@keras.saving.register_keras_serializable(package="test_tail_loops")
class Collected(Layer):
    """A greedy selection that collects what it keeps in arrays of TensorFlow."""

    def call(self, boxes: Any, scores: Any) -> Any:
        """Return the kept places, boxes and their number, of the first sample."""
        boxes, scores = boxes[0], tf.reduce_max(scores[0], -1)
        places = tf.TensorArray(tf.int32, size=6)  # of elements that nothing but a step shows
        kept = tf.TensorArray(tf.float32, size=6, element_shape=(4,))

        def step(k: Any, scores: Any, places: Any, kept: Any) -> Any:
            best = tf.argmax(scores, output_type=tf.int32)
            sides = tf.minimum(boxes[best], boxes)[:, 2:] - tf.maximum(boxes[best], boxes)[:, :2]
            hidden = tf.reduce_prod(tf.maximum(sides, 0.0), -1) > 0.02
            scores = tf.where(hidden, tf.zeros_like(scores), scores)
            return k + 1, scores, places.write(k, best), kept.write(k, boxes[best])

        count, _, places, kept = tf.while_loop(
            lambda k, scores, *_: tf.logical_and(k < 6, tf.reduce_max(scores) > 0.4),
            step, (0, scores, places, kept),
        )  # fmt: skip
        chosen = tf.gather(boxes, places.stack())[None]
        return {"boxes": kept.stack()[None], "chosen": chosen, "count": count[None]}


@keras.saving.register_keras_serializable(package="test_tail_loops")
class Halved(Layer):
    """A loop on numbers: halved until they are small."""

    def call(self, boxes: Any, scores: Any) -> Any:  # noqa: ARG002 - as the others
        """Return the halved scores, and how often that was done."""
        return keras.ops.while_loop(
            lambda x, _: keras.ops.max(x) > 0.3,
            lambda x, n: (keras.ops.exp(keras.ops.log(x)) * 0.5, n + 1.0),
            (scores * 40.0, keras.ops.zeros((1,))),
        )


@keras.saving.register_keras_serializable(package="test_tail_loops")
class Growing(Layer):
    """A loop in the middle of the net."""

    def call(self, boxes: Any, scores: Any) -> Any:  # noqa: ARG002 - as the others
        """Return what a convolution makes of the loop's result."""
        (x,) = keras.ops.while_loop(
            lambda x: keras.ops.max(x) < 9.0, lambda x: (x * 2.0,), (scores,)
        )
        return tf.nn.softplus(x)


def _detector(select: Layer) -> keras.Model:
    """Return a net of three convolutions that scores 3 classes in 5 x 8 cells, and `select`."""
    keras.utils.set_random_seed(3)
    image = keras.Input((14, 20, 3), name="image")
    seen = keras.layers.Conv2D(6, 3, strides=2, padding="same", activation="relu")(image)
    places = keras.layers.Reshape((-1, 4))(keras.layers.Conv2D(4, 3, activation="sigmoid")(seen))
    scores = keras.layers.Conv2D(3, 3, activation="sigmoid")(seen)
    scores = keras.layers.Reshape((-1, 3))(scores)
    low, sides = places[..., :2] * 0.8, places[..., 2:] * 0.3 + 0.05
    return keras.Model(image, select(keras.layers.Concatenate()([low, low + sides]), scores))


@pytest.mark.parametrize(
    ("select", "batch"),
    [(Padded, 2), (Sweep, 1), (Sweep, 2), (Softened, 2), (Collected, 1), (Halved, 1)],
)
def test_a_loop_at_the_end_is_done_in_numpy(
    select: type[Layer], batch: int, tmp_path: Path
) -> None:
    """Bundles answer as Keras does, for a batch too."""
    model = _detector(select())
    export(model, tmp_path / "b.cv", task="raw", batch=batch, check=select is not Halved)
    images = np.random.default_rng(1).uniform(0, 1, (batch, 14, 20, 3)).astype(np.float32)
    expected = [np.asarray(a) for a in tf.nest.flatten(model(images))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Keras2cvWarning)  # the one that is not checked
        found = keras2cv.load(tmp_path / "b.cv").infer(images)
    for got, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5)


def test_a_loop_before_layers_that_no_tail_has_is_refused_in_one_sentence(tmp_path: Path) -> None:
    """The sentence names the op behind the loop."""
    sentence = r"While in .*growing.*done after the net.*Softplus.*cannot be"
    with pytest.raises(UnsupportedError, match=sentence):
        export(_detector(Growing()), tmp_path / "b.cv", task="raw")


@keras.saving.register_keras_serializable(package="test_tail_loops")
class Joined(Layer):
    """A loop whose list is joined end to end, and not stacked."""

    def call(self, boxes: Any, scores: Any) -> Any:
        """Return the collected boxes."""
        kept = tf.TensorArray(tf.float32, size=3, element_shape=(1, 4))
        *_, kept = tf.while_loop(
            lambda k, scores, _: tf.logical_and(k < 3, tf.reduce_max(scores) > 0.4),
            lambda k, scores, kept: (k + 1, scores * 0.5, kept.write(k, boxes[0, :1])),
            (0, scores, kept),
        )
        return kept.concat()[None]


def test_a_list_that_is_more_than_read_and_written_is_refused(tmp_path: Path) -> None:
    """In one sentence, with what to do."""
    sentence = "more than read and written at places. Give the TensorArray its size"
    with pytest.raises(UnsupportedError, match=sentence):
        export(_detector(Joined()), tmp_path / "b.cv", task="raw")


def test_programs_in_cpp_say_that_they_have_no_loops(tmp_path: Path) -> None:
    """Programs in Python hold the runtime's own code, and have them."""
    export(_detector(Halved()), tmp_path / "b.cv", task="raw", check=False)
    bundle = read_bundle(tmp_path / "b.cv")
    assert generate(bundle, "python", tmp_path / "python")
    with pytest.raises(UsageError, match=r"Programs in C\+\+ do not have .*: the step loop[.]"):
        generate(bundle, "cpp", tmp_path / "cpp")
