"""Mixed precision: OpenCV computes in float32, and so does the reference."""

from __future__ import annotations

import contextlib

import keras
import numpy as np
import pytest
from keras import layers

from keras2cv_export.model.load import as_float32, load_model
from support.loaded_models import ask


@pytest.fixture
def half() -> keras.Model:
    """Return a mixed-precision model whose weights are float32."""
    x = keras.Input((9, 11, 3), name="photo")
    policy = keras.DTypePolicy("mixed_float16")
    y = layers.Conv2D(4, 3, name="conv", dtype=policy)(x)
    inner_input = keras.Input((7, 9, 4), dtype="float16")
    pool = layers.GlobalAveragePooling2D(dtype=policy)(inner_input)
    inner = keras.Model(inner_input, layers.Dense(5, dtype=policy)(pool), name="inner")
    return keras.Model(x, inner(y), name="half")


def test_it_answers_as_the_float32_model_with_its_weights(half: keras.Model) -> None:
    """Not as the float16 one, whose answers are 1e-3 off."""
    config = half.get_config()
    full = keras.Model.from_config(config)
    for layer in full._flatten_layers():
        layer.dtype_policy = keras.DTypePolicy("float32")
    full.set_weights(half.get_weights())
    (found,) = ask(load_model(half)).values()
    (expected,) = ask(load_model(full)).values()
    rng = np.random.default_rng(0)
    rough = np.array(half(rng.uniform(0, 9, (1, 9, 11, 3)).astype("f4")), np.float32)
    assert found.dtype == np.float32
    assert np.allclose(found, expected, rtol=1e-6)
    assert not np.allclose(found, rough, rtol=1e-5)


def test_the_users_model_stays_as_it_was(half: keras.Model) -> None:
    """Policies, answers and weights."""
    before = [str(layer.dtype_policy.name) for layer in half._flatten_layers()]
    loaded = load_model(half)
    ask(loaded)
    assert [str(layer.dtype_policy.name) for layer in half._flatten_layers()] == before
    assert np.array(half(np.ones((1, 9, 11, 3), "f4"))).dtype == np.float16


def test_policies_come_back_when_the_call_fails(half: keras.Model) -> None:
    """Even if the call raises."""
    before = [layer.dtype_policy for layer in half._flatten_layers()]
    with contextlib.suppress(ZeroDivisionError), as_float32(half):
        assert {str(x.dtype_policy.name) for x in half._flatten_layers()} == {"float32"}
        raise ZeroDivisionError
    assert [layer.dtype_policy for layer in half._flatten_layers()] == before


def test_the_user_is_told(half: keras.Model) -> None:
    """Once, with the policy's name."""
    assert load_model(half).notes == (
        "The model computes in mixed_float16; it is exported, and checked, as float32.",
    )


def test_a_float32_model_says_nothing() -> None:
    """There is no note."""
    x = keras.Input((4,))
    assert load_model(keras.Model(x, layers.Dense(2)(x))).notes == ()
