"""A small convolutional net in NumPy, float32, to break in known ways.

(N, H, W, 3) pictures 0..255 -> preprocessing -> [convolution, batch normalisation, relu] x 6 ->
a heat map, and after pooling a hidden vector, logits, softmax, sigmoid and argmax. Every stage is
a field of `Net`, so that `dataclasses.replace` makes one wrong.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[Any]

CLASSES = 7
_WIDTHS = (3, 5, 6, 7, 6, 5, 4)  # channels, no two neighbours alike


@dataclass(frozen=True)
class Block:
    """Convolution 3x3 with zero padding, batch normalisation, relu."""

    kernel: Array  # (3, 3, C_in, C_out)
    bias: Array  # (C_out,), as the five below
    gamma: Array
    beta: Array
    mean: Array
    variance: Array
    epsilon: float = 1e-3
    shift: int = 0  # pixels by which the padding is off

    def __call__(self, x: Array, order: Array | None) -> Array:
        """Run on (N, H, W, C_in); `order` is the order of summing, None for the natural one."""
        before, after = 1 + self.shift, 1 - self.shift
        padded = np.pad(x, ((0, 0), (before, after), (before, after), (0, 0)))
        patches = sliding_window_view(padded, (3, 3), axis=(1, 2))  # (N, H, W, C, 3, 3)
        columns = patches.transpose(0, 1, 2, 4, 5, 3).reshape(*x.shape[:3], -1)
        rows = self.kernel.reshape(-1, self.kernel.shape[-1])
        y = _matmul(columns, rows, order) + self.bias
        y = (y - self.mean) / np.sqrt(self.variance + np.float32(self.epsilon))
        return np.maximum(y * self.gamma + self.beta, np.float32(0.0))


@dataclass(frozen=True)
class Net:
    """The whole net; every array float32."""

    mean: Array  # (3,) of the pixels, in RGB order
    scale: float
    blocks: tuple[Block, ...]
    hidden: Array  # (H * W * C, 9)
    head: Array  # (9, CLASSES)
    head_bias: Array
    channels_first_flatten: bool = False

    def __call__(self, pictures: Array, seed: int | None = None) -> dict[str, Array]:
        """Predict for (N, H, W, 3); a `seed` sums in another order, which only rounds otherwise."""
        rng = None if seed is None else np.random.default_rng(seed)
        x = (pictures.astype(np.float32) - self.mean) * np.float32(self.scale)
        for block in self.blocks:
            x = block(x, _order(rng, 9 * x.shape[-1]))
        flat = x.transpose(0, 3, 1, 2) if self.channels_first_flatten else x
        flat = flat.reshape(len(x), -1)
        features = np.tanh(_matmul(flat, self.hidden, _order(rng, flat.shape[1])))
        logits = _matmul(features, self.head, _order(rng, features.shape[1])) + self.head_bias
        return {
            "heat": x,
            "features": features,
            "logits": logits,
            "probs": softmax(logits),
            "alarm": sigmoid(logits[:, :1]),
            "best": logits.argmax(axis=-1).astype(np.int64),
        }


SCORES = {"logits": "logits", "probs": "softmax", "alarm": "sigmoid"}
ARGMAX_OF = {"best": "logits"}


def make_net(seed: int, height: int = 10, width: int = 13) -> Net:
    """Make a net with informative weights: activations and logits stay near 1."""
    rng = np.random.default_rng(seed)
    blocks = tuple(_block(rng, a, b) for a, b in itertools.pairwise(_WIDTHS))
    size = height * width * _WIDTHS[-1]
    return Net(
        mean=_f32([123.68, 116.78, 103.94]),
        scale=1.0 / 255.0,
        blocks=blocks,
        hidden=_f32(rng.normal(size=(size, 9)) / np.sqrt(size)),
        head=_f32(rng.normal(size=(9, CLASSES)) * 2.0),
        head_bias=_f32(rng.normal(size=CLASSES) * 0.3),
    )


def softmax(logits: Array) -> Array:
    """Give the softmax over the last axis, in the dtype of `logits`."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def sigmoid(logits: Array) -> Array:
    """Give the sigmoid, in the dtype of `logits`."""
    return 1 / (1 + np.exp(-logits))


def _block(rng: np.random.Generator, before: int, after: int) -> Block:
    return Block(
        kernel=_f32(rng.normal(size=(3, 3, before, after)) * np.sqrt(2.0 / (9 * before))),
        bias=_f32(rng.normal(size=after) * 0.2),
        gamma=_f32(rng.uniform(0.7, 1.4, after)),
        beta=_f32(rng.normal(size=after) * 0.2),
        mean=_f32(rng.normal(size=after) * 0.1),
        variance=_f32(rng.uniform(0.3, 0.9, after)),
    )


def _matmul(columns: Array, rows: Array, order: Array | None) -> Array:
    """Multiply (..., K) by (K, M), summing K in `order`, half by half."""
    if order is None:
        return columns @ rows
    halves = np.array_split(order, 2)
    first, second = (columns[..., half] @ rows[half] for half in halves)
    return first + second


def _order(rng: np.random.Generator | None, size: int) -> Array | None:
    return None if rng is None else rng.permutation(size)


def _f32(values: Any) -> Array:
    return np.asarray(values, dtype=np.float32)
