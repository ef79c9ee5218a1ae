"""Loops of recurrent layers: one op each where OpenCV computes that right, unrolled elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import product
from typing import Any

import keras
import numpy as np
import onnx
import onnx_ir as ir
import pytest

from keras2cv.bundle.onnx_file import follow_onnx
from keras2cv.net.engines import ENGINES
from keras2cv_export.convert import convert
from keras2cv_export.formats.formats import FORMATS
from keras2cv_export.model.load import load_model
from keras2cv_export.targets.target import OLDEST, Target
from keras2cv_export.tracing.capture import trace
from support.small_graphs import inputs_for, opencv

layers = keras.layers
STEPS, CHANNELS = 7, 3
Layers = Callable[[], list[keras.Layer]]


def net(made: list[keras.Layer], batch: int = 2, steps: int = STEPS) -> keras.Model:
    """Return a model of the layers one after the other, with weights that matter."""
    x = keras.Input((steps, CHANNELS), batch_size=batch, name="x")
    y = x
    for layer in made:
        y = layer(y)
    model = keras.Model(x, y)
    rng = np.random.default_rng(5)
    model.set_weights([rng.normal(0, 0.4, w.shape).astype(np.float32) for w in model.get_weights()])
    return model


def both(layer: keras.Layer) -> keras.Layer:
    """Return the layer in both directions."""
    return layers.Bidirectional(layer)


ONE_OP: dict[str, tuple[Layers, dict[str, int]]] = {
    "LSTM": (lambda: [layers.LSTM(4)], {"LSTM": 1}),
    "LSTM, all steps": (lambda: [layers.LSTM(4, return_sequences=True)], {"LSTM": 1}),
    "LSTM, backwards": (lambda: [layers.LSTM(4, go_backwards=True)], {"LSTM": 1}),
    "LSTM, backwards, all steps": (
        lambda: [layers.LSTM(4, go_backwards=True, return_sequences=True)],
        {"LSTM": 1},
    ),
    "LSTM without biases": (lambda: [layers.LSTM(4, use_bias=False)], {"LSTM": 1}),
    "two LSTMs": (lambda: [layers.LSTM(4, return_sequences=True), layers.LSTM(5)], {"LSTM": 2}),
    "LSTM both ways": (lambda: [both(layers.LSTM(4, return_sequences=True))], {"LSTM": 2}),
    "LSTM both ways, last": (lambda: [both(layers.LSTM(4))], {"LSTM": 2}),
    "GRU": (lambda: [layers.GRU(4)], {"GRU": 1}),
    "GRU, all steps": (lambda: [layers.GRU(4, return_sequences=True)], {"GRU": 1}),
    "GRU without biases": (lambda: [layers.GRU(4, use_bias=False)], {"GRU": 1}),
    "GRU both ways": (lambda: [both(layers.GRU(4, return_sequences=True))], {"GRU": 2}),
    "SimpleRNN": (lambda: [layers.SimpleRNN(4, return_sequences=True)], {"GRU": 1}),
    "SimpleRNN both ways": (lambda: [both(layers.SimpleRNN(4))], {"GRU": 2}),
    "one number a step": (lambda: [layers.Dense(1), layers.LSTM(1)], {"LSTM": 1}),
    "cells in one loop": (
        lambda: [layers.RNN([layers.LSTMCell(3), layers.GRUCell(4)], return_sequences=True)],
        {"LSTM": 1, "GRU": 1},
    ),
    "cells of one kind in one loop": (
        lambda: [layers.RNN([layers.LSTMCell(3), layers.LSTMCell(3)])],
        {"LSTM": 2},
    ),
}
FUNCTIONS = [f for f in product(("sigmoid", "tanh"), repeat=3) if f != ("sigmoid", "tanh", "tanh")]


@keras.saving.register_keras_serializable("tests")
class OtherCell(layers.LSTMCell):
    """An LSTM's cell whose new part and cell state have functions of their own."""

    def __init__(self, units: int, functions: tuple[str, str, str]) -> None:
        super().__init__(units, recurrent_activation=functions[0])
        self.new, self.shown = map(keras.activations.get, functions[1:])

    def call(self, inputs: Any, states: list[Any], training: bool = False) -> Any:  # noqa: ARG002
        """Return the output, and the states."""
        h, c = states
        z = keras.ops.matmul(inputs, self.kernel) + keras.ops.matmul(h, self.recurrent_kernel)
        i, f, g, o = keras.ops.split(z + self.bias, 4, axis=1)
        gate = self.recurrent_activation
        c = gate(f) * c + gate(i) * self.new(g)
        h = gate(o) * self.shown(c)
        return h, [h, c]


