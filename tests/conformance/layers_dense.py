"""Dense layers: einsums and embeddings too, on inputs of every rank."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import layers

from .case import Case
from .inputs import Array
from .sketch import alone, wired

_SERIES = (7, 5)
_IMAGE = (4, 6, 5)
_VOCABULARY = 23


def cases() -> tuple[Case, ...]:
    """All dense and embedding cases."""
    return _DENSE + _EINSUM + _EMBEDDING


def _with_lora(x: Any) -> Any:
    dense = layers.Dense(6)
    dense.build(x.shape)
    dense.enable_lora(2)
    return dense(x)


def _tied(tokens: Any) -> Any:
    table = layers.ReversibleEmbedding(_VOCABULARY, 5)
    return table(layers.Dense(5)(table(tokens)), reverse=True)


_DENSE = (
    alone("dense_vector", lambda: layers.Dense(6), (9,)),
    alone(
        "dense_vector_no_bias_relu",
        lambda: layers.Dense(6, use_bias=False, activation="relu"),
        (9,),
    ),
    alone("dense_one_unit_sigmoid", lambda: layers.Dense(1, activation="sigmoid"), (9,)),
    alone("dense_one_feature", lambda: layers.Dense(4), (1,)),
    alone("dense_series", lambda: layers.Dense(6), _SERIES),
    alone("dense_image", lambda: layers.Dense(7, activation="relu"), _IMAGE),
    alone("dense_volume", lambda: layers.Dense(3, use_bias=False), (3, 4, 6, 5)),
    alone("dense_square", lambda: layers.Dense(9), (9,)),
    wired(
        "dense_stack",
        lambda x: layers.Dense(3)(layers.Dense(8, activation="tanh")(layers.Dense(11)(x))),
        (9,),
    ),
    wired("dense_lora", _with_lora, (9,)),
)

_EINSUM = (
    alone("einsum_dense_as_dense", lambda: layers.EinsumDense("ab,bc->ac", 6, bias_axes="c"), (9,)),
    alone(
        "einsum_dense_series",
        lambda: layers.EinsumDense("abc,cd->abd", (None, 6), bias_axes="d"),
        _SERIES,
    ),
    alone(
        "einsum_dense_heads",
        lambda: layers.EinsumDense("abc,cde->abde", (None, 3, 4), bias_axes="de"),
        _SERIES,
    ),
    alone(
        "einsum_dense_joins_heads",
        lambda: layers.EinsumDense("abcd,cde->abe", (None, 7), bias_axes="e"),
        _IMAGE,
    ),
    alone(
        "einsum_dense_over_steps",
        lambda: layers.EinsumDense("abc,bd->adc", (3, 5), bias_axes="d"),
        _SERIES,
    ),
    alone(
        "einsum_dense_ellipsis",
        lambda: layers.EinsumDense("...x,xy->...y", 4, activation="relu"),
        _IMAGE,
    ),
)


def _padded_tokens(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Token numbers 1.. with a tail of zeros (padding), of another length in every sample."""
    tokens = rng.integers(1, _VOCABULARY, shape).astype("int32")
    for row in tokens:
        row[rng.integers(2, shape[1]) :] = 0
    return tokens


_TOKENS = {"x0": _padded_tokens}
_EMBEDDING = (
    alone("embedding_series", lambda: layers.Embedding(_VOCABULARY, 5), (8,), dtype="int32"),
    alone("embedding_int64", lambda: layers.Embedding(_VOCABULARY, 5), (8,), dtype="int64"),
    alone(
        "embedding_from_float",
        lambda: layers.Embedding(_VOCABULARY, 5),
        (8,),
        draw={"x0": lambda rng, shape: rng.integers(0, _VOCABULARY, shape).astype("float32")},
    ),
    alone(
        "embedding_table_of_numbers",
        lambda: layers.Embedding(_VOCABULARY, 5),
        (3, 4),
        dtype="int32",
    ),
    wired(
        "embedding_flat_dense",
        lambda x: layers.Dense(3)(layers.Flatten()(layers.Embedding(_VOCABULARY, 4)(x))),
        (6,),
        dtype="int32",
    ),
    wired(
        "embedding_mask_zero_average",
        lambda x: layers.GlobalAveragePooling1D()(
            layers.Embedding(_VOCABULARY, 4, mask_zero=True)(x)
        ),
        (8,),
        dtype="int32",
        draw=_TOKENS,
    ),
    wired(
        "embedding_mask_zero_lstm",
        lambda x: layers.LSTM(5)(layers.Embedding(_VOCABULARY, 4, mask_zero=True)(x)),
        (8,),
        dtype="int32",
        draw=_TOKENS,
    ),
    alone(
        "reversible_embedding",
        lambda: layers.ReversibleEmbedding(_VOCABULARY, 5),
        (8,),
        dtype="int32",
    ),
    wired("reversible_embedding_tied", _tied, (8,), dtype="int32"),
)
