"""Every call of a layer, with a name that is the same in every run."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras2cv_export.model.load import load_model
from keras2cv_export.tracing.layer_calls import layer_calls
from keras2cv_export.tracing.layer_outputs import layer_outputs, output_key
from support.keras_kinds import KINDS


def keys(model: keras.Model, *arrays: Any) -> list[str]:
    """Return the keys of one call."""
    with layer_calls(model) as calls:
        model(arrays[0] if len(arrays) == 1 else list(arrays))
    return [call.key for call in calls]


def small() -> keras.Model:
    """Return two Dense layers around a Dropout."""
    x = keras.Input((4,), name="row")
    y = layers.Dropout(0.3, name="drop")(layers.Dense(5, name="first")(x))
    return keras.Model(x, layers.Dense(3, name="last")(y))


def test_a_layer_that_is_called_twice_is_numbered() -> None:
    """Below the nested model's name, inner layers before the one around them."""
    kind = KINDS["nested"]
    found = keys(kind.model(), *kind.inputs(2, 1))
    inner = [k for k in found if k.startswith("tower")]
    assert inner[0] == "tower/conv"
    assert [inner.index(k) for k in ("tower", "tower/conv#2", "tower#2")] == [3, 4, 7]
    assert found[-1] == "apart"


def test_two_runs_give_the_same_keys() -> None:
    """And nothing is left of the first."""
    model, row = small(), np.ones((1, 4), "float32")
    assert keys(model, row) == keys(model, row) != []


def test_a_layer_with_several_outputs_numbers_them() -> None:
    """An LSTM that returns its state."""
    x = keras.Input((5, 4), name="series")
    outputs = layers.LSTM(3, return_state=True, name="lstm")(x)
    found = keys(keras.Model(x, outputs), np.ones((1, 5, 4), "float32"))
    assert [k for k in found if k.split(":")[0] == "lstm"] == ["lstm", "lstm:1", "lstm:2"]


def test_calling_is_as_before_afterwards() -> None:
    """Also when the model fails."""
    before = (vars(layers.Layer)["__call__"], vars(layers.Layer.__mro__[-3]).get("__call__"))
    with pytest.raises(ValueError, match="call went wrong"), layer_calls(small()):
        raise ValueError("call went wrong")
    after = (vars(layers.Layer)["__call__"], vars(layers.Layer.__mro__[-3]).get("__call__"))
    assert after == before


def test_what_layers_give_is_what_keras_gives() -> None:
    """In their order, each tensor once: a Dropout gives the tensor of the layer before it."""
    model = small()
    row = np.random.default_rng(5).normal(size=(1, 4)).astype(np.float32)
    run = layer_outputs(load_model(model), [row])
    assert [layer.key for layer in run.layers] == ["first", "last"]
    assert run.same_as["drop"] == "first"
    assert run.same_as[output_key("last")] == "last"
    assert run.layers[1].before == {"first"}
    first = keras.ops.convert_to_numpy(model.get_layer("first")(row))
    np.testing.assert_allclose(run.values["first"], first, rtol=1e-6)
    np.testing.assert_allclose(run.values["last"], np.asarray(model(row)), rtol=1e-6)


def test_an_output_that_no_layer_gives_is_listed_last() -> None:
    """A subclassed model computes outside of its layers too."""
    kind = KINDS["subclassed_list"]
    run = layer_outputs(load_model(kind.model()), kind.inputs(1, 4))
    assert [layer.kind for layer in run.layers] == ["Dense", "Dense", "output"]
    assert run.layers[-1].before == {layer.key for layer in run.layers[:-1]}
