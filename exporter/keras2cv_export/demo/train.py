"""A small convolutional classifier, really trained: what a user's own model looks like, in seconds.

Imports TensorFlow, as the loader, the converter and the reference do: training is Keras' work.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
OnStep = Callable[[int, int], None]
"""Called after every training step with (steps done, steps in all)."""

EPOCHS = 8
_BATCH = 32
_PEAK_RATE = (
    5e-3  # Adam's learning rate after warming up; half of it learns slower, double is no better
)


def build(size_wh: tuple[int, int], class_count: int) -> Any:
    """Return an untrained `keras.Model`: (N, H, W, 3) float32 RGB, 0..1 -> (N, class_count).

    The outputs are probabilities. It has what makes deployment interesting: BatchNormalization
    after every convolution, a residual sum, a depthwise separable block, global pooling.
    """
    import keras
    from keras import layers

    width, height = size_wh
    image = keras.Input((height, width, 3), name="image")
    x = _conv(image, 16, kernel=5, strides=2)
    x = _conv(x, 32)
    x = layers.MaxPooling2D()(x)
    x = _conv(x, 64)
    x = layers.MaxPooling2D()(x)
    x = layers.Add()([x, _conv(x, 64)])
    x = _normalised(layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x))
    x = _conv(x, 128, kernel=1)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(
        image, layers.Dense(class_count, activation="softmax", name="shape")(x), name="shapes"
    )


def _conv(x: Any, filters: int, kernel: int = 3, strides: int = 1) -> Any:
    from keras import layers

    return _normalised(layers.Conv2D(filters, kernel, strides, padding="same", use_bias=False)(x))


def _normalised(x: Any) -> Any:
    from keras import layers

    # Keras' own momentum of 0.99 would remember too much of the start of so short a training.
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


def train(images: Array, classes: Array, *, epochs: int, seed: int, on_step: OnStep) -> Any:
    """Return a `keras.Model` trained on images (N, H, W, 3) float32 RGB, 0..1; classes (N,) int.

    Each image is seen in any of the square's eight symmetries (H == W), which leave a shape's name
    as it is. The seed fixes every choice, though not the order in which threads add floats.
    """
    import keras

    keras.utils.set_random_seed(seed)
    count, height, width, _ = images.shape
    model = build((width, height), int(classes.max()) + 1)
    steps_per_epoch = count // _BATCH
    steps = steps_per_epoch * epochs
    rate = keras.optimizers.schedules.CosineDecay(
        _PEAK_RATE / 20, steps, alpha=0.02, warmup_target=_PEAK_RATE, warmup_steps=steps // 10
    )
    # Compiling with XLA would take longer than the whole training.
    model.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss="sparse_categorical_crossentropy",
        jit_compile=False,
    )
    done = iter(range(1, steps + 1))
    report = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: on_step(next(done), steps)  # noqa: ARG005 - Keras' names
    )
    model.fit(
        _batches(images, classes, np.random.default_rng(seed)),
        steps_per_epoch=steps_per_epoch,
        epochs=epochs,
        shuffle=False,  # `_batches` does
        verbose=0,
        callbacks=[report],
    )
    return model


def _batches(
    images: Array, classes: Array, rng: np.random.Generator
) -> Iterator[tuple[Array, Array]]:
    """Yield shuffled batches without end."""
    whole = len(images) // _BATCH * _BATCH
    while True:
        for rows in rng.permutation(len(images))[:whole].reshape(-1, _BATCH):
            turned = np.rot90(images[rows], int(rng.integers(4)), axes=(1, 2))
            yield turned[:, :, :: rng.choice((1, -1))], classes[rows]


def predict_classes(model: Any, images: Array) -> Array:
    """Return the likeliest class of each of `images`, (N,) int64, by TensorFlow."""
    return np.asarray(np.argmax(model.predict(images, verbose=0), axis=1))


def save(model: Any, folder: Path) -> tuple[Path, Path]:
    """Write `shapes.keras` and `shapes.h5` into `folder`; return the two paths."""
    keras_path, h5_path = folder / "shapes.keras", folder / "shapes.h5"
    model.save(keras_path)
    with _no_advice_against_h5():
        model.save(h5_path)
    return keras_path, h5_path


@contextmanager
def _no_advice_against_h5() -> Iterator[None]:
    """Keep Keras from advising against .h5, which is written because so many models are one."""
    logger = logging.getLogger("absl")  # where Keras logs

    def wanted(record: logging.LogRecord) -> bool:
        return "HDF5" not in record.getMessage()

    logger.addFilter(wanted)
    try:
        yield
    finally:
        logger.removeFilter(wanted)
