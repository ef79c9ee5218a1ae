"""Weights and inputs are informative, reproducible and refuse to guess."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from . import Case, inputs_for, packed, randomize, reference

pytestmark = pytest.mark.filterwarnings(
    # Keras 3 on numpy 2: Normalization.adapt, nothing of ours.
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)


def _convolutional(batch_normalization: bool = True) -> keras.Model:
    image = keras.Input((9, 13, 3), name="image")
    h = layers.Conv2D(7, 3)(image)
    h = layers.BatchNormalization()(h) if batch_normalization else h
    return keras.Model(image, layers.Dense(4)(layers.ReLU()(h)))


def _series() -> keras.Model:
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    return keras.Model(tokens, layers.LSTM(3)(layers.Embedding(6, 4)(tokens)))


def test_every_weight_is_changed_and_none_is_constant() -> None:
    """No weight keeps the zeros or ones that Keras starts with."""
    model = randomize(_convolutional(), 3)
    for weight in model.weights:
        assert np.ptp(weight.numpy()) > 0.01, weight.path


def test_the_same_seed_gives_the_same_weights() -> None:
    """A failing case can be rebuilt exactly, and another seed is another model."""
    first, again, other = (randomize(_convolutional(), seed) for seed in (3, 3, 4))
    for a, b, c in zip(first.weights, again.weights, other.weights, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
        assert np.abs(a.numpy() - c.numpy()).max() > 0


def test_moving_statistics_are_those_of_the_calibration_batch() -> None:
    """A normalisation sees the mean that it subtracts, and keeps its own momentum."""
    model = _convolutional()
    arrays = inputs_for(model, 16, 5)
    randomize(model, 3, arrays)
    norm = next(la for la in model.layers if isinstance(la, layers.BatchNormalization))
    before = keras.Model(model.input, norm.input)(arrays[0])
    np.testing.assert_allclose(
        norm.moving_mean.numpy(), np.mean(before, axis=(0, 1, 2)), rtol=1e-3, atol=1e-4
    )
    assert norm.momentum == 0.99


def test_layer_scale_is_lifted_off_zero() -> None:
    """A branch multiplied by 1e-6 would hide every mistake in it."""
    from .blocks import LayerScale

    table = keras.Input((5,))
    model = randomize(keras.Model(table, LayerScale()(table)), 1)
    assert model.weights[0].numpy().min() > 0.5


def test_statistics_that_were_adapted_stay() -> None:
    """An adapted Normalization holds facts about data, not weights to draw."""
    data = np.random.default_rng(2).normal([3.0, -40.0], [1.5, 9.0], (50, 2)).astype("float32")
    table, layer = keras.Input((2,)), layers.Normalization()
    layer.adapt(data)
    model = randomize(keras.Model(table, layer(table)), 1)
    (scaled,) = reference(model, [data])
    np.testing.assert_allclose(scaled.mean(axis=0), [0.0, 0.0], atol=1e-5)
    np.testing.assert_allclose(scaled.std(axis=0), [1.0, 1.0], atol=1e-5)


def test_no_two_samples_rows_columns_or_channels_are_alike() -> None:
    """A flip, a transpose or a mix-up of samples shows."""
    (image,) = inputs_for(_convolutional(), 2, 7)
    assert image.shape == (2, 9, 13, 3)
    assert image.dtype == np.float32
    for axis in range(4):
        slices = np.moveaxis(image, axis, 0).reshape(image.shape[axis], -1)
        assert len(np.unique(slices, axis=0)) == image.shape[axis]


def test_float_inputs_fill_the_asked_range() -> None:
    """Pixels look like pixels."""
    (image,) = inputs_for(_convolutional(), 4, 7, value_range=(0.0, 255.0))
    assert 0.0 <= image.min() < 40.0
    assert 215.0 < image.max() <= 255.0


def test_integer_inputs_stay_inside_the_vocabulary() -> None:
    """Out-of-range tokens would crash TensorFlow or read garbage."""
    (tokens,) = inputs_for(_series(), 5, 7, input_shapes={"tokens": (11,)})
    assert tokens.dtype == np.int32
    assert set(np.unique(tokens)) == set(range(6))


def test_bytes_span_an_image() -> None:
    """uint8 inputs are images, dark to bright."""
    image = keras.Input((9, 13, 3), dtype="uint8")
    (array,) = inputs_for(keras.Model(image, layers.Rescaling(1 / 255)(image)), 3, 7)
    assert array.dtype == np.uint8
    assert array.min() < 40
    assert array.max() > 215


def test_an_open_dimension_must_be_fixed() -> None:
    """Nobody guesses how long a series is."""
    with pytest.raises(ValueError, match="Fix every open dimension"):
        inputs_for(_series(), 1, 7)


def test_a_fixed_dimension_cannot_be_contradicted() -> None:
    """A case whose shape disagrees with its model is a mistake in the case."""
    with pytest.raises(ValueError, match="the case says"):
        inputs_for(_convolutional(), 1, 7, input_shapes={"image": (9, 14, 3)})


def test_a_model_without_named_inputs_needs_shapes() -> None:
    """A subclassed model does not declare its inputs."""

    class Bare(keras.Model):
        """Doubles."""

        def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
            """Twice x."""
            return x * 2.0

    with pytest.raises(ValueError, match="input_shapes"):
        inputs_for(Bare(), 1, 7)
    assert inputs_for(Bare(), 2, 7, input_shapes={"x": (5,)})[0].shape == (2, 5)


def test_a_draw_of_the_wrong_type_is_refused() -> None:
    """A custom draw cannot smuggle in another dtype than the model declares."""
    wrong = {"image": lambda rng, shape: rng.standard_normal(shape)}
    with pytest.raises(ValueError, match=r"expected .* float32, got .* float64"):
        inputs_for(_convolutional(), 1, 7, draw=wrong)


def test_dictionary_inputs_are_packed_by_name() -> None:
    """Arrays in the order of model.inputs reach the inputs of those names."""
    first, second = keras.Input((2,), name="b"), keras.Input((3,), name="a")
    outputs = layers.Concatenate()([first, second])
    model = keras.Model({"b": first, "a": second}, outputs)
    arrays = inputs_for(model, 2, 7)
    assert {name: array.shape[1] for name, array in packed(model, arrays).items()} == {
        "b": 2,
        "a": 3,
    }
    assert reference(model, arrays)[0].shape == (2, 5)


@pytest.mark.parametrize(
    ("name", "group", "batches", "message"),
    [
        ("with space", "layer", (1,), "named like a variable"),
        ("fine", "layers", (1,), "is not one of"),
        ("fine", "layer", (), "positive sizes"),
        ("fine", "layer", (0, 2), "positive sizes"),
    ],
)
def test_a_malformed_case_is_refused(
    name: str, group: str, batches: tuple[int, ...], message: str
) -> None:
    """A case checks itself when it is written down."""
    with pytest.raises(ValueError, match=message):
        Case(name, group, _convolutional, batches=batches)  # type: ignore[arg-type]


def test_a_case_builds_the_same_model_twice() -> None:
    """Two runners that build a case get equal models, dropout and augmentation included."""
    case = Case("twice", "pattern", _convolutional)
    arrays = case.inputs(case.model(), 2, 9)
    first, again = (reference(case.model(), arrays)[0] for _ in range(2))
    np.testing.assert_array_equal(first, again)
