"""Arithmetic that custom layers do with keras.ops: element-wise, comparing, reducing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from .case import Case
from .sketch import wired

_IMAGE = (6, 9, 4)
_ANY = (-2.0, 2.5)
_INSIDE = (-0.95, 0.93)  # where arcsin and its kin are defined
_POSITIVE = (0.05, 6.0)


def cases() -> tuple[Case, ...]:
    """All arithmetic cases."""
    unary = tuple(_unary(name, low_high) for low_high, names in _UNARY for name in names)
    pairs = tuple(_op(name, function, _IMAGE, _IMAGE) for name, function in _BINARY)
    single = tuple(_op(name, function, _IMAGE) for name, function in (*_CONSTANTS, *_REDUCTIONS))
    positive = tuple(
        _op(name, function, _IMAGE, _IMAGE, value_range=_POSITIVE)
        for name, function in _POSITIVE_PAIRS
    )
    return (*unary, *pairs, *positive, *single, *_INTEGER)


def _op(name: str, function: Callable[..., Any], *shapes: tuple[int, ...], **fields: Any) -> Case:
    return wired(f"ops_{name}", function, *shapes, group="ops", **fields)


def _unary(name: str, low_high: tuple[float, float]) -> Case:
    function = getattr(ops, name)
    return _op(name, function, _IMAGE, value_range=low_high)


_UNARY = (
    (
        _ANY,
        (
            "abs",
            "arctan",
            "arcsinh",
            "cbrt",
            "cos",
            "cosh",
            "deg2rad",
            "erf",
            "exp",
            "exp2",
            "expm1",
            "negative",
            "sign",
            "sin",
            "sinh",
        ),
    ),
    (_ANY, ("sinc", "square", "tanh", "relu", "sigmoid", "softplus", "stop_gradient")),
    ((-4.7, 5.2), ("ceil", "floor", "round", "trunc", "rad2deg")),
    (_INSIDE, ("arccos", "arcsin", "arctanh", "tan", "erfinv")),
    (_POSITIVE, ("log", "log2", "log10", "log1p", "sqrt", "rsqrt", "reciprocal")),
    ((1.1, 5.0), ("arccosh",)),
)

_BINARY = (
    ("add", ops.add),
    ("subtract", ops.subtract),
    ("multiply", ops.multiply),
    ("divide", lambda x, y: ops.divide(x, ops.abs(y) + 0.3)),
    ("divide_no_nan", lambda x, y: ops.divide_no_nan(x, ops.relu(y))),
    ("floor_divide", lambda x, y: ops.floor_divide(x, ops.abs(y) + 0.3)),
    ("mod", lambda x, y: ops.mod(x, ops.abs(y) + 0.3)),
    ("maximum", ops.maximum),
    ("minimum", ops.minimum),
    ("arctan2", ops.arctan2),
    ("hypot", ops.hypot),
    ("logaddexp", ops.logaddexp),
    ("equal", lambda x, y: ops.cast(ops.equal(ops.round(x), ops.round(y)), "float32")),
    ("not_equal", lambda x, y: ops.cast(ops.not_equal(ops.round(x), ops.round(y)), "float32")),
    ("greater", lambda x, y: ops.cast(ops.greater(x, y), "float32")),
    ("greater_equal", lambda x, y: ops.cast(ops.greater_equal(x, y), "float32")),
    ("less", lambda x, y: ops.cast(ops.less(x, y), "float32")),
    ("less_equal", lambda x, y: ops.cast(ops.less_equal(x, y), "float32")),
    ("logical_and", lambda x, y: ops.cast(ops.logical_and(x > 0, y > 0), "float32")),
    ("logical_or", lambda x, y: ops.cast(ops.logical_or(x > 1, y > 0.5), "float32")),
    ("logical_xor", lambda x, y: ops.cast(ops.logical_xor(x > 0, y > 0), "float32")),
    ("where", lambda x, y: ops.where(x > y, x * 2.0, y - 1.0)),
    ("where_keeps_constant", lambda x, y: ops.where(x > y, x, -1.0)),
    ("select", lambda x, y: ops.select([x > 1.0, y > 1.0], [x, y], default=0.25)),
    ("cosine_similarity", lambda x, y: ops.sum(ops.normalize(x) * ops.normalize(y), axis=-1)),
    ("squared_distance", lambda x, y: ops.sum(ops.square(x - y), axis=-1, keepdims=True)),
    ("mean_absolute_error", lambda x, y: ops.mean(ops.abs(x - y), axis=(1, 2, 3))),
    ("huber", lambda x, y: ops.where(ops.abs(x - y) < 1, 0.5 * (x - y) ** 2, ops.abs(x - y) - 0.5)),
)

_POSITIVE_PAIRS = (
    ("power", lambda x, y: ops.power(x, y / 3.0)),
    ("log_ratio", lambda x, y: ops.log((x + 1e-3) / (y + 1e-3))),
    ("binary_crossentropy", lambda x, y: ops.binary_crossentropy(y / 6.1, x / 6.1)),
)

_CONSTANTS = (
    ("clip", lambda x: ops.clip(x, -0.5, 1.2)),
    ("clip_below", lambda x: ops.maximum(x, 0.3)),
    ("clip_above", lambda x: ops.minimum(x, 0.7)),
    ("power_of_constant", lambda x: ops.power(ops.abs(x) + 0.1, 2.2)),
    ("constant_to_the_power", lambda x: ops.power(2.0, x)),
    ("one_minus", lambda x: 1.0 - x),
    ("constant_over", lambda x: 3.0 / (ops.abs(x) + 0.5)),
    ("mod_of_constant", lambda x: ops.mod(x, 0.75)),
    ("per_channel_constant", lambda x: x * np.array([0.5, -1.5, 2.0, 0.1], "float32") + 0.25),
    ("per_row_constant", lambda x: x + np.linspace(-1, 2, 6, dtype="float32")[:, None, None]),
    ("exp_minus_log1p", lambda x: ops.log1p(ops.exp(-ops.abs(x))) + ops.relu(x)),
    ("where_log", lambda x: ops.where(x > 0.1, ops.log(ops.maximum(x, 0.1)), x)),
    ("nan_to_num", lambda x: ops.nan_to_num(ops.log(x), nan=-9.0)),
    ("isfinite", lambda x: ops.cast(ops.isfinite(ops.log(x)), "float32")),
    ("isnan", lambda x: ops.cast(ops.isnan(ops.sqrt(x)), "float32")),
    ("logical_not", lambda x: ops.cast(ops.logical_not(x > 0.2), "float32")),
    ("heaviside", lambda x: ops.cast(x > 0, "float32") * x),
    ("cast_to_int_and_back", lambda x: ops.cast(ops.cast(x * 3.0, "int32"), "float32")),
    ("cast_to_bool_and_back", lambda x: ops.cast(ops.cast(ops.relu(x), "bool"), "float32")),
    ("zeros_like_plus", lambda x: ops.zeros_like(x) + ops.ones_like(x) * 0.5 - x),
    ("full_like", lambda x: ops.full_like(x, 1.5) * x),
    ("softmax_by_hand", lambda x: ops.exp(x) / ops.sum(ops.exp(x), axis=-1, keepdims=True)),
    ("gelu_by_hand", lambda x: 0.5 * x * (1.0 + ops.erf(x / np.float32(2**0.5)))),
    ("swish_by_hand", lambda x: x * ops.sigmoid(1.7 * x)),
    ("hard_swish_by_hand", lambda x: x * ops.relu6(x + 3.0) / 6.0),
    ("mish_by_hand", lambda x: x * ops.tanh(ops.softplus(x))),
    ("log_cosh", lambda x: ops.logaddexp(x, -x) - np.float32(np.log(2.0))),
)

_REDUCTIONS = (
    ("sum_last", lambda x: ops.sum(x, axis=-1)),
    ("sum_rows_columns", lambda x: ops.sum(x, axis=(1, 2))),
    ("sum_of_each_sample", lambda x: ops.sum(x, axis=(1, 2, 3))),
    ("mean_last_keepdims", lambda x: ops.mean(x, axis=-1, keepdims=True)),
    ("mean_rows_columns", lambda x: ops.mean(x, axis=(1, 2))),
    ("mean_rows_columns_keepdims", lambda x: ops.mean(x, axis=[1, 2], keepdims=True)),
    ("mean_columns", lambda x: ops.mean(x, axis=2)),
    ("mean_rows_and_channels", lambda x: ops.mean(x, axis=(1, 3))),
    ("max_last", lambda x: ops.max(x, axis=-1)),
    ("max_rows_columns_keepdims", lambda x: ops.max(x, axis=(1, 2), keepdims=True)),
    ("min_rows", lambda x: ops.min(x, axis=1)),
    ("prod_last", lambda x: ops.prod(x, axis=-1)),
    ("std_rows_columns", lambda x: ops.std(x, axis=(1, 2))),
    ("var_last_keepdims", lambda x: ops.var(x, axis=-1, keepdims=True)),
    ("moments", lambda x: list(ops.moments(x, axes=[1, 2]))),
    (
        "standardized",
        lambda x: (
            (x - ops.mean(x, axis=(1, 2, 3), keepdims=True))
            / ops.std(x, axis=(1, 2, 3), keepdims=True)
        ),
    ),
    (
        "min_max_scaled",
        lambda x: (
            (x - ops.min(x, axis=(1, 2), keepdims=True))
            / (ops.max(x, axis=(1, 2), keepdims=True) - ops.min(x, axis=(1, 2), keepdims=True))
        ),
    ),
    ("logsumexp_last", lambda x: ops.logsumexp(x, axis=-1)),
    ("logsumexp_rows_keepdims", lambda x: ops.logsumexp(x, axis=1, keepdims=True)),
    ("norm_last", lambda x: ops.norm(x, axis=-1)),
    ("norm_l1", lambda x: ops.norm(x, ord=1, axis=-1)),
    ("normalize_last", lambda x: ops.normalize(x, axis=-1)),
    ("any_last", lambda x: ops.cast(ops.any(x > 1.5, axis=-1), "float32")),
    ("all_last", lambda x: ops.cast(ops.all(x > -0.7, axis=-1), "float32")),
    ("count_nonzero", lambda x: ops.count_nonzero(ops.relu(x), axis=(1, 2))),
    (
        "average_weighted",
        lambda x: ops.average(x, axis=-1, weights=np.array([1.0, 2.0, 3.0, 0.5], "float32")),
    ),
    ("median_last", lambda x: ops.median(x, axis=-1)),
    ("ptp_rows", lambda x: ops.ptp(x, axis=1)),
    ("argmax_last", lambda x: ops.argmax(x, axis=-1)),
    ("argmax_columns", lambda x: ops.argmax(x, axis=2)),
    ("argmin_rows_float", lambda x: ops.cast(ops.argmin(x, axis=1), "float32")),
    ("cumsum_columns", lambda x: ops.cumsum(x, axis=2)),
    ("cumsum_last", lambda x: ops.cumsum(x, axis=-1)),
    ("cumprod_last", lambda x: ops.cumprod(x, axis=-1)),
    ("gram_matrix", lambda x: ops.einsum("bhwc,bhwd->bcd", x, x) / 54.0),
)

_INTEGER = (
    _op("integer_add", lambda x: x + 3, (7,), dtype="int32"),
    _op("integer_floor_divide", lambda x: x // 3, (7,), dtype="int32"),
    _op("integer_mod", lambda x: ops.mod(x, 4), (7,), dtype="int32"),
    _op("integer_compare", lambda x: ops.cast(x > 4, "float32"), (9,), dtype="int32"),
    _op("integer_to_float", lambda x: ops.cast(x, "float32") / 2.0, (7,), dtype="int64"),
    _op("boolean_input", lambda x: ops.cast(x, "float32") * 2.0 - 1.0, (5, 4), dtype="bool"),
    _op(
        "masked_mean",
        lambda x, y: ops.sum(x * y, axis=1) / (ops.sum(ops.abs(y), axis=1) + 0.1),
        (7, 3),
        (7, 1),
    ),
)
