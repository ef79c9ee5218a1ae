"""Statistics over whole pictures: as exact as TensorFlow's, on every OpenCV.

Random samples never show what a mean loses. Flat pictures and fog do: what is left of them without
their mean is divided by their small deviation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from conformance.child import ANSWERS, Child, ChildOf
from keras2cv.net.engines import ENGINES
from keras2cv_export import export

Array = np.ndarray[Any, Any]
Statistic = Callable[[Any], Any]

OLDER = ("4.6", "4.8", "4.14")
LIMIT = 1e-4
EPSILON = 1e-3

PICTURE = (160, 224, 3)


@dataclass(frozen=True)
class Normalised:
    """A model of one normalisation, and the axes and least deviation that it has."""

    shape: tuple[int, ...]
    axes: tuple[int, ...]
    by: Statistic
    least: Callable[[Array, int], Array] = lambda variance, _: np.sqrt(variance + EPSILON)


def at_least(variance: Array, size: int) -> Array:
    """Return the deviation of `tf.image.per_image_standardization`."""
    return np.maximum(np.sqrt(variance), 1 / np.sqrt(size))


def by_moments(*axes: int) -> Statistic:
    """Return a normalisation spelled out in TensorFlow."""

    def normalised(x: Any) -> Any:
        mean, variance = tf.nn.moments(x, axes, keepdims=True)
        return (x - mean) / tf.sqrt(variance + EPSILON)

    return normalised


CASES: Mapping[str, Normalised] = {
    "standardised": Normalised(
        PICTURE, (1, 2, 3), tf.image.per_image_standardization, at_least
    ),
    "standardised_large": Normalised(
        (480, 640, 3), (1, 2, 3), tf.image.per_image_standardization, at_least
    ),
    "standardised_grey": Normalised(
        (224, 224, 1), (1, 2, 3), tf.image.per_image_standardization, at_least
    ),
    "moments": Normalised((320, 320, 3), (1, 2, 3), by_moments(1, 2, 3)),
    "moments_of_a_channel": Normalised(PICTURE, (1, 2), by_moments(1, 2)),
    "a_recording": Normalised((16000, 1), (1,), by_moments(1)),
    "layer": Normalised(PICTURE, (1, 2, 3), layers.LayerNormalization(axis=[1, 2, 3])),
    "group": Normalised((224, 224, 3), (1, 2, 3), layers.GroupNormalization(groups=1)),
    "instance": Normalised(PICTURE, (1, 2), layers.GroupNormalization(groups=-1)),
}  # fmt: skip


def pictures(shape: tuple[int, ...]) -> dict[str, Array]:
    """Return flat pictures, fog, a gradient, and one of small numbers."""
    ramp = np.linspace(0, 255, shape[0]).reshape(-1, *[1] * (len(shape) - 1))
    drawn = np.random.default_rng(5)
    found = {
        **{f"flat {level}": np.full(shape, level) for level in (0, 50, 200, 255)},
        "flat, of 0..1": np.full(shape, 200 / 255),
        "fog": drawn.integers(225, 236, shape),
        "gradient": np.broadcast_to(ramp, shape),
        "noise": drawn.uniform(-1, 1, shape),
    }
    return {name: np.ascontiguousarray(x[None], np.float32) for name, x in found.items()}


def exact(case: Normalised, x: Array) -> Array:
    """Return the normalised picture, computed in float64."""
    wide = x.astype(np.float64)
    rest = wide - wide.mean(case.axes, keepdims=True)
    size = int(np.prod([x.shape[a] for a in case.axes]))
    return rest / case.least((rest**2).mean(case.axes, keepdims=True), size)


@pytest.fixture(scope="module", params=CASES)
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a bundle with the exact answers beside it.

    A last channel of ones makes an error relative to 1, also where all else is 0. Left out are
    pictures of which TensorFlow itself gives another answer.
    """
    case = CASES[request.param]
    x = keras.Input(case.shape)
    y = case.by(x) if isinstance(case.by, keras.Layer) else layers.Lambda(case.by)(x)
    ones = layers.Lambda(lambda v: tf.ones_like(v[..., :1]))(x)
    model = keras.Model(x, layers.Concatenate()([y, ones]))
    folder = tmp_path_factory.mktemp(request.param)
    export(model, folder / "case.cv", task="raw", check=False)
    arrays = {}
    for k, picture in enumerate(pictures(case.shape).values()):
        expected, native = exact(case, picture), model(picture).numpy()
        if np.abs(native[..., :-1] - expected).max() > LIMIT:
            continue
        whole = np.concatenate([expected, np.ones_like(expected[..., :1])], -1)
        arrays |= {f"in/{k}/0": picture, f"out/{k}/0": whole.astype(np.float32)}
    np.savez(folder / ANSWERS, **arrays)
    return folder / "case.cv"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_flat_picture_becomes_what_it_is_in_tensorflow(
    bundle: Path, engine: str, child: Child
) -> None:
    """On each engine of the newest OpenCV."""
    assert child.worst_error(bundle, engine) <= LIMIT


@pytest.mark.parametrize("version", OLDER)
def test_on_older_opencvs_too(bundle: Path, version: str, child_of: ChildOf) -> None:
    """The same file."""
    assert child_of(version).worst_error(bundle, "classic") <= LIMIT