UNROLLED: dict[str, Layers] = {
    "GRU that resets before": lambda: [layers.GRU(4, reset_after=False)],
    "another activation": lambda: [layers.LSTM(4, activation="relu")],
    "another gate": lambda: [layers.LSTM(4, recurrent_activation="hard_sigmoid")],
    "RNN with another activation": lambda: [layers.SimpleRNN(4, activation="relu")],
    "masked, another activation": lambda: [layers.Masking(), layers.LSTM(4, activation="relu")],
    "masked, gates of tanh": lambda: [
        layers.Masking(),
        layers.LSTM(4, recurrent_activation="tanh"),
    ],
    "GRU with gates of tanh": lambda: [layers.GRU(4, recurrent_activation="tanh")],
}


def converted(model: keras.Model, opencv: str | None = None) -> onnx.ModelProto:
    """Return the file for an OpenCV."""
    return ir.to_proto(convert(load_model(model), Target.parse(opencv)).model)


def ops(proto: onnx.ModelProto) -> Counter[str]:
    """Count the nodes."""
    return Counter(node.op_type for node in proto.graph.node)


def assert_right(model: keras.Model, proto: onnx.ModelProto) -> None:
    """Every engine computes what TensorFlow does, on an input that has no symmetry."""
    for engine in ENGINES:
        found = opencv(proto, engine)
        shape = [d.dim_value for d in proto.graph.input[0].type.tensor_type.shape.dim]
        (x,) = inputs_for(proto).values()
        assert list(x.shape) == shape
        wanted = keras.tree.flatten(model.predict(x, verbose=0, batch_size=len(x)))
        for output, right in zip(proto.graph.output, wanted, strict=True):
            np.testing.assert_allclose(
                found[output.name].reshape(right.shape), right, atol=2e-6, err_msg=engine
            )


@pytest.mark.parametrize(("made", "expected"), ONE_OP.values(), ids=ONE_OP)
def test_a_recurrent_layer_is_one_op(made: Layers, expected: dict[str, int]) -> None:
    """The same numbers on each engine, and a net that is known before OpenCV sees it."""
    model = net(made())
    proto = converted(model)
    found = ops(proto)
    assert {op: found[op] for op in ("LSTM", "GRU") if found[op]} == expected
    assert "Tanh" not in found
    assert_right(model, proto)
    onnx.checker.check_model(proto, full_check=True)
    data = proto.SerializeToString()
    assert follow_onnx(data, {"x": (2, STEPS, CHANNELS)}).unknown is None


@pytest.mark.parametrize("made", UNROLLED.values(), ids=UNROLLED)
def test_what_no_opencv_has_is_unrolled(made: Layers) -> None:
    """As any other loop."""
    model = net(made(), batch=1)
    proto = converted(model)
    found = ops(proto)
    assert not found["LSTM"] + found["GRU"]
    assert found["Tanh"] + found["Relu"] >= STEPS
    assert_right(model, proto)


