"""Small Keras models of every kind, with informative weights and inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import layers

from conformance import randomize
from keras2cv_export.model.load import as_float32

Array = np.ndarray[Any, Any]
Draw = Callable[[np.random.Generator, int], Array]
HEIGHT, WIDTH = 13, 18


@dataclass(frozen=True)
class Kind:
    """A model, and its inputs.

    Attributes:
        build: Makes it.
        draws: For each input, in Keras' flat order: draws so many samples.
        keys: The keys of the inputs where it takes a dict.
        settings: Options of `export`.
        note: A part of the note that `export` gives.
    """

    build: Callable[[], keras.Model]
    draws: tuple[Draw, ...]
    keys: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    def model(self, seed: int = 3) -> keras.Model:
        """Return the model with the same informative weights for the same seed."""
        keras.utils.set_random_seed(seed)
        return randomize(self.build(), seed, self.inputs(8, seed))

    def inputs(self, count: int, seed: int) -> list[Array]:
        """Draw `count` samples of every input."""
        return [draw(np.random.default_rng((seed, k)), count) for k, draw in enumerate(self.draws)]

    def answer(self, model: keras.Model, arrays: Sequence[Array]) -> list[Array]:
        """Return Keras' prediction, flattened, computed in float32."""
        packed: Any = arrays[0] if len(arrays) == 1 else list(arrays)
        if self.keys:
            packed = dict(zip(self.keys, arrays, strict=True))
        with as_float32(model):
            return [np.array(x) for x in keras.tree.flatten(model(packed, training=False))]


def floats(*shape: int) -> Draw:
    """Draw float32 numbers around zero."""
    return lambda rng, count: rng.normal(size=(count, *shape)).astype(np.float32)


def integers(dtype: str, stop: int, *shape: int) -> Draw:
    """Draw whole numbers from 0 to below `stop`."""
    return lambda rng, count: rng.integers(0, stop, (count, *shape)).astype(dtype)


def photo() -> Any:
    """Return a picture as an input."""
    return keras.Input((HEIGHT, WIDTH, 3), name="photo")


def convolved(x: Any, name: str = "conv") -> Any:
    """Return a normalised convolution of a picture."""
    return layers.BatchNormalization()(layers.Conv2D(5, 3, strides=2, name=name)(x))


def functional() -> keras.Model:
    """Return a classifier of pictures."""
    x = photo()
    y = layers.Flatten()(layers.Activation("relu")(convolved(x)))
    return keras.Model(x, layers.Dense(4, activation="softmax", name="kind")(y))


def sequential() -> keras.Model:
    """Return a stack for a table."""
    return keras.Sequential(
        [keras.Input((7,), name="row"), layers.Dense(6, "tanh"), layers.Dense(2, name="values")]
    )


def nested() -> keras.Model:
    """Return one tower for two pictures, compared."""
    x = photo()
    tower = keras.Model(x, layers.GlobalMaxPooling2D()(convolved(x)), name="tower")
    left = keras.Input((HEIGHT, WIDTH, 3), name="left")
    right = keras.Input((HEIGHT, WIDTH, 3), name="right")
    return keras.Model([left, right], layers.Subtract(name="apart")([tower(left), tower(right)]))


