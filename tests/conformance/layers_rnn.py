"""Recurrent layers: every cell, direction, return mode, unrolling, and the wrappers around them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers

from .case import Case
from .inputs import Array
from .sketch import alone, wired

_SERIES = (9, 5)
_CLIP = (4, 7, 9, 3)


def cases() -> tuple[Case, ...]:
    """All recurrent cases."""
    plain = _LSTM + _GRU + _SIMPLE + _CELLS + _BIDIRECTIONAL + _MASKED + _DECODERS
    return plain + _TIME_DISTRIBUTED + _CONV_LSTM


def _decode(kind: Any, source: Any, target: Any) -> Any:
    _, *state = kind(6, return_state=True)(source)
    return layers.Dense(4)(kind(6, return_sequences=True)(target, initial_state=state))


def _clip_classifier(clip: Any) -> Any:
    frame = keras.Sequential(
        [
            keras.Input(_CLIP[1:]),
            layers.Conv2D(6, 3, strides=2, activation="relu"),
            layers.GlobalAveragePooling2D(),
        ]
    )
    return layers.Dense(3)(layers.LSTM(5)(layers.TimeDistributed(frame)(clip)))


_LSTM = (
    alone("lstm", lambda: layers.LSTM(6), _SERIES),
    alone("lstm_sequences", lambda: layers.LSTM(6, return_sequences=True), _SERIES),
    alone(
        "lstm_backwards", lambda: layers.LSTM(6, go_backwards=True, return_sequences=True), _SERIES
    ),
    alone("lstm_state", lambda: layers.LSTM(6, return_sequences=True, return_state=True), _SERIES),
    alone("lstm_unrolled", lambda: layers.LSTM(4, unroll=True), (5, 3)),
    alone("lstm_no_bias", lambda: layers.LSTM(6, use_bias=False), _SERIES),
    alone(
        "lstm_other_activations",
        lambda: layers.LSTM(6, activation="relu", recurrent_activation="hard_sigmoid"),
        _SERIES,
    ),
    alone("lstm_one_step", lambda: layers.LSTM(6, return_sequences=True), (1, 5)),
    alone("lstm_dropout", lambda: layers.LSTM(6, dropout=0.3, recurrent_dropout=0.2), _SERIES),
    wired(
        "lstm_stacked",
        lambda x: layers.Dense(2)(layers.LSTM(4)(layers.LSTM(6, return_sequences=True)(x))),
        _SERIES,
    ),
    wired(
        "lstm_initial_state_from_encoder",
        lambda x, y: _decode(layers.LSTM, x, y),
        _SERIES,
        (6, 3),
    ),
    wired(
        "lstm_open_length",
        lambda x: layers.Dense(2)(layers.LSTM(6)(x)),
        (None, 5),
        input_shapes={"x0": _SERIES},
    ),
)

_GRU = (
    alone("gru", lambda: layers.GRU(6), _SERIES),
    alone("gru_sequences", lambda: layers.GRU(6, return_sequences=True), _SERIES),
    alone("gru_reset_before", lambda: layers.GRU(6, reset_after=False), _SERIES),
    alone("gru_backwards", lambda: layers.GRU(6, go_backwards=True), _SERIES),
    alone("gru_no_bias_state", lambda: layers.GRU(6, use_bias=False, return_state=True), _SERIES),
    alone("gru_unrolled", lambda: layers.GRU(4, unroll=True, return_sequences=True), (5, 3)),
    wired("gru_initial_state", lambda x, h: layers.GRU(6)(x, initial_state=h), _SERIES, (6,)),
)

_SIMPLE = (
    alone("simple_rnn", lambda: layers.SimpleRNN(6), _SERIES),
    alone("simple_rnn_sequences", lambda: layers.SimpleRNN(6, return_sequences=True), _SERIES),
    alone(
        "simple_rnn_relu_backwards", lambda: layers.SimpleRNN(6, "relu", go_backwards=True), _SERIES
    ),
)


@keras.saving.register_keras_serializable(package="conformance")
class LeakyCell(keras.layers.Layer):
    """A recurrent cell of the user's own: h' = 0.7 h + tanh(W x + U h)."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.state_size = units

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates W and U."""
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.recurrent_kernel = self.add_weight(shape=(self.units, self.units), name="recurrent")

    def call(self, inputs: Any, states: Any) -> Any:
        """One step: (N, features), [(N, units)] -> (N, units), [(N, units)]."""
        state = states[0] if isinstance(states, list | tuple) else states
        drive = keras.ops.matmul(inputs, self.kernel) + keras.ops.matmul(
            state, self.recurrent_kernel
        )
        new = 0.7 * state + keras.ops.tanh(drive)
        return new, [new]

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild the cell."""
        return {**super().get_config(), "units": self.units}