@pytest.mark.parametrize("functions", FUNCTIONS, ids="-".join)
@pytest.mark.parametrize("batch", [1, 3])
def test_an_lstm_has_sigmoid_and_tanh_in_any_place(
    functions: tuple[str, str, str], batch: int
) -> None:
    """Both ways, all states, and first states that are stated."""
    x = keras.Input((STEPS, CHANNELS), batch_size=batch, name="x")
    made: list[Any] = []
    for backwards in (False, True):
        cell = OtherCell(4, functions)
        layer = layers.RNN(cell, return_sequences=True, return_state=True, go_backwards=backwards)
        first = [keras.ops.full((batch, 4), value) for value in (0.3, -0.2)]
        made += [*layer(x), layers.RNN(cell, go_backwards=backwards)(x, initial_state=first)]
    model = drawn(keras.Model(x, made))
    proto = converted(model)
    found = [node for node in proto.graph.node if node.op_type == "LSTM"]
    assert len(found) == 5  # the cell state of a reversed one is that of another
    assert not ops(proto)["Tanh"] + ops(proto)["Sigmoid"]
    names = [name.title().encode() for name in functions]
    given = [a.strings for node in found for a in node.attribute if a.name == "activations"]
    assert given == [names] * 5
    assert_right(model, proto)
    onnx.checker.check_model(proto, full_check=True)
    assert follow_onnx(proto.SerializeToString(), {"x": (batch, STEPS, CHANNELS)}).unknown is None


OF_LAYERS = [pair for pair in product(("sigmoid", "tanh"), repeat=2) if pair != ("tanh", "sigmoid")]


@pytest.mark.parametrize(("activation", "gates"), OF_LAYERS)
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("ways", [1, 2])
def test_layers_with_sigmoid_and_tanh_elsewhere_are_one_op(
    activation: str, gates: str, sequences: bool, ways: int
) -> None:
    """In either direction."""
    layer = layers.LSTM(
        4, activation, recurrent_activation=gates, return_sequences=sequences,
        go_backwards=ways == 1 and sequences,
    )  # fmt: skip
    model = net([layer if ways == 1 else both(layer)], 3)
    proto = converted(model)
    assert ops(proto)["LSTM"] == ways
    assert not ops(proto)["Tanh"] + ops(proto)["Sigmoid"]
    assert_right(model, proto)


OF_SIGMOIDS: dict[str, Layers] = {
    "GRU": lambda: [layers.GRU(4, "sigmoid")],
    "GRU, its states": lambda: [layers.GRU(4, "sigmoid", return_sequences=True, return_state=True)],
    "GRU, backwards": lambda: [layers.GRU(4, "sigmoid", go_backwards=True)],
    "GRU both ways": lambda: [both(layers.GRU(4, "sigmoid", return_sequences=True))],
    "GRU without biases": lambda: [layers.GRU(4, "sigmoid", use_bias=False)],
    "SimpleRNN": lambda: [layers.SimpleRNN(4, "sigmoid", return_sequences=True)],
    "SimpleRNN both ways": lambda: [both(layers.SimpleRNN(4, "sigmoid"))],
}


@pytest.mark.parametrize("made", OF_SIGMOIDS.values(), ids=OF_SIGMOIDS)
@pytest.mark.parametrize("masked", [False, True])
def test_a_gru_of_sigmoids_is_one_of_tanh(made: Layers, masked: bool) -> None:
    """Though no OpenCV has other functions in a GRU."""
    model = of_words(made()) if masked else net(made(), 3)
    proto = converted(model)
    assert ops(proto)["GRU"] >= 1
    assert not ops(proto)["Tanh"] + ops(proto)["Sigmoid"]
    if masked:
        assert_same_answers(model, proto, {"x": words()})
    else:
        assert_right(model, proto)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_computed_states_of_sigmoids_are_given_where_opencv_has_them(kind: str) -> None:
    """The steps in front that bring states about are written for tanh."""
    x = keras.Input((STEPS, CHANNELS), batch_size=1, name="x")
    layer = getattr(layers, kind)
    _, *states = layer(4, "sigmoid", return_state=True)(x)
    model = drawn(keras.Model(x, layer(4, "sigmoid")(x, initial_state=states)))
    portable, newer = converted(model), converted(model, "4.8")
    assert ops(portable)[kind] == 1
    assert ops(newer)[kind] == (2 if kind == "LSTM" else 1)
    assert_right(model, portable)
    assert_right(model, newer)


def test_masked_layers_have_a_sigmoid_as_new_part() -> None:
    """An LSTM whose gates are sigmoids can be held."""
    model = of_words([both(layers.LSTM(4, "sigmoid", return_sequences=True))])
    proto = converted(model)
    assert ops(proto)["LSTM"] == 2
    assert_same_answers(model, proto, {"x": words()})