class Branches(keras.Model):
    """A subclassed model: a dict of a picture and a table, to nested outputs."""

    def __init__(self) -> None:
        super().__init__(name="branches")
        self.conv = layers.Conv2D(5, 3, name="conv")
        self.dense = layers.Dense(6, activation="tanh", name="dense")
        self.scores = layers.Dense(3, name="scores")

    def call(self, inputs: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """Return {"maps": [map, its mean], "scores": (N, 3)}."""
        picture, row = self.conv(inputs["photo"]), self.dense(inputs["row"])
        mean = keras.ops.mean(picture, axis=(1, 2))
        if training:
            mean = mean * 0
        joined = keras.ops.concatenate([mean, row], axis=-1)
        return {"scores": self.scores(joined), "maps": [picture, mean]}


def subclassed_dict() -> keras.Model:
    """Return it, called once."""
    model = Branches()
    model({"photo": np.zeros((1, HEIGHT, WIDTH, 3), "f4"), "row": np.zeros((1, 7), "f4")})
    return model


class Weighed(keras.Model):
    """A subclassed model of a list of two tables."""

    def __init__(self) -> None:
        super().__init__(name="weighed")
        self.first, self.second = layers.Dense(5, name="first"), layers.Dense(5, name="second")

    def call(self, inputs: list[Any]) -> Any:
        """Return (N, 5)."""
        left, right = inputs
        return self.first(left) * keras.ops.sigmoid(self.second(right))


def subclassed_list() -> keras.Model:
    """Return it, called once."""
    model = Weighed()
    model([np.zeros((1, 7), "f4"), np.zeros((1, 4), "f4")])
    return model


@keras.saving.register_keras_serializable("keras2cv_tests")
class Excite(layers.Layer):
    """A layer of a user's own: each channel times a learned gate."""

    def build(self, shape: Any) -> None:
        """Make one kernel."""
        self.kernel = self.add_weight(shape=(shape[-1], shape[-1]), name="kernel")

    def call(self, x: Any) -> Any:
        """Return (N, H, W, C)."""
        return x * keras.ops.sigmoid(keras.ops.mean(x, (1, 2), keepdims=True) @ self.kernel)


def custom() -> keras.Model:
    """Return a picture model with that layer in it."""
    x = photo()
    return keras.Model(x, Excite(name="excited")(convolved(x)))


def words() -> keras.Model:
    """Return a model of word indices and their weights."""
    text = keras.Input((9,), dtype="int32", name="text")
    y = layers.Conv1D(5, 3, padding="causal")(layers.Embedding(17, 6)(text))
    return keras.Model(text, layers.Dense(3, name="mood")(layers.GlobalMaxPooling1D()(y)))


def volume() -> keras.Model:
    """Return a 3-D convolution."""
    x = keras.Input((5, 7, 6, 2), name="scan")
    return keras.Model(x, layers.Conv3D(4, 2, padding="same", name="found")(x))


def scalar() -> keras.Model:
    """Return a model of one number per sample, of rank 1."""
    x = keras.Input((), name="hours")
    return keras.Model(x, keras.ops.sin(x) * 3 + x)


def image_of_bytes() -> keras.Model:
    """Return a picture model of uint8 pixels."""
    x = keras.Input((HEIGHT, WIDTH, 3), dtype="uint8", name="photo")
    y = layers.Flatten()(convolved(layers.Rescaling(1 / 127.5, offset=-1)(x)))
    return keras.Model(x, layers.Dense(1, activation="sigmoid", name="is_cat")(y))


def half() -> keras.Model:
    """Return a mixed-precision model."""
    x = photo()
    policy = keras.DTypePolicy("mixed_float16")
    y = layers.Conv2D(6, 3, dtype=policy, name="conv")(x)
    y = layers.GlobalAveragePooling2D(dtype=policy)(layers.Activation("relu", dtype=policy)(y))
    return keras.Model(x, layers.Dense(4, name="logits", dtype=policy)(y))


def any_size() -> keras.Model:
    """Return a fully convolutional model of pictures of any size."""
    x = keras.Input((None, None, 3), name="photo")
    y = layers.UpSampling2D(2, interpolation="bilinear")(convolved(x))
    return keras.Model(x, layers.Conv2D(2, 1, activation="sigmoid", name="mask")(y))


def twice_the_same() -> keras.Model:
    """Return one tensor under two names, and an input as an output."""
    x = keras.Input((7,), name="row")
    y = layers.Dense(3, name="scores")(x)
    return keras.Model(x, {"first": y, "second": y, "unchanged": x})


def called_like_its_input() -> keras.Model:
    """Return an output that has the input's name."""
    x = keras.Input((HEIGHT, WIDTH, 3), name="photo")
    return keras.Model(x, {"photo": layers.Conv2D(3, 3, padding="same", name="denoised")(x)})


def whole_numbers() -> keras.Model:
    """Return integer and boolean outputs."""
    x = keras.Input((7,), name="row")
    y = layers.Dense(5, name="scores")(x)
    return keras.Model(x, {"best": keras.ops.argmax(y, axis=-1), "positive": y > 0})


PIXELS = (floats(HEIGHT, WIDTH, 3),)
KINDS = {
    "functional": Kind(functional, PIXELS, settings={"preprocess": "tf"}),
    "sequential": Kind(sequential, (floats(7),), settings={"task": "regress"}),
    "nested": Kind(nested, PIXELS * 2),
    "subclassed_dict": Kind(subclassed_dict, (*PIXELS, floats(7)), keys=("photo", "row")),
    "subclassed_list": Kind(subclassed_list, (floats(7), floats(4))),
    "custom": Kind(custom, PIXELS),
    "words": Kind(words, (integers("int32", 17, 9),)),
    "volume": Kind(volume, (floats(5, 7, 6, 2),)),
    "scalar": Kind(scalar, (floats(),)),
    "image_of_bytes": Kind(image_of_bytes, (integers("uint8", 256, HEIGHT, WIDTH, 3),)),
    "half": Kind(half, PIXELS, note="float16"),
    "any_size": Kind(any_size, PIXELS, settings={"input_shapes": {"photo": (1, HEIGHT, WIDTH, 3)}}),
    "twice_the_same": Kind(twice_the_same, (floats(7),)),
    "called_like_its_input": Kind(called_like_its_input, PIXELS),
    "whole_numbers": Kind(whole_numbers, (floats(7),)),
}
