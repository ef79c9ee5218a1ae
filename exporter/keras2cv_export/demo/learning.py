"""Train a small convolutional classifier in seconds, much like a user's own model.

It learns from images that went through the preprocessing that will be deployed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.preprocess import Preprocessor
from keras2cv_export.model.spec import TensorSpec
from keras2cv_export.tasks.presets import Geometry, preprocessing

from .shapes import LABELS, drawings

Array = NDArray[Any]

SIDE: Final = 40  # pixels: small enough to learn in seconds, large enough to show shapes
PRESET: Final = "0-1"
_BATCH: Final = 32
_RATE: Final = 5e-3  # Adam's at its start; half of it learns slower, double is no better


class Dataset(NamedTuple):
    """Images (H, W, 3) uint8 BGR of any size, the inputs made of them, and their labels."""

    images_bgr: list[Array]
    inputs: Array  # (N, H, W, 3) float32 RGB, 0..1
    classes: Array  # (N,) int64, indices into LABELS


def draw_dataset(count: int, side_range: tuple[int, int], seed: int) -> Dataset:
    """Draw `count` shapes, see `shapes.drawings`, and preprocess each as the bundle will."""
    spec = TensorSpec("image", (None, SIDE, SIDE, 3), "float32")
    preprocess = Preprocessor(preprocessing(PRESET, spec, Geometry(), f"preset {PRESET}"))
    images, labels = zip(*drawings(count, side_range, seed), strict=True)
    blobs = np.concatenate([preprocess([image]) for image in images])
    inputs = np.ascontiguousarray(blobs.transpose(0, 2, 3, 1))  # (N, C, H, W) -> (N, H, W, C)
    return Dataset(list(images), inputs, np.array([LABELS.index(label) for label in labels]))


def build() -> Any:
    """Return an untrained `keras.Model`: (N, H, W, 3) float32 RGB, 0..1 -> probabilities (N, 6).

    It has the layers that make deployment interesting: BatchNormalization after every convolution,
    a residual sum, a depthwise separable block, global pooling.
    """
    from keras2cv_export.quiet.tensorflow import keras

    layers = keras.layers

    def normalised(x: Any) -> Any:
        # Keras' own momentum of 0.99 would remember too much of the start of so short a training.
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))

    def conv(x: Any, filters: int, kernel: int = 3, strides: int = 1) -> Any:
        options = {"padding": "same", "use_bias": False}
        return normalised(layers.Conv2D(filters, kernel, strides, **options)(x))

    image = keras.Input((SIDE, SIDE, 3), name="image")
    x = conv(conv(image, 16, kernel=5, strides=2), 32)
    x = conv(layers.MaxPooling2D()(x), 64)
    x = layers.MaxPooling2D()(x)
    x = layers.Add()([x, conv(x, 64)])
    x = normalised(layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x))
    x = layers.GlobalAveragePooling2D()(conv(x, 128, kernel=1))
    x = layers.Dense(len(LABELS), activation="softmax", name="shape")(x)
    return keras.Model(image, x, name="shapes")


def train(data: Dataset, epochs: int, seed: int, progress: Callable[[str], None]) -> Any:
    """Return a `keras.Model` that has learned from `data`.

    Args:
        data: The training images.
        epochs: How often each image is seen.
        seed: Fixes every choice, though not the order in which threads add floats.
        progress: Called with a few words before each epoch.
    """
    from keras2cv_export.quiet.tensorflow import keras

    keras.utils.set_random_seed(seed)
    model = build()
    steps = epochs * -(-len(data.inputs) // _BATCH)
    adam = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(_RATE, steps))
    # Compiling with XLA would take longer than the whole training.
    model.compile(adam, "sparse_categorical_crossentropy", jit_compile=False)
    for epoch in range(epochs):
        progress(f"epoch {epoch + 1} of {epochs}")
        turned = np.rot90(data.inputs, epoch, axes=(1, 2))  # a shape keeps its name, mirrored too
        model.fit(
            turned[:, :, :: -1 if epoch % 8 > 3 else 1], data.classes, batch_size=_BATCH, verbose=0
        )
    return model


def save(model: Any, files: Iterable[Path]) -> None:
    """Write the model into each of the files, without Keras' advice against .h5."""
    logger = logging.getLogger("absl")  # where Keras logs

    def is_wanted(record: logging.LogRecord) -> bool:
        return "HDF5" not in record.getMessage()

    logger.addFilter(is_wanted)
    try:
        for file in files:
            model.save(file)
    finally:
        logger.removeFilter(is_wanted)