OF_KERAS_2: dict[str, tuple[str, dict[str, int]]] = {
    "LSTM": ("LSTM", {"LSTM": 1}),
    "GRU": ("GRU", {"GRU": 1}),
    "SimpleRNN": ("SimpleRNN", {"GRU": 1}),
}


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
@pytest.mark.parametrize(("layer", "expected"), OF_KERAS_2.values(), ids=OF_KERAS_2)
def test_layers_of_keras_2_are_one_op(
    layer: str, expected: dict[str, int], activation: str
) -> None:
    """In both directions, though their GRU parts its columns otherwise, and `unroll` was set."""
    tf_keras = pytest.importorskip("tf_keras")
    old = tf_keras.layers
    ways = old.Bidirectional(getattr(old, layer)(4, activation, return_sequences=True))
    x = old.Input((STEPS, CHANNELS), batch_size=2, name="x")
    model = tf_keras.Model(x, getattr(old, layer)(3, activation, unroll=True)(ways(x)))
    proto = converted(model)
    found = ops(proto)
    assert {op: found[op] for op in expected} == {op: 3 * n for op, n in expected.items()}
    assert "Tanh" not in found
    assert_right(model, proto)


def test_the_last_states_are_outputs() -> None:
    """Of an LSTM in either direction; OpenCV has the cell state of a reversed one in a detour."""
    x = keras.Input((STEPS, CHANNELS), batch_size=2, name="x")
    y, h, c = layers.LSTM(4, return_sequences=True, return_state=True)(x)
    back = layers.LSTM(4, return_state=True, go_backwards=True)(x)
    model = keras.Model(x, [y, h, c, *back])
    proto = converted(model)
    assert ops(proto)["LSTM"] == 3
    assert_right(model, proto)
    onnx.checker.check_model(proto, full_check=True)


MASKED: dict[str, tuple[Layers, dict[str, int]]] = {
    "LSTM": (lambda: [layers.LSTM(4)], {"LSTM": 1}),
    "LSTM, all steps": (lambda: [layers.LSTM(4, return_sequences=True)], {"LSTM": 1}),
    "LSTM, backwards": (
        lambda: [layers.LSTM(4, go_backwards=True, return_sequences=True)],
        {"LSTM": 1},
    ),
    "LSTM, its states": (lambda: [layers.LSTM(4, return_state=True)], {"LSTM": 1}),
    "two LSTMs": (lambda: [layers.LSTM(4, return_sequences=True), layers.LSTM(5)], {"LSTM": 2}),
    "LSTM both ways": (lambda: [both(layers.LSTM(4))], {"LSTM": 2}),
    "LSTM both ways, all steps": (
        lambda: [both(layers.LSTM(4, return_sequences=True))],
        {"LSTM": 2},
    ),
    "GRU, its states": (
        lambda: [layers.GRU(4, return_sequences=True, return_state=True)],
        {"GRU": 1},
    ),
    "GRU both ways": (lambda: [both(layers.GRU(4, return_sequences=True))], {"GRU": 2}),
    "GRU both ways, last": (lambda: [both(layers.GRU(4))], {"GRU": 2}),
    "SimpleRNN, zeros": (
        lambda: [layers.RNN(layers.SimpleRNNCell(4), zero_output_for_mask=True)],
        {"GRU": 1},
    ),
    "cells in one loop": (
        lambda: [layers.RNN([layers.GRUCell(3), layers.LSTMCell(4)])],
        {"LSTM": 1, "GRU": 1},
    ),
}


def words(steps: int = STEPS) -> np.ndarray:
    """Return the numbers of words, 0 where none counts: before, between, behind, and everywhere."""
    drawn = np.random.default_rng(2).integers(1, 9, (4, steps))
    drawn[0, :3] = drawn[1, 4:] = drawn[2, 1::2] = drawn[3] = 0
    return drawn.astype(np.float32)


