"""Segmenters: probabilities, logits, one channel, and labels that the model decides itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from support.segmenters import CLASSES, HEIGHT, WIDTH, ending_in_argmax, unet

from .subject import Answer, Array, Subject, stretched

THRESHOLD = 0.25


def subjects() -> Iterator[Subject]:
    """Yield the segmenters."""
    yield _subject("softmax", "a U-Net", partial(unet, CLASSES, "softmax"), _best)
    coarse = partial(unet, CLASSES, "softmax", stride=4)
    yield _subject("coarse softmax", "a quarter of the input's size", coarse, _best)
    yield _subject(
        "class logits", "no softmax", partial(unet, CLASSES, None), partial(_best, tf.nn.softmax)
    )
    mask = {"score": THRESHOLD}
    yield _subject("binary", "one channel", partial(unet, 1, "sigmoid"), _above, segment=mask)
    logits = partial(_above, tf.sigmoid)
    yield _subject(
        "binary logits", "one channel, no sigmoid", partial(unet, 1, None), logits, segment=mask
    )
    yield _subject("labels", "ends in argmax", ending_in_argmax, _nearest)


def _subject(name: str, about: str, build: Any, answer: Any, **settings: Any) -> Subject:
    common = {"task": "segment", "preprocess": "0-1", "interpolation": "tf-bilinear"}
    return Subject(name, about, build, {**common, **settings}, answer)


def _mask(model: keras.Model, image: Array) -> Array:
    return np.array(model(stretched(image, (WIDTH, HEIGHT)), training=False))[0]


def _best(*args: Any) -> Answer:
    """Return the best class at the image's own size; the first argument may be an activation."""
    grid = _resized(*args)
    return {"label_map": grid.argmax(axis=-1)}


def _above(*args: Any) -> Answer:
    return {"label_map": (_resized(*args)[..., 0] > THRESHOLD).astype(np.int32)}


def _resized(*args: Any) -> Array:
    *activation, model, image = args
    shares: Any = _mask(model, image)
    for function in activation:
        shares = function(shares)
    return np.array(tf.image.resize(shares, image.shape[:2]))


def _nearest(model: keras.Model, image: Array) -> Answer:
    labels = tf.image.resize(_mask(model, image)[..., None], image.shape[:2], "nearest")
    return {"label_map": np.array(labels)[..., 0]}


_Function = Callable[[Any], Any]
