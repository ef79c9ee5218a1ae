"""Models of other inputs than one picture: two, a clip, 16 bits, many channels, and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import cv2
import keras
import numpy as np
from keras import layers

from . import pipelines as p
from .scenes import HEIGHT, WIDTH, draw_scene
from .subject import LABELS, READ, Array, Subject, body, colours, fit, training

FRAMES: Final = 4


@cache
def twins() -> Any:
    """Return a model of two pictures: how much wider the second one's rectangle is."""
    _, found = training("0-1")
    keras.utils.set_random_seed(21)
    left, right = (keras.Input((HEIGHT, WIDTH, 3), name=n) for n in ("left", "right"))
    features = [_flat(layers.Rescaling(1 / 64)(left)), _flat(right)]
    model = keras.Model(
        [left, right], layers.Dense(2, name="wider")(layers.Concatenate()(features))
    )
    sizes = np.array([s.box_yxyx[2:] - s.box_yxyx[:2] for s in found], np.float32)[:, ::-1]
    inputs = [np.concatenate([p.scaled(s.image, preset) for s in found])
              for preset in ("caffe", "tf")]  # fmt: skip
    inputs[1] = np.roll(inputs[1], 1, axis=0)
    return fit(model, inputs, np.roll(sizes, 1, axis=0) - sizes, "mse", 4)


def _flat(y: Any) -> Any:
    for filters in (8, 12):
        y = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(y)
    return layers.Flatten()(y)


@cache
def priced() -> Any:
    """Return a model of a picture and three numbers."""
    images, found = training("tf")
    x, y = body()
    numbers = keras.Input((3,), name="facts")
    joined = layers.Concatenate()([layers.GlobalAveragePooling2D()(y), numbers])
    model = keras.Model([x, numbers], layers.Dense(1, name="price")(joined))
    facts = np.random.default_rng(4).normal(size=(len(found), 3)).astype(np.float32)
    price = facts @ np.array([0.5, -1, 0.25], np.float32) + colours(found)[:, 0]
    return fit(model, [images, facts], price, "mse", 4)


@cache
def clips() -> Any:
    """Return a model of clips: which colour they show, and nothing of motion."""
    images, found = training("0-1")
    keras.utils.set_random_seed(22)
    x = keras.Input((FRAMES, HEIGHT, WIDTH, 3), name="clip")
    y = layers.Conv3D(8, (3, 3, 3), strides=(2, 2, 2), padding="same", activation="relu")(x)
    y = layers.Conv3D(12, (2, 3, 3), strides=(2, 2, 2), activation="relu")(y)
    y = layers.Dense(3, activation="softmax", name="colour")(layers.GlobalAveragePooling3D()(y))
    still = np.repeat(images[:300, None], FRAMES, axis=1)
    loss = "categorical_crossentropy"
    return fit(keras.Model(x, y), still, colours(found)[:300], loss, 4)


@cache
def deep() -> Any:
    """Return a model of a gray picture of 16 bits: its brightness, and how bright its left is."""
    keras.utils.set_random_seed(23)
    scans = _scans(300, 1)
    x = keras.Input((HEIGHT, WIDTH, 1), name="scan")
    y = layers.Conv2D(6, 3, strides=2, activation="relu")(x)
    y = layers.Dense(2, name="level")(layers.Flatten()(layers.AveragePooling2D(4)(y)))
    values = scans[..., None].astype(np.float32) / np.float32(65535)
    means = np.stack([values.mean(axis=(1, 2, 3)), values[:, :, : WIDTH // 2].mean(axis=(1, 2, 3))])
    return fit(keras.Model(x, y), values, means.T, "mse", 8)


def _scans(count: int, seed: int, height: int = HEIGHT, width: int = WIDTH) -> Array:
    rng = np.random.default_rng(seed)
    small = rng.integers(2000, 60000, (count, 6, 8)).astype(np.uint16)
    large = [cv2.resize(one, (width, height), interpolation=cv2.INTER_LINEAR) for one in small]
    return np.stack(large)


@cache
def bands() -> Any:
    """Return a model of pictures of five channels: differences of their means."""
    keras.utils.set_random_seed(24)
    x = keras.Input((HEIGHT, WIDTH, 5), name="bands")
    y = layers.Conv2D(8, 3, strides=2, activation="relu")(x)
    y = layers.Dense(2, name="index")(layers.GlobalAveragePooling2D()(y))
    pictures = np.random.default_rng(5).uniform(0, 1, (200, HEIGHT, WIDTH, 5)).astype(np.float32)
    pictures *= np.random.default_rng(6).uniform(0.2, 1, (200, 1, 1, 5)).astype(np.float32)
    means = pictures.mean(axis=(1, 2))
    return fit(keras.Model(x, y), pictures, means[:, :2] - means[:, 3:], "mse", 4)


def _write_scans(folder: Path) -> Path:
    (folder / "scans").mkdir(exist_ok=True)
    for k in range(6):
        cv2.imwrite(str(folder / "scans" / f"{k}.png"), _scans(1, 50 + k, 97 + 7 * k, 150)[0])
    return folder / "scans"


def _clip_colour(model: Any) -> p.Pipeline:
    def answer(path: str) -> Any:
        frame = p.scaled(p.stretched(p.read(path)), "0-1")
        scores = model.predict(np.repeat(frame[:, None], FRAMES, axis=1), verbose=0)[0]
        return {"label": LABELS[int(scores.argmax())], "scores": scores}

    return answer


def _levels(model: Any) -> p.Pipeline:
    def answer(path: str) -> Any:
        scan = np.asarray(cv2.imread(path, cv2.IMREAD_UNCHANGED))
        small = p.stretched(scan)[None, ..., None].astype(np.float32) / np.float32(65535)
        return model.predict(small, verbose=0)[0]

    return answer


def _images(count: int = 6) -> list[Array]:
    """Return scenes (H, W, 3) uint8 BGR of one size, other than the models'."""
    rng = np.random.default_rng(88)
    return [np.ascontiguousarray(draw_scene(rng, 150, 97).image[..., ::-1]) for _ in range(count)]


def _pairs() -> list[Any]:
    images = _images()
    return [{"left": a, "right": b} for a, b in pairwise(images)]


def _with_numbers() -> list[Any]:
    rng = np.random.default_rng(89)
    return [{"photo": a, "facts": rng.normal(size=3).astype(np.float32)} for a in _images()]


def _five_channels() -> list[Any]:
    rng = np.random.default_rng(90)
    return [rng.integers(0, 256, (97, 150, 5)).astype(np.uint8) for _ in range(4)]


# Pictures are drawn where a sample is more than one file.
INPUTS: Final[Mapping[str, Subject]] = {
    "two pictures": Subject(
        twins,
        {"preprocess": {"left": "caffe", "right": "tf"}, "task": "regress"},
        reference=READ,
        samples=lambda _: None,
        given=_pairs,
    ),
    "picture and numbers": Subject(
        priced,
        {"preprocess": "tf", "task": "regress"},
        reference=READ,
        samples=lambda _: None,
        given=_with_numbers,
    ),
    "clip": Subject(
        clips,
        {"preprocess": "0-1", "labels": LABELS, "stride": 2, "hop": 3},
        _clip_colour,
        READ,
        given=lambda: [_images(14)],
    ),
    "16 bits": Subject(
        deep,
        {"preprocess": "0-1", "task": "regress", "depth": 16},
        _levels,
        READ,
        samples=_write_scans,
    ),
    "five channels": Subject(
        bands,
        {"preprocess": "0-1", "task": "regress"},
        samples=lambda _: None,
        given=_five_channels,
    ),
}
