"""Small models of each kind of input, fitted in a moment on drawn data.

Each learns something that its answers can be checked by: which of two pictures is brighter, which
way a square moves, how bright a channel is. Keras' own pipelines are beside them, by NumPy and
TensorFlow alone: pictures as a user reads them in, inputs as the model was trained on.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

Array = np.ndarray[Any, Any]
HEIGHT, WIDTH, FRAMES = 16, 20, 6


def drawn(rng: np.random.Generator, height: int, width: int, level: float) -> Array:
    """Return a picture (H, W, 3) uint8 RGB of a mean brightness about `level`, 0..1."""
    noise = rng.uniform(0.6, 1.4, (height, width, 3)) * level * 200
    y, x = rng.integers(0, height // 2), rng.integers(0, width // 2)
    noise[y : y + height // 3, x : x + width // 3] *= rng.uniform(0.5, 1.3, 3)
    return noise.clip(0, 255).astype(np.uint8)


def _branch(shape: tuple[int, ...]) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(6, 3, strides=2, activation="relu"),
            layers.Conv2D(6, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
        ]
    )


def _fit(model: keras.Model, x: Any, y: Array) -> keras.Model:
    """Fit the last layer by least squares; of a softmax, to the log-odds of the classes in `y`."""
    last = model.layers[-1]
    inputs = model.inputs if len(model.inputs) > 1 else model.inputs[0]
    before = keras.Model(inputs, last.input)
    features = np.asarray(before(x), np.float64)
    target = 2.0 * np.eye(last.units)[y] if y.dtype.kind == "i" else y.reshape(len(y), -1)
    columns = np.hstack([features, np.ones((len(y), 1))])
    squares = columns.T @ columns + 1e-3 * np.eye(columns.shape[1])
    found = np.linalg.solve(squares, columns.T @ target)
    last.set_weights([found[:-1].astype(np.float32), found[-1].astype(np.float32)])
    return model


def twins() -> keras.Model:
    """Say which of two pictures is brighter: `left` as caffe has it, `right` -1..1, smaller."""
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    left = keras.Input((HEIGHT, WIDTH, 3), name="left")
    right = keras.Input((HEIGHT - 4, WIDTH - 6, 3), name="right")
    seen = [
        _branch(left.shape[1:])(layers.Rescaling(1 / 64)(left)),
        _branch(right.shape[1:])(right),
    ]
    out = layers.Dense(2, activation="softmax", name="brighter")(layers.Concatenate()(seen))
    levels = rng.uniform(0.2, 1, (64, 2))
    one = np.stack([drawn(rng, HEIGHT, WIDTH, a) for a, _ in levels])
    two = np.stack([drawn(rng, HEIGHT - 4, WIDTH - 6, b) for _, b in levels])
    model = keras.Model([left, right], out, name="twins")
    x = [caffe(one), minus_one_to_one(two)]
    return _fit(model, x, (levels[:, 1] > levels[:, 0]).astype(int))


def caffe(rgb: Array) -> Array:
    """Return pixels as keras.applications has them for ResNet50."""
    return np.asarray(rgb, np.float32)[..., ::-1] - np.float32([103.939, 116.779, 123.68])


def minus_one_to_one(rgb: Array) -> Array:
    """Return pixels as keras.applications has them for MobileNetV2."""
    return np.asarray(rgb, np.float32) / np.float32(127.5) - 1


def moving(rng: np.random.Generator, right: bool, frames: int = FRAMES) -> Array:
    """Return a video (T, H, W, 3) uint8 RGB of a bright square that moves left or right."""
    video = rng.integers(0, 60, (frames, HEIGHT, WIDTH, 3)).astype(np.uint8)
    y = int(rng.integers(0, HEIGHT - 6))
    for t in range(frames):
        step = t if right else frames - 1 - t
        x = 1 + round(step * (WIDTH - 8) / max(frames - 1, 1))
        video[t, y : y + 6, x : x + 6] = (230, 180, 120)
    return video


def action() -> keras.Model:
    """Say which way a square moves in a clip of six frames, 0..1."""
    keras.utils.set_random_seed(2)
    rng = np.random.default_rng(2)
    x = keras.Input((FRAMES, HEIGHT, WIDTH, 3), name="clip")
    y = layers.Conv3D(6, (3, 3, 3), strides=(1, 2, 2), activation="relu")(x)
    y = layers.Conv3D(8, (3, 3, 3), strides=(1, 2, 2), activation="relu")(y)
    out = layers.Dense(2, activation="softmax", name="way")(layers.Flatten()(y))
    clips = np.stack([moving(rng, bool(k % 2)) for k in range(48)])
    labels = np.arange(48) % 2
    model = keras.Model(x, out, name="action")
    return _fit(model, clips / np.float32(255), labels)


def deep() -> keras.Model:
    """Measure a gray picture of 16 bits that differs in its lower byte alone, 0..1."""
    keras.utils.set_random_seed(3)
    rng = np.random.default_rng(3)
    x = keras.Input((HEIGHT, WIDTH, 1), name="scan")
    y = layers.Rescaling(256.0, offset=-64.0)(x)
    out = layers.Dense(1, name="level")(_branch((HEIGHT, WIDTH, 1))(y))
    scans = np.stack([low_bytes(rng, level) for level in rng.uniform(0, 1, 48)])
    target = (scans & 255).mean(axis=(1, 2, 3)) / 255
    return _fit(keras.Model(x, out, name="deep"), scans / np.float32(65535), target)


def low_bytes(rng: np.random.Generator, level: float) -> Array:
    """Return a scan (H, W, 1) uint16 whose upper byte is the same everywhere."""
    low = rng.uniform(0.7, 1.3, (HEIGHT, WIDTH, 1)) * level * 190
    return (64 * 256 + low.clip(0, 255)).astype(np.uint16)


def bands(channels: int) -> keras.Model:
    """Weigh the means of many channels, 0..1."""
    keras.utils.set_random_seed(channels)
    rng = np.random.default_rng(channels)
    x = keras.Input((HEIGHT, WIDTH, channels), name="bands")
    y = layers.Conv2D(8, 3, activation="relu")(x)
    out = layers.Dense(2, name="index")(layers.GlobalAveragePooling2D()(y))
    pictures = rng.integers(0, 256, (48, HEIGHT, WIDTH, channels))
    pictures = (pictures * rng.uniform(0.2, 1, (48, 1, 1, channels))).astype(np.uint8)
    means = pictures.mean(axis=(1, 2)) / 255
    target = np.stack([means[:, 0] - means[:, -1], means[:, 1]], axis=1)
    return _fit(keras.Model(x, out, name=f"bands{channels}"), pictures / np.float32(255), target)


def house() -> keras.Model:
    """Price a house by its picture, -1..1, and four numbers."""
    keras.utils.set_random_seed(5)
    rng = np.random.default_rng(5)
    photo = keras.Input((HEIGHT, WIDTH, 3), name="photo")
    facts = keras.Input((4,), name="facts")
    y = layers.Concatenate()([_branch((HEIGHT, WIDTH, 3))(photo), facts])
    out = layers.Dense(1, name="price")(layers.Dense(8, activation="relu")(y))
    levels = rng.uniform(0.2, 1, 48)
    photos = np.stack([drawn(rng, HEIGHT, WIDTH, level) for level in levels])
    numbers = rng.normal(size=(48, 4)).astype(np.float32)
    model = keras.Model([photo, facts], out, name="house")
    return _fit(model, [minus_one_to_one(photos), numbers], levels + numbers[:, 0])
