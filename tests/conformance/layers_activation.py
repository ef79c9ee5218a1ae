"""Activations: every function of keras.activations, alone and fused, and every layer class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
from keras import layers

from .case import Case
from .sketch import alone, wired

_IMAGE = (7, 10, 6)
_VECTOR = (9,)
_SERIES = (11, 6)

FUNCTIONS = (
    "celu",
    "elu",
    "exponential",
    "gelu",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "tanh",
    "tanh_shrink",
    "threshold",
)
"""Names in keras.activations, aliases left out."""

_a = keras.activations
_SPECIAL: Mapping[str, Callable[[Any], Any]] = {
    "threshold": lambda x: _a.threshold(
        x, 0.4, -0.3
    ),  # takes arguments, so it has no name to go by
    "glu": _a.glu,  # halves the channels, which Activation and Dense do not declare
    "sparsemax": lambda x: layers.Activation("sparsemax")(
        layers.Rescaling(0.02)(x)
    ),  # Keras' own gives zeros alone on larger values
}


def cases() -> tuple[Case, ...]:
    """All activation cases: functions, their options, and the layers that are activations."""
    return (
        tuple(case for name in FUNCTIONS for case in _function(name))
        + _OPTIONS
        + _CLASSES
        + _SOFTMAX
    )


def _function(name: str) -> tuple[Case, ...]:
    """Three ways: over a wide range, as a dense layer's activation, and between convolutions."""
    return (
        wired(
            f"activation_{name}",
            lambda x: _call(name, x),
            _IMAGE,
            group="activation",
            value_range=(-7.0, 7.5),
        ),
        wired(f"activation_{name}_dense", lambda x: _dense(name, x), _VECTOR, group="activation"),
        wired(
            f"activation_{name}_conv",
            lambda x: layers.Conv2D(3, 1)(_call(name, layers.Conv2D(8, 3)(x))),
            _IMAGE,
            group="activation",
        ),
    )


def _call(name: str, x: Any) -> Any:
    return _SPECIAL[name](x) if name in _SPECIAL else layers.Activation(name)(x)


def _dense(name: str, x: Any) -> Any:
    return (
        _call(name, layers.Dense(6)(x)) if name in _SPECIAL else layers.Dense(6, activation=name)(x)
    )


def _option(name: str, function: Any, shape: tuple[int, ...] = _IMAGE) -> Case:
    return wired(f"activation_{name}", function, shape, group="activation", value_range=(-5.0, 8.0))


_OPTIONS = (
    _option("gelu_tanh", lambda x: _a.gelu(x, approximate=True)),
    _option("gelu_exact", lambda x: _a.gelu(x, approximate=False)),
    _option("elu_alpha", lambda x: _a.elu(x, alpha=0.6)),
    _option("celu_alpha", lambda x: _a.celu(x, alpha=1.7)),
    _option(
        "relu_slope_max_threshold",
        lambda x: _a.relu(x, negative_slope=0.2, max_value=4.5, threshold=0.7),
    ),
    _option("relu_max", lambda x: _a.relu(x, max_value=2.5)),
    _option("leaky_relu_slope", lambda x: _a.leaky_relu(x, negative_slope=0.05)),
    _option("softmax_channel_of_three", lambda x: _a.softmax(x, axis=2)),
    _option("softmax_rows", lambda x: _a.softmax(x, axis=1)),
    _option("log_softmax_rows", lambda x: _a.log_softmax(x, axis=1)),
    _option("log_softmax_far_apart", lambda x: _a.log_softmax(40.0 * x)),
    _option("glu_axis1", lambda x: _a.glu(x, axis=1), (8, 10, 3)),
    _option("squareplus_b", lambda x: _a.squareplus(x, b=1.5)),
    _option("hard_shrink_threshold", lambda x: _a.hard_shrink(x, threshold=1.2)),
    _option("soft_shrink_threshold", lambda x: _a.soft_shrink(x, threshold=0.9)),
)

_CLASSES = (
    alone("relu_plain", layers.ReLU, _IMAGE),
    alone("relu_max6", lambda: layers.ReLU(max_value=6.0), _IMAGE, value_range=(-4.0, 9.0)),
    alone("relu_slope", lambda: layers.ReLU(negative_slope=0.15), _IMAGE),
    alone(
        "relu_all_options",
        lambda: layers.ReLU(max_value=3.0, negative_slope=0.1, threshold=0.5),
        _IMAGE,
    ),
    alone("leaky_relu", lambda: layers.LeakyReLU(0.2), _IMAGE),
    alone("elu", lambda: layers.ELU(0.7), _IMAGE),
    alone("prelu_per_element", layers.PReLU, _IMAGE),
    alone("prelu_per_channel", lambda: layers.PReLU(shared_axes=[1, 2]), _IMAGE),
    alone("prelu_vector", layers.PReLU, _VECTOR),
    alone("prelu_series_shared_steps", lambda: layers.PReLU(shared_axes=[1]), _SERIES),
)

_SOFTMAX = (
    alone("softmax_vector", layers.Softmax, _VECTOR),
    alone("softmax_image_last", layers.Softmax, _IMAGE),
    alone("softmax_image_axis1", lambda: layers.Softmax(axis=1), _IMAGE),
    alone("softmax_image_two_axes", lambda: layers.Softmax(axis=[1, 2]), _IMAGE),
    alone("softmax_series_steps", lambda: layers.Softmax(axis=1), _SERIES),
    wired(
        "softmax_masked", lambda x: layers.Softmax()(x, mask=keras.ops.greater(x, -0.5)), _SERIES
    ),
)
