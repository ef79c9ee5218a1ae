"""Lines of digits that are drawn, and small models that learn in seconds to read them.

They are trained column by column: in the middle of a digit its class is right, elsewhere the blank.
What comes out is read by CTC, like any model that was trained with a CTC loss.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import cv2
import numpy as np

WIDTH, HEIGHT, STEPS = 96, 24, 24
CHARSET = "0123456789"
BLANK = len(CHARSET)  # the last class

Drawn = tuple[np.ndarray, str, np.ndarray]


def draw_line(rng: np.random.Generator, scale: int = 1) -> Drawn:
    """Return a picture (HEIGHT, WIDTH, 3) uint8 BGR times `scale`, its text, each step's class."""
    image = np.full((HEIGHT * scale, WIDTH * scale, 3), int(rng.integers(200, 256)), np.uint8)
    ink = (int(rng.integers(0, 60)),) * 3
    text, classes = "", np.full(STEPS, BLANK)
    x = int(rng.integers(2, 10))
    while x < WIDTH - 14 and (not text or rng.random() < 0.85):
        digit = int(rng.integers(len(CHARSET)))
        at = (x * scale, (18 + int(rng.integers(-2, 3))) * scale)
        cv2.putText(
            image, CHARSET[digit], at, cv2.FONT_HERSHEY_SIMPLEX, 0.6 * scale, ink, 2 * scale
        )
        text += CHARSET[digit]
        classes[(x + 6) * STEPS // WIDTH] = digit
        x += int(rng.integers(13, 17))
    return image, text, classes


def draw_lines(count: int, seed: int, scale: int = 1) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Return pictures (count, H, W, 3) uint8 BGR, their texts, and classes (count, STEPS)."""
    rng = np.random.default_rng(seed)
    images, texts, classes = zip(*(draw_line(rng, scale) for _ in range(count)), strict=True)
    return np.stack(images), list(texts), np.stack(classes)


def inputs_of(pictures_bgr: np.ndarray, *, transposes: bool = False) -> np.ndarray:
    """Return the model's input: gray, 0..1, turned sideways if it `transposes`."""
    gray = np.stack([cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) for picture in pictures_bgr])
    images = gray[..., None].astype(np.float32) / 255
    return images.transpose(0, 2, 1, 3) if transposes else images


def columns_model() -> Any:
    """Return an untrained model of convolutions: (HEIGHT, WIDTH, 1) 0..1 -> logits per column."""
    import keras

    layers = keras.layers
    image = x = keras.Input((HEIGHT, WIDTH, 1), name="image")
    for filters, strides in ((16, 2), (32, 2), (32, (2, 1))):
        x = layers.Conv2D(filters, 3, strides, padding="same", activation="relu")(x)
    x = layers.Reshape((STEPS, HEIGHT // 8 * 32))(layers.Permute((2, 1, 3))(x))
    x = layers.Dense(64, activation="relu")(x)
    return keras.Model(image, layers.Dense(BLANK + 1, name="text")(x))


def sideways_model() -> Any:
    """Return one like Keras' OCR example: (WIDTH, HEIGHT, 1), an LSTM, [UNK] first, a softmax."""
    import keras

    layers = keras.layers
    image = x = keras.Input((WIDTH, HEIGHT, 1), name="image")
    for filters, strides in ((16, 2), (32, 2), (32, (1, 2))):
        x = layers.Conv2D(filters, 3, strides, padding="same", activation="relu")(x)
    x = layers.Dense(48, activation="relu")(layers.Reshape((STEPS, HEIGHT // 8 * 32))(x))
    x = layers.Dropout(0.1)(x)
    seen = layers.Bidirectional(layers.LSTM(8, return_sequences=True))(x)
    x = layers.Concatenate()([x, seen])  # learns in seconds
    return keras.Model(image, layers.Dense(BLANK + 2, activation="softmax", name="dense2")(x))


def train(model: Any, pictures: int, epochs: int) -> None:
    """Train a model of either kind on drawn lines."""
    import keras

    transposes = model.input_shape[1] == WIDTH
    images, _, classes = draw_lines(pictures, 0)
    logits = model.layers[-1].activation is keras.activations.linear
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=logits)
    model.compile(keras.optimizers.Adam(4e-3), loss)
    first = model.output_shape[-1] - BLANK - 1  # the class of the first digit
    inputs = inputs_of(images, transposes=transposes)
    model.fit(inputs, classes + first, batch_size=32, epochs=epochs, verbose=0)


@cache
def trained_columns() -> Any:
    """Return a model of convolutions that reads drawn digits; its output are logits."""
    import keras

    keras.utils.set_random_seed(5)
    model = columns_model()
    train(model, 1000, 8)
    return model


@cache
def trained_sideways() -> Any:
    """Return a model like Keras' OCR example that reads drawn digits."""
    import keras

    keras.utils.set_random_seed(6)
    model = sideways_model()
    train(model, 1000, 6)
    return model
