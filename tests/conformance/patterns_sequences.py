"""Models of sequences, text, tables and volumes: each a whole model."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from .blocks import PositionEmbedding, conv_bn, transformer_block
from .case import Case
from .sketch import wired

_TOKENS = (12,)
_VOCABULARY = 31


def cases() -> tuple[Case, ...]:
    """All patterns over sequences, tables and volumes."""
    series = (wired(f"pattern_{name}", *rest, group="pattern") for name, *rest in _SERIES)
    text = (
        wired(f"pattern_{name}", wiring, _TOKENS, group="pattern", dtype="int32")
        for name, wiring in _TEXT
    )
    return (*series, *text, *_TABLES)


def _crnn(x: Any) -> Any:
    """Text lines: columns of the image become steps (transposed first), read both ways."""
    h = layers.MaxPooling2D(2)(conv_bn(x, 6))
    h = layers.MaxPooling2D((2, 1))(conv_bn(h, 8))
    h = layers.Permute((2, 1, 3))(h)
    h = layers.Reshape((h.shape[1], h.shape[2] * h.shape[3]))(h)
    h = layers.Dense(10, activation="relu")(h)
    h = layers.Bidirectional(layers.LSTM(7, return_sequences=True, dropout=0.2))(h)
    h = layers.Bidirectional(layers.GRU(5, return_sequences=True))(h)
    return layers.Dense(9, activation="softmax")(h)


def _crnn_collapsed(x: Any) -> Any:
    """Height pooled away, one step per column, class per step."""
    h = conv_bn(conv_bn(x, 6, strides=2), 8)
    h = layers.MaxPooling2D((h.shape[1], 1))(h)
    h = ops.squeeze(h, axis=1)
    return layers.Dense(9)(layers.Bidirectional(layers.LSTM(6, return_sequences=True))(h))


def _temporal_convolution(x: Any) -> Any:
    """TCN: dilated causal convolutions with residuals; the last step answers."""
    h = layers.Conv1D(6, 1)(x)
    for rate in (1, 2, 4):
        inner = layers.Conv1D(6, 3, padding="causal", dilation_rate=rate, activation="relu")(h)
        h = layers.Add()([h, layers.SpatialDropout1D(0.1)(layers.LayerNormalization()(inner))])
    return layers.Dense(3)(h[:, -1, :])


def _wavenet(x: Any) -> Any:
    h, skips = layers.Conv1D(6, 2, padding="causal")(x), []
    for rate in (1, 2, 4):
        wave = layers.Conv1D(6, 2, padding="causal", dilation_rate=rate, activation="tanh")(h)
        gate = layers.Conv1D(6, 2, padding="causal", dilation_rate=rate, activation="sigmoid")(h)
        skips.append(layers.Conv1D(5, 1)(layers.Multiply()([wave, gate])))
        h = layers.Add()([h, layers.Conv1D(6, 1)(wave * gate)])
    return layers.Conv1D(4, 1)(layers.ReLU()(layers.Add()(skips)))


def _residual_1d(x: Any) -> Any:
    h = layers.ReLU()(
        layers.BatchNormalization()(layers.Conv1D(8, 7, strides=2, padding="same")(x))
    )
    inner = layers.ReLU()(layers.BatchNormalization()(layers.Conv1D(8, 3, padding="same")(h)))
    h = layers.MaxPooling1D(2)(layers.Add()([h, inner]))
    return layers.Dense(4, activation="softmax")(layers.GlobalAveragePooling1D()(h))


def _unet_1d(x: Any) -> Any:
    first = layers.Conv1D(6, 3, padding="same", activation="relu")(x)
    deep = layers.Conv1D(8, 3, padding="same", activation="relu")(layers.MaxPooling1D(2)(first))
    up = layers.Conv1DTranspose(6, 2, strides=2)(deep)
    return layers.Conv1D(2, 1)(layers.Concatenate()([first, layers.UpSampling1D(2)(deep), up]))


def _forecast(x: Any) -> Any:
    """Several steps ahead for several variables."""
    h = layers.Dense(4 * 3)(layers.LSTM(8)(x))
    return layers.Reshape((4, 3))(h)


def _lstm_autoencoder(x: Any) -> Any:
    code = layers.LSTM(5, activation="relu")(x)
    h = layers.RepeatVector(x.shape[1])(code)
    return layers.TimeDistributed(layers.Dense(3))(layers.LSTM(5, return_sequences=True)(h))


def _attention_pooled(x: Any) -> Any:
    h = layers.Bidirectional(layers.GRU(5, return_sequences=True))(x)
    weight = layers.Softmax(axis=1)(layers.Dense(1)(layers.Dense(4, activation="tanh")(h)))
    return layers.Dense(3)(ops.sum(weight * h, axis=1))


def _series_transformer(x: Any) -> Any:
    h = x
    for _ in range(2):
        inner = layers.LayerNormalization(epsilon=1e-6)(h)
        h = h + layers.Dropout(0.1)(layers.MultiHeadAttention(2, 5, dropout=0.1)(inner, inner))
        inner = layers.Conv1D(6, 1, activation="relu")(layers.LayerNormalization(epsilon=1e-6)(h))
        h = h + layers.Conv1D(x.shape[-1], 1)(layers.Dropout(0.1)(inner))
    h = layers.GlobalAveragePooling1D(data_format="channels_first")(h)
    return layers.Dense(2, activation="softmax")(h)


def _conformer(x: Any) -> Any:
    h = x + 0.5 * layers.Dense(6)(
        layers.Dense(12, activation="swish")(layers.LayerNormalization()(x))
    )
    inner = layers.LayerNormalization()(h)
    h = h + layers.MultiHeadAttention(2, 3)(inner, inner)
    gated = layers.Conv1D(12, 1)(layers.LayerNormalization()(h))
    gated = keras.activations.glu(gated)
    gated = layers.BatchNormalization()(layers.DepthwiseConv1D(5, padding="same")(gated))
    return layers.LayerNormalization()(h + layers.Conv1D(6, 1)(layers.Activation("swish")(gated)))


def _keyword_spotting(x: Any) -> Any:
    mel = layers.MelSpectrogram(
        fft_length=64, sequence_stride=32, sampling_rate=1000, num_mel_bins=10, max_freq=450
    )(x)
    h = layers.Reshape((*mel.shape[1:], 1))(mel)
    h = layers.GlobalMaxPooling2D()(conv_bn(layers.Resizing(8, 9)(h), 6))
    return layers.Dense(4)(h)


def _volume_classifier(x: Any) -> Any:
    h = layers.MaxPooling3D(2)(layers.Conv3D(4, 3, activation="relu")(x))
    h = layers.GlobalAveragePooling3D()(layers.BatchNormalization()(layers.Conv3D(6, 2)(h)))
    return layers.Dense(2)(layers.Dropout(0.3)(layers.Dense(7, activation="relu")(h)))


def _video_2_plus_1(x: Any) -> Any:
    """Space first, time after: (1, 3, 3) then (3, 1, 1)."""
    h = layers.Conv3D(5, (1, 3, 3), padding="same")(x)
    h = layers.ReLU()(layers.LayerNormalization()(layers.Conv3D(6, (3, 1, 1), padding="same")(h)))
    return layers.Dense(3)(layers.GlobalAveragePooling3D()(h))


def _next_frames(x: Any) -> Any:
    h = layers.ConvLSTM2D(4, 3, padding="same", return_sequences=True)(x)
    h = layers.ConvLSTM2D(4, 1, padding="same", return_sequences=True)(
        layers.BatchNormalization()(h)
    )
    return layers.Conv3D(1, 3, activation="sigmoid", padding="same")(h)


_SERIES: tuple[tuple[Any, ...], ...] = (
    ("crnn", _crnn, (16, 22, 1)),
    ("crnn_height_pooled", _crnn_collapsed, (12, 21, 1)),
    ("temporal_convolution", _temporal_convolution, (17, 3)),
    ("wavenet", _wavenet, (15, 2)),
    ("residual_1d", _residual_1d, (25, 3)),
    ("unet_1d", _unet_1d, (14, 3)),
    ("forecast", _forecast, (9, 3)),
    ("lstm_autoencoder", _lstm_autoencoder, (7, 3)),
    ("gru_attention_pooled", _attention_pooled, (8, 4)),
    ("series_transformer", _series_transformer, (11, 4)),
    ("conformer_block", _conformer, (10, 6)),
    ("keyword_spotting", _keyword_spotting, (417,)),
    ("volume_classifier", _volume_classifier, (8, 9, 11, 2)),
    ("video_2_plus_1", _video_2_plus_1, (4, 7, 9, 3)),
    ("next_frames", _next_frames, (3, 6, 8, 1)),
)


def _text_lstm(x: Any) -> Any:
    h = layers.Bidirectional(layers.LSTM(6))(layers.Embedding(_VOCABULARY, 7)(x))
    return layers.Dense(1, activation="sigmoid")(layers.Dropout(0.4)(h))


def _text_cnn(x: Any) -> Any:
    """Convolutions of several widths over the words, each pooled over time."""
    h = layers.SpatialDropout1D(0.2)(layers.Embedding(_VOCABULARY, 7)(x))
    pools = [
        layers.GlobalMaxPooling1D()(layers.Conv1D(4, k, activation="relu")(h)) for k in (2, 3, 4)
    ]
    return layers.Dense(3)(layers.Concatenate()(pools))


def _text_transformer(x: Any) -> Any:
    h = PositionEmbedding()(layers.Embedding(_VOCABULARY, 8)(x))
    return layers.Dense(3)(layers.GlobalAveragePooling1D()(transformer_block(h)))


def _text_mean(x: Any) -> Any:
    return layers.Dense(2)(layers.GlobalAveragePooling1D()(layers.Embedding(_VOCABULARY, 6)(x)))


def _tagger(x: Any) -> Any:
    h = layers.Embedding(_VOCABULARY, 6, mask_zero=True)(x)
    h = layers.Bidirectional(layers.LSTM(5, return_sequences=True))(h)
    return layers.TimeDistributed(layers.Dense(4, activation="softmax"))(h)


def _language_model(x: Any) -> Any:
    """Causal attention; the output is scored against the embedding table itself."""
    table = layers.ReversibleEmbedding(_VOCABULARY, 8)
    h = PositionEmbedding()(table(x))
    inner = layers.RMSNormalization()(h)
    h = h + layers.GroupQueryAttention(4, 4, 2)(inner, inner, use_causal_mask=True)
    inner = layers.RMSNormalization()(h)
    h = h + layers.Dense(8)(layers.Dense(12, activation="silu")(inner) * layers.Dense(12)(inner))
    return table(layers.RMSNormalization()(h), reverse=True)


_TEXT = (
    ("text_lstm", _text_lstm),
    ("text_cnn", _text_cnn),
    ("text_transformer", _text_transformer),
    ("text_mean", _text_mean),
    ("text_tagger", _tagger),
    ("language_model", _language_model),
)


def _tabular() -> keras.Model:
    data = np.random.default_rng(8).normal(
        [3.0, 40.0, -7.0, 500.0, 0.1], [1.0, 9.0, 2.0, 90.0, 0.03], (64, 5)
    )
    normalize = layers.Normalization()
    normalize.adapt(data.astype("float32"))
    table = keras.Input((5,), name="features")
    h = layers.Dense(12, activation="relu")(normalize(table))
    h = layers.Dropout(0.2)(layers.BatchNormalization()(h))
    return keras.Model(table, layers.Dense(1)(layers.Dense(7, activation="selu")(h)))


def _wide_and_deep() -> keras.Model:
    """Numbers normalised, categories embedded or one-hot, all of them joined."""
    numbers = keras.Input((4,), name="numbers")
    city = keras.Input((1,), dtype="int32", name="city")
    weekday = keras.Input((1,), dtype="int32", name="weekday")
    embedded = layers.Flatten()(layers.Embedding(12, 3)(city))
    one_hot = layers.CategoryEncoding(7, output_mode="one_hot")(weekday)
    deep = layers.Normalization(mean=[1.0, 0.0, -1.0, 0.3], variance=[2.0, 1.0, 0.5, 0.2])(numbers)
    deep = layers.Dense(8, activation="relu")(layers.Concatenate()([deep, embedded, one_hot]))
    joined = layers.Concatenate()([deep, numbers])
    outputs = layers.Dense(1, activation="sigmoid")(joined)
    return keras.Model({"numbers": numbers, "city": city, "weekday": weekday}, outputs)


def _recommender() -> keras.Model:
    user = keras.Input((1,), dtype="int64", name="user")
    item = keras.Input((1,), dtype="int64", name="item")
    vectors = (layers.Embedding(17, 5)(user), layers.Embedding(23, 5)(item))
    score = layers.Flatten()(layers.Dot(axes=2)(list(vectors)))
    bias = layers.Flatten()(layers.Embedding(17, 1)(user))
    return keras.Model([user, item], ops.sigmoid(score + bias) * 4.0 + 1.0)


def _gated_residual(x: Any) -> Any:
    h = layers.Dense(6, activation="elu")(x)
    gate = layers.Dense(6, activation="sigmoid")(h)
    return layers.Dense(2)(
        layers.LayerNormalization()(layers.Dense(6)(x) + gate * layers.Dense(6)(h))
    )


def _seq2seq() -> keras.Model:
    source = keras.Input((7,), dtype="int32", name="source")
    target = keras.Input((5,), dtype="int32", name="target")
    _, *state = layers.LSTM(6, return_state=True)(layers.Embedding(19, 4)(source))
    decoded = layers.LSTM(6, return_sequences=True)(
        layers.Embedding(23, 4)(target), initial_state=state
    )
    return keras.Model([source, target], layers.Dense(23, activation="softmax")(decoded))


_TABLES = (
    Case("pattern_tabular_adapted", "pattern", _tabular, value_range=(-5.0, 60.0)),
    Case("pattern_wide_and_deep", "pattern", _wide_and_deep),
    Case("pattern_recommender", "pattern", _recommender),
    Case("pattern_seq2seq", "pattern", _seq2seq),
    wired("pattern_gated_residual", _gated_residual, (9,), group="pattern"),
)