_CELLS = (
    alone("rnn_of_lstm_cell", lambda: layers.RNN(layers.LSTMCell(6)), _SERIES),
    alone("rnn_of_gru_cell", lambda: layers.RNN(layers.GRUCell(6), return_sequences=True), _SERIES),
    alone("rnn_of_simple_cell", lambda: layers.RNN(layers.SimpleRNNCell(6)), _SERIES),
    alone(
        "rnn_of_stacked_cells",
        lambda: layers.RNN(layers.StackedRNNCells([layers.LSTMCell(5), layers.GRUCell(4)])),
        _SERIES,
    ),
    alone(
        "rnn_of_list_of_cells",
        lambda: layers.RNN([layers.LSTMCell(5), layers.LSTMCell(4)]),
        _SERIES,
    ),
    alone("rnn_of_custom_cell", lambda: layers.RNN(LeakyCell(5), return_sequences=True), _SERIES),
)

_BIDIRECTIONAL = (
    alone("bidirectional_lstm", lambda: layers.Bidirectional(layers.LSTM(4)), _SERIES),
    alone(
        "bidirectional_lstm_sequences",
        lambda: layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
        _SERIES,
    ),
    alone(
        "bidirectional_gru",
        lambda: layers.Bidirectional(layers.GRU(4, return_sequences=True)),
        _SERIES,
    ),
    alone(
        "bidirectional_lstm_sum",
        lambda: layers.Bidirectional(layers.LSTM(4), merge_mode="sum"),
        _SERIES,
    ),
    alone(
        "bidirectional_gru_mul",
        lambda: layers.Bidirectional(layers.GRU(4), merge_mode="mul"),
        _SERIES,
    ),
    alone(
        "bidirectional_simple_average",
        lambda: layers.Bidirectional(layers.SimpleRNN(4, return_sequences=True), merge_mode="ave"),
        _SERIES,
    ),
    alone(
        "bidirectional_lstm_apart",
        lambda: layers.Bidirectional(layers.LSTM(4, return_sequences=True), merge_mode=None),
        _SERIES,
    ),
    alone(
        "bidirectional_of_two_kinds",
        lambda: layers.Bidirectional(
            layers.LSTM(4, return_sequences=True),
            backward_layer=layers.GRU(4, return_sequences=True, go_backwards=True),
        ),
        _SERIES,
    ),
    wired(
        "bidirectional_stacked",
        lambda x: layers.Bidirectional(layers.LSTM(3))(
            layers.Bidirectional(layers.LSTM(4, return_sequences=True))(x)
        ),
        _SERIES,
    ),
)

_VOCABULARY = 11


