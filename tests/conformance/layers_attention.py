"""Attention: dot-product, additive, multi-head, grouped-query; causal, masked, cross, on images."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import layers, ops

from .case import Case
from .inputs import Array
from .sketch import alone, wired

_SERIES = (7, 12)


def cases() -> tuple[Case, ...]:
    """All attention cases."""
    return _MULTI_HEAD + _GROUPED + _PLAIN


def _near(x: Any) -> Any:
    """Lets every position see those whose first feature is within 1.5 (itself at least)."""
    first = x[:, :, 0]
    return ops.less(ops.abs(first[:, :, None] - first[:, None, :]), 1.5)


def _tokens(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    tokens = rng.integers(1, 19, shape).astype("int32")
    for row in tokens:
        row[rng.integers(3, shape[1]) :] = 0
    return tokens


def _masked_tokens(tokens: Any) -> Any:
    x = layers.Embedding(19, 6, mask_zero=True)(tokens)
    return layers.GlobalAveragePooling1D()(layers.MultiHeadAttention(2, 4)(x, x))


def _on_itself(layer: Any, **call: Any) -> Any:
    return lambda x: layer()(x, x, **call)


_MULTI_HEAD = (
    wired("multi_head_self", _on_itself(lambda: layers.MultiHeadAttention(3, 4)), _SERIES),
    wired("multi_head_one_head", _on_itself(lambda: layers.MultiHeadAttention(1, 12)), _SERIES),
    wired(
        "multi_head_no_bias",
        _on_itself(lambda: layers.MultiHeadAttention(2, 5, use_bias=False)),
        _SERIES,
    ),
    wired(
        "multi_head_value_dim",
        _on_itself(lambda: layers.MultiHeadAttention(2, 5, value_dim=7)),
        _SERIES,
    ),
    wired(
        "multi_head_output_shape",
        _on_itself(lambda: layers.MultiHeadAttention(2, 5, output_shape=9)),
        _SERIES,
    ),
    wired(
        "multi_head_dropout",
        _on_itself(lambda: layers.MultiHeadAttention(2, 5, dropout=0.3)),
        _SERIES,
    ),
    wired(
        "multi_head_causal",
        _on_itself(lambda: layers.MultiHeadAttention(3, 4), use_causal_mask=True),
        _SERIES,
    ),
    wired(
        "multi_head_with_scores",
        _on_itself(lambda: layers.MultiHeadAttention(3, 4), return_attention_scores=True),
        _SERIES,
    ),
    wired("multi_head_cross", layers.MultiHeadAttention(3, 4), _SERIES, (5, 8)),
    wired(
        "multi_head_cross_keys_apart",
        layers.MultiHeadAttention(2, 4),
        _SERIES,
        (5, 8),
        (5, 6),
    ),
    wired(
        "multi_head_over_image_rows_and_columns",
        _on_itself(lambda: layers.MultiHeadAttention(2, 4, attention_axes=(1, 2))),
        (4, 5, 8),
    ),
    wired(
        "multi_head_over_image_rows",
        _on_itself(lambda: layers.MultiHeadAttention(2, 4, attention_axes=(1,))),
        (4, 5, 8),
    ),
    wired(
        "multi_head_masked_by_values",
        lambda x: layers.MultiHeadAttention(2, 4)(x, x, attention_mask=_near(x)),
        _SERIES,
    ),
    wired(
        "multi_head_open_length",
        _on_itself(lambda: layers.MultiHeadAttention(3, 4)),
        (None, 12),
        input_shapes={"x0": _SERIES},
    ),
    wired(
        "multi_head_after_mask_zero",
        _masked_tokens,
        (8,),
        dtype="int32",
        draw={"x0": _tokens},
    ),
)

_GROUPED = (
    wired("group_query_self", _on_itself(lambda: layers.GroupQueryAttention(4, 6, 2)), _SERIES),
    wired(
        "group_query_cross",
        layers.GroupQueryAttention(4, 6, 1),
        _SERIES,
        (5, 12),
    ),
    wired(
        "group_query_causal",
        _on_itself(lambda: layers.GroupQueryAttention(4, 6, 2), use_causal_mask=True),
        _SERIES,
    ),
)

_PLAIN = (
    alone("attention_dot", layers.Attention, (5, 6), (7, 6)),
    alone("attention_dot_three_inputs", layers.Attention, (5, 6), (7, 4), (7, 6)),
    alone("attention_scaled", lambda: layers.Attention(use_scale=True), (5, 6), (7, 6)),
    alone("attention_concat", lambda: layers.Attention(score_mode="concat"), (5, 6), (7, 6)),
    wired("attention_causal", lambda x: layers.Attention()([x, x], use_causal_mask=True), _SERIES),
    alone("additive_attention", layers.AdditiveAttention, (5, 6), (7, 6)),
    alone(
        "additive_attention_unscaled",
        lambda: layers.AdditiveAttention(use_scale=False),
        (5, 6),
        (7, 6),
    ),
)
