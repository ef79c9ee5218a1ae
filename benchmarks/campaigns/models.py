"""The models that are measured: keras.applications with calibrated weights, and three hard ones."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from keras2cv_bench.calibrate import randomize
from keras2cv_export.model.spec import TensorSpec
from keras2cv_export.verifying.samples import default_samples

_CALIBRATION_BATCH = 4


def application(name: str, side: int = 224) -> Any:
    """Build a keras.applications model with calibrated random weights and logits as outputs."""
    build = getattr(keras.applications, name)
    model = build(weights=None, classifier_activation=None, input_shape=(side, side, 3))
    pixels = any(isinstance(layer, keras.layers.Rescaling) for layer in model.layers)
    return calibrated(model, value_range=(0, 255) if pixels else (-1, 1))


def calibrated(model: Any, seed: int = 1, value_range: tuple[float, float] = (-1, 1)) -> Any:
    """Give a model with image inputs informative weights, in place.

    Normalisation statistics are those of images in `value_range`: far outside it a deep network
    with random weights amplifies rounding by orders of magnitude.
    """
    shapes = [(_CALIBRATION_BATCH, *(d or 64 for d in t.shape[1:])) for t in model.inputs]
    specs = [TensorSpec(f"i{k}", shape, "float32") for k, shape in enumerate(shapes)]
    images = default_samples(specs, 1, seed, value_range=value_range)[0]
    return randomize(model, seed, images)


@keras.saving.register_keras_serializable("keras2cv_bench")
class GeometricMeanPool(keras.layers.Layer):  # type: ignore[misc]
    """A layer that no converter knows: exp(mean(log(|x| + 1e-3))) over height and width."""

    def call(self, x: Any) -> Any:
        """Pool (N, H, W, C) to (N, C)."""
        return keras.ops.exp(keras.ops.mean(keras.ops.log(keras.ops.abs(x) + 1e-3), axis=(1, 2)))


@keras.saving.register_keras_serializable("keras2cv_bench")
class TwoStream(keras.Model):  # type: ignore[misc]
    """A subclassed model: an image and a vector in, with a layer of its own."""

    def __init__(self, **kwargs: Any) -> None:
        """Make the layers."""
        super().__init__(**kwargs)
        self.conv = keras.layers.Conv2D(12, 3, strides=2, activation="gelu")
        self.pool = GeometricMeanPool()
        self.mix = keras.layers.Dense(9, activation="tanh")
        self.head = keras.layers.Dense(5)

    def call(self, inputs: Any, training: bool = False) -> Any:  # noqa: ARG002 - Keras' signature
        """Predict (N, 5) from {"image": (N, 31, 45, 3), "vector": (N, 6)}."""
        pooled = self.pool(self.conv(inputs["image"]))
        return self.head(keras.ops.concatenate([pooled, self.mix(inputs["vector"])], axis=-1))


def multi_output() -> Any:
    """Build a model with a dict of outputs: a mask, class scores and a box."""
    layers = keras.layers
    image = keras.Input((40, 56, 3), name="image")
    x = layers.Conv2D(16, 3, padding="same")(image)
    skip = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.SeparableConv2D(24, 3, strides=2, padding="same", activation="swish")(skip)
    pooled = layers.GlobalAveragePooling2D()(x)
    up = layers.Concatenate()([layers.UpSampling2D(2, interpolation="bilinear")(x), skip])
    outputs = {
        "mask": layers.Conv2D(4, 1, activation="softmax")(up),
        "scores": layers.Dense(7)(pooled),
        "box": layers.Dense(4, activation="sigmoid")(pooled),
    }
    return calibrated(keras.Model(image, outputs, name="multi_output"))


def subclassed() -> Any:
    """Build the subclassed model and call it once, as Keras wants before saving."""
    model = TwoStream(name="two_stream")
    rng = np.random.default_rng(3)
    image = rng.uniform(-1, 1, (4, 31, 45, 3)).astype(np.float32)
    vector = rng.normal(size=(4, 6)).astype(np.float32)
    model({"image": image, "vector": vector})
    return randomize(model, 3, [])


def open_shape() -> Any:
    """Build a fully convolutional model with open height and width."""
    layers = keras.layers
    image = keras.Input((None, None, 3), name="image")
    x = layers.Conv2D(16, 5, strides=2, padding="same", activation="relu")(image)
    x = layers.BatchNormalization()(layers.DepthwiseConv2D(3, padding="same")(x))
    x = layers.Conv2DTranspose(8, 3, strides=2, padding="same", activation="elu")(x)
    return calibrated(keras.Model(image, layers.Conv2D(3, 1)(x), name="open_shape"))