def _words_apart(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw words with 0 before, between and behind them."""
    drawn = rng.integers(1, _VOCABULARY, shape)
    drawn[rng.random(shape) < 0.3] = 0
    drawn[..., 0] = drawn[..., -2] = 0
    drawn[..., 1] = rng.integers(1, _VOCABULARY, shape[:-1])
    return drawn.astype(np.int32)


def _of_words(name: str, wiring: Callable[[Any], Any]) -> Case:
    return wired(
        name,
        lambda x: wiring(layers.Embedding(_VOCABULARY, 5, mask_zero=True)(x)),
        (9,),
        dtype="int32",
        draw={"x0": _words_apart},
    )


def _masked(name: str, layer: Callable[[], keras.Layer]) -> Case:
    def wiring(x: Any) -> Any:
        return layer()(x)  # a layer of each model's own

    return _of_words(f"masked_{name}", wiring)


def _masked_translation(kind: Any, words: Any) -> Any:
    _, *state = kind(6, return_state=True)(words)
    later = layers.Dense(4, activation="tanh")(words)
    return kind(6, return_sequences=True)(later, initial_state=state)


def _bidirectional_encoder(source: Any, target: Any) -> Any:
    _, h, c, h_back, c_back = layers.Bidirectional(layers.LSTM(3, return_state=True))(source)
    states = [layers.Concatenate()([h, h_back]), layers.Concatenate()([c, c_back])]
    return layers.LSTM(6, return_sequences=True)(target, initial_state=states)


_MASKED = (
    _masked("lstm_sequences", lambda: layers.LSTM(5, return_sequences=True)),
    _masked("lstm_state", lambda: layers.LSTM(5, go_backwards=True, return_state=True)),
    _masked("gru", lambda: layers.GRU(5)),
    _of_words(
        "masked_bidirectional_lstm",
        lambda x: layers.LSTM(4)(layers.Bidirectional(layers.LSTM(4, return_sequences=True))(x)),
    ),
    _masked(
        "bidirectional_gru", lambda: layers.Bidirectional(layers.GRU(4, return_sequences=True))
    ),
    _masked(
        "simple_rnn_zeros",
        lambda: layers.RNN(
            layers.SimpleRNNCell(5), return_sequences=True, zero_output_for_mask=True
        ),
    ),
    _masked("stacked_cells", lambda: layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)])),
    _masked("lstm_relu", lambda: layers.LSTM(5, activation="relu")),
)

_DECODERS = (
    wired("gru_state_from_encoder", lambda x, y: _decode(layers.GRU, x, y), _SERIES, (6, 3)),
    wired("rnn_state_from_encoder", lambda x, y: _decode(layers.SimpleRNN, x, y), _SERIES, (6, 3)),
    wired("lstm_state_from_both_ways", _bidirectional_encoder, _SERIES, (6, 3)),
    wired(
        "gru_state_from_dense",
        lambda x, y: layers.GRU(6)(x, initial_state=layers.Dense(6, activation="tanh")(y)),
        _SERIES,
        (5,),
    ),
    wired(
        "lstm_state_given",
        lambda x, h, c: layers.LSTM(6)(x, initial_state=[h, c]),
        _SERIES,
        (6,),
        (6,),
    ),
    _of_words("masked_lstm_decoder", lambda x: _masked_translation(layers.LSTM, x)),
    _of_words("masked_gru_decoder", lambda x: _masked_translation(layers.GRU, x)),
)

_TIME_DISTRIBUTED = (
    alone("time_distributed_dense", lambda: layers.TimeDistributed(layers.Dense(4)), _SERIES),
    alone("time_distributed_conv2d", lambda: layers.TimeDistributed(layers.Conv2D(4, 3)), _CLIP),
    alone(
        "time_distributed_pooling", lambda: layers.TimeDistributed(layers.MaxPooling2D(2)), _CLIP
    ),
    alone("time_distributed_flatten", lambda: layers.TimeDistributed(layers.Flatten()), _CLIP),
    wired("time_distributed_model_then_lstm", _clip_classifier, _CLIP),
)

_CONV_LSTM = (
    alone("conv_lstm1d", lambda: layers.ConvLSTM1D(4, 3, return_sequences=True), (4, 9, 3)),
    alone("conv_lstm2d_same", lambda: layers.ConvLSTM2D(4, 3, padding="same"), _CLIP),
    alone("conv_lstm2d_sequences", lambda: layers.ConvLSTM2D(4, 3, return_sequences=True), _CLIP),
    alone("conv_lstm2d_backwards", lambda: layers.ConvLSTM2D(4, (2, 3), go_backwards=True), _CLIP),
    alone("conv_lstm2d_strided", lambda: layers.ConvLSTM2D(4, 3, strides=2, padding="same"), _CLIP),
    alone("conv_lstm3d", lambda: layers.ConvLSTM3D(2, 2, padding="same"), (3, 4, 5, 6, 2)),
)