@pytest.mark.parametrize(("made", "expected"), MASKED.values(), ids=MASKED)
def test_a_masked_layer_is_one_op(made: Layers, expected: dict[str, int]) -> None:
    """Wherever the mask is off, and in a sample of which no step counts."""
    model = of_words(made())
    proto = converted(model)
    found = ops(proto)
    assert {op: found[op] for op in ("LSTM", "GRU") if found[op]} == expected
    assert "Tanh" not in found
    assert_same_answers(model, proto, {"x": words()})


def of_words(made: list[keras.Layer]) -> keras.Model:
    """Return a model of words, 0 of which do not count."""
    x = keras.Input((STEPS,), batch_size=4, name="x")
    y = layers.Embedding(9, CHANNELS, mask_zero=True)(x)
    for layer in made:
        y = layer(y)
    return drawn(keras.Model(x, y))


def drawn(model: keras.Model) -> keras.Model:
    """Give a model weights that matter."""
    rng = np.random.default_rng(5)
    model.set_weights([rng.normal(0, 0.6, w.shape).astype(np.float32) for w in model.get_weights()])
    return model


def assert_same_answers(
    model: keras.Model, proto: onnx.ModelProto, given: dict[str, np.ndarray]
) -> None:
    """Every engine gives what Keras does."""
    expected = keras.tree.flatten(model.predict(given["x"], verbose=0, batch_size=4))
    for engine in ENGINES:
        found = opencv(proto, engine, given=given)
        for output, right in zip(proto.graph.output, expected, strict=True):
            np.testing.assert_allclose(
                found[output.name].reshape(right.shape), right, atol=2e-6, err_msg=engine
            )


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SimpleRNN"])
@pytest.mark.parametrize("masked", [False, True])
def test_a_decoder_begins_where_its_encoder_ended(kind: str, masked: bool) -> None:
    """By steps in front, since few OpenCVs have computed first states."""
    x = keras.Input((STEPS,), batch_size=4, name="x")
    steps = layers.Embedding(9, CHANNELS, mask_zero=masked)(x)
    layer = getattr(layers, kind)
    _, *states = layer(4, return_state=True)(steps)
    y = layer(4, return_sequences=True)(layers.Dense(CHANNELS)(steps), initial_state=states)
    model = drawn(keras.Model(x, [y, *states]))
    proto = converted(model)
    op = "LSTM" if kind == "LSTM" else "GRU"
    assert ops(proto)[op] == 2
    assert "Tanh" not in ops(proto)
    assert_same_answers(model, proto, {"x": words()})


def test_states_of_any_size_are_given_where_opencv_has_them() -> None:
    """An LSTM's since 4.8; in a portable file the layer is unrolled."""
    x = keras.Input((STEPS, CHANNELS), batch_size=1, name="x")
    h, c = (layers.Dense(4)(x[:, k]) for k in (0, 1))
    model = drawn(keras.Model(x, layers.LSTM(4)(x, initial_state=[h, c])))
    portable, newer = converted(model), converted(model, "4.8")
    assert not ops(portable)["LSTM"]
    assert ops(portable)["Tanh"] >= STEPS
    assert ops(newer)["LSTM"] == 1
    assert_right(model, portable)
    assert_right(model, newer)


def test_the_number_of_nodes_does_not_grow_with_the_steps() -> None:
    """So neither does the time to export and to load."""
    counts = {steps: ops(converted(net([both(layers.LSTM(4))], 1, steps))) for steps in (9, 60)}
    assert counts[9] == counts[60]


def test_a_frozen_graph_is_unrolled() -> None:
    """TensorFlow's importer has no op for it."""
    found = FORMATS["frozen"].convert(load_model(net([layers.LSTM(4)], 1)), Target(OLDEST))
    assert not [node for node in found.model.graph if node.op_type == "LSTM"]


def test_tracing_can_unroll() -> None:
    """Then TensorFlow itself can run the flat graph."""
    loaded = load_model(net([layers.LSTM(4)], 1))
    names = {k: {n.op for n in trace(loaded, unrolled=k).graph_def.node} for k in (False, True)}
    assert "CudnnRNNV3" in names[False]
    assert "CudnnRNNV3" not in names[True]
