"""Functional, Sequential, nested and subclassed models: names, shapes and numbers are Keras'."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras2cv.errors import ModelError
from keras2cv_export.model.load import load_model
from support.loaded_models import ask, photo_and_age


class Pair(keras.Model):
    """A subclassed model of a dict of two vectors, with nested outputs."""

    def __init__(self) -> None:
        super().__init__(name="pair")
        self.left, self.right = layers.Dense(5, name="left"), layers.Dense(3, name="right")

    def call(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Return {"z": {"deep": (N, 5), "parts": [(N, 3), (N, 5)]}, "a": (N, 5)}."""
        left, right = self.left(inputs["left"]), self.right(inputs["right"])
        mixed = left + right[:, :1]
        return {"z": {"deep": mixed, "parts": [right, mixed - 1]}, "a": left * 2}


class Summed(keras.Model):
    """A subclassed model of a list of two vectors."""

    def __init__(self) -> None:
        super().__init__(name="summed")
        self.dense = layers.Dense(5, name="dense")

    def call(self, inputs: list[Any]) -> Any:
        """Return (N, 5)."""
        first, second = inputs
        return self.dense(first) - second


def test_inputs_and_outputs_have_keras_names() -> None:
    """An input's own name, an output layer's name; the batch is 1 unless it is given."""
    photo, age, joined = photo_and_age()
    scores = layers.Dense(5, name="scores")(joined)
    loaded = load_model(keras.Model([photo, age], scores, name="cat"), batch=3)
    assert [str(spec) for spec in loaded.inputs] == [
        "photo (3, 7, 9, 3) float32",
        "age (3, 4) float32",
    ]
    assert (loaded.name, loaded.batch) == ("cat", 3)
    assert loaded.open_batch == {"scores"}
    assert ask(loaded)["scores"].shape == (3, 5)


def test_dicts_are_flattened_as_keras_does() -> None:
    """By sorted keys, which are the names, on both sides."""
    photo, age, joined = photo_and_age()
    outputs = {"z": layers.Dense(2)(joined), "b": layers.Dense(5)(joined)}
    loaded = load_model(keras.Model({"photo": photo, "age": age}, outputs))
    assert [spec.name for spec in loaded.inputs] == ["age", "photo"]
    assert {k: v.shape for k, v in ask(loaded).items()} == {"b": (1, 5), "z": (1, 2)}
    assert list(ask(loaded)) == ["b", "z"]


def test_nested_outputs_are_named_by_their_path() -> None:
    """Keys and positions, joined by slashes, in the order of keras.tree.flatten."""
    photo, age, joined = photo_and_age()
    x = layers.Dense(2)(joined)
    outputs = {"boxes": [x, x + 1], "aux": {"mask": x * 2}}
    loaded = load_model(keras.Model([photo, age], outputs))
    assert list(ask(loaded)) == ["aux/mask", "boxes/0", "boxes/1"]


def test_one_tensor_returned_twice_has_two_names() -> None:
    """The second gets a number."""
    photo, age, joined = photo_and_age()
    x = layers.Dense(2, name="scores")(joined)
    found = ask(load_model(keras.Model([photo, age], [x, x])))
    assert list(found) == ["scores", "scores_2"]
    assert np.array_equal(found["scores"], found["scores_2"])


def test_an_output_may_be_an_input() -> None:
    """It has the input's name, and its numbers."""
    age = keras.Input((4,), name="age")
    found = ask(load_model(keras.Model(age, [age, layers.Dense(2, name="d")(age)])))
    assert list(found) == ["age", "d"]


def test_a_nested_model_is_called_like_a_layer() -> None:
    """A model inside a model, twice, with one set of weights."""
    inner_input = keras.Input((4,), name="inner_input")
    inner = keras.Model(inner_input, layers.Dense(3)(inner_input), name="shared")
    first, second = keras.Input((4,), name="first"), keras.Input((4,), name="second")
    y = layers.Subtract(name="difference")([inner(first), inner(second)])
    loaded = load_model(keras.Model([first, second], y))
    zeros = [tf.ones((1, 4)), tf.ones((1, 4))]
    ((name, tensor),) = loaded.call(*zeros)
    assert name == "difference"
    assert not np.array(tensor).any()


@pytest.mark.parametrize("shape", [(), (3,), (3, 4), (3, 4, 5), (2, 3, 4, 5)], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "uint8", "int32"])
def test_every_rank_and_dtype(shape: tuple[int, ...], dtype: str) -> None:
    """Tensors of one to five dimensions keep their dtype."""
    x = keras.Input(shape, dtype=dtype, name="x")
    loaded = load_model(keras.Model(x, layers.Rescaling(0.25, offset=1.5, name="y")(x)))
    assert [(s.shape, s.dtype) for s in loaded.inputs] == [((1, *shape), dtype)]
    assert ask(loaded)["y"].shape == (1, *shape)


def test_open_dimensions_are_filled_by_name_or_alone() -> None:
    """Given for the one input, with or without its name."""
    x = keras.Input((None, None, 3), name="photo")
    model = keras.Model(x, layers.Conv2D(4, 3, name="y")(x))
    for given in ((2, 9, 11, 3), {"photo": (2, 9, 11, 3)}):
        loaded = load_model(model, input_shapes=given)
        assert ask(loaded)["y"].shape == (2, 7, 9, 4)


def test_open_dimensions_without_a_size_are_refused() -> None:
    """The message holds the option to type."""
    x = keras.Input((None, None, 3), name="photo")
    with pytest.raises(ModelError, match="--input-shape photo:1,SIZE,SIZE,3"):
        load_model(keras.Model(x, layers.Conv2D(4, 3)(x)))


def test_a_shape_that_contradicts_the_model_is_refused() -> None:
    """Four channels where the model takes three."""
    x = keras.Input((None, None, 3), name="photo")
    with pytest.raises(ModelError, match=r"\(1, 9, 11, 4\) does not fit the input photo"):
        load_model(keras.Model(x, layers.Conv2D(4, 3)(x)), input_shapes=(1, 9, 11, 4))


def test_outputs_without_a_batch_are_listed() -> None:
    """A sum over everything is one number, however many samples there are."""
    x = keras.Input((4,), name="x")
    both = {"total": keras.ops.sum(x), "each": keras.ops.sum(x, axis=1)}
    assert load_model(keras.Model(x, both)).open_batch == {"each"}


def test_of_a_fixed_batch_nothing_is_concluded() -> None:
    """An output of four rows may be the batch, or not."""
    x = keras.Input(batch_shape=(4, 6), name="x")
    loaded = load_model(keras.Model(x, layers.Dense(4)(x)))
    assert (loaded.batch, loaded.open_batch) == (4, None)


def test_the_output_is_called_like_the_last_layer() -> None:
    """And the input like its Input."""
    model = keras.Sequential(
        [keras.Input((6,), name="features"), layers.Dense(5), layers.Dense(3, name="scores")]
    )
    loaded = load_model(model)
    assert [str(spec) for spec in loaded.inputs] == ["features (1, 6) float32"]
    assert list(ask(loaded)) == ["scores"]
    assert loaded.open_batch == {"scores"}


class Apart(keras.Model):
    """Takes two inputs by two parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key = layers.Dense(3), layers.Dense(3)

    def call(self, query: Any, context: Any) -> Any:
        """(N, 6), (N, 5) -> (N, 3)."""
        return self.query(query) - self.key(context)


def test_inputs_that_are_parameters_of_their_own() -> None:
    """A live model knows their shapes from its first call; they stay in their order."""
    model = Apart()
    query, context = np.ones((2, 6), np.float32), np.full((2, 5), 2.0, np.float32)
    expected = np.asarray(model(query, context))
    loaded = load_model(model, batch=2)
    assert [str(s) for s in loaded.inputs] == ["query (2, 6) float32", "context (2, 5) float32"]
    (found,) = [np.asarray(t) for _, t in loaded.call(query, context)]
    assert np.allclose(found, expected, atol=1e-6)


def test_parameters_without_shapes_are_asked_for() -> None:
    """All of them are named, in the words of the option."""
    with pytest.raises(ModelError, match=r"--input-shape query:1,\S+ --input-shape context:1,"):
        load_model(Apart())
    given = load_model(Apart(), input_shapes={"query": (1, 6), "context": (1, 5)})
    assert [spec.shape for spec in given.inputs] == [(1, 6), (1, 5)]


def test_without_an_input_shape_it_is_refused() -> None:
    """Nothing is built yet, and the error gives advice."""
    with pytest.raises(ModelError, match=r"has never been called.*--input-shape"):
        load_model(keras.Sequential([layers.Dense(5)]))


@pytest.mark.parametrize("given", [(2, 6), {"x": (2, 6)}, {"": (2, 6)}], ids=str)
def test_a_given_shape_builds_it(given: Any) -> None:
    """Under any name: it has none of its own yet."""
    loaded = load_model(keras.Sequential([layers.Dense(5, name="y")]), input_shapes=given)
    assert [spec.shape for spec in loaded.inputs] == [(2, 6)]
    assert ask(loaded)["y"].shape == (2, 5)


def test_two_shapes_for_one_input_are_refused() -> None:
    """A stack has one input."""
    shapes = {"x": (2, 6), "y": (2, 6)}
    with pytest.raises(ModelError, match="one input, and 2 shapes"):
        load_model(keras.Sequential([layers.Dense(5)]), input_shapes=shapes)


def test_a_dict_of_inputs_is_known_after_one_call() -> None:
    """Keras remembers the shapes; outputs are named by their path."""
    model = Pair()
    model({"left": np.ones((2, 6), "f4"), "right": np.ones((2, 4), "f4")})
    loaded = load_model(model)
    assert [str(s) for s in loaded.inputs] == ["left (1, 6) float32", "right (1, 4) float32"]
    found = ask(loaded)
    assert list(found) == ["a", "z/deep", "z/parts/0", "z/parts/1"]
    assert np.allclose(found["z/deep"] - 1, found["z/parts/1"])
    assert loaded.open_batch is None


def test_a_dict_of_inputs_can_be_given_instead() -> None:
    """A model that was never called is built by the given shapes."""
    loaded = load_model(Pair(), input_shapes={"right": (3, 4), "left": (3, 6)})
    assert [spec.name for spec in loaded.inputs] == ["left", "right"]
    assert ask(loaded)["a"].shape == (3, 5)


@pytest.mark.parametrize("container", [list, tuple])
def test_a_list_of_inputs_is_numbered(container: Callable[[Any], Any]) -> None:
    """Positions have no names."""
    model = Summed()
    model(container([np.ones((2, 6), "f4"), np.ones((2, 5), "f4")]))
    loaded = load_model(model)
    assert [str(s) for s in loaded.inputs] == [
        "input_0 (1, 6) float32",
        "input_1 (1, 5) float32",
    ]
    assert ask(loaded)["output"].shape == (1, 5)


def test_positions_at_the_top_are_numbered_outputs() -> None:
    """A number alone would be no name."""

    class Several(keras.Model):
        def call(self, x: Any) -> tuple[Any, Any]:
            return x * 2, {"mask": x - 1}

    model = Several()
    model(np.ones((2, 6), "f4"))
    assert list(ask(load_model(model))) == ["output_0", "output_1/mask"]


def test_what_is_not_given_is_left_out() -> None:
    """Some models return None in the place of an output."""

    class Optional(keras.Model):
        def call(self, x: Any) -> dict[str, Any]:
            return {"aux": None, "main": x * 2}

    model = Optional()
    model(np.ones((2, 6), "f4"))
    assert list(ask(load_model(model))) == ["main"]


def test_never_called_and_no_shape_is_refused() -> None:
    """The error names both ways out."""
    with pytest.raises(ModelError, match="Call it once on an example, or give --input-shape"):
        load_model(Pair())


def test_a_call_that_fails_on_the_given_shapes_is_the_users_to_mend() -> None:
    """For example a kernel larger than the picture: Keras' message becomes one sentence."""
    x = keras.Input((None, None, 3), name="photo")
    loaded = load_model(
        keras.Model(x, layers.Conv2D(4, 7, name="conv")(x)), input_shapes=(1, 5, 6, 3)
    )
    with pytest.raises(ModelError, match=r"photo \(1, 5, 6, 3\) float32") as caught:
        loaded.call(tf.zeros((1, 5, 6, 3)))
    assert "\n" not in str(caught.value)


def test_a_second_argument_of_call_is_refused() -> None:
    """Inputs travel in the first argument, as a list or a dict."""

    class TwoArguments(keras.Model):
        def call(self, x: Any, y: Any = None) -> Any:
            return x + y

    model = TwoArguments(name="two")
    model(np.ones((2, 6), "f4"), np.ones((2, 6), "f4"))
    loaded = load_model(model)
    with pytest.raises(ModelError, match="'two' cannot be called"):
        loaded.call(tf.zeros((1, 6)))


@pytest.mark.parametrize(
    "thing",
    [42, None, b"cat.keras", [1, 2], layers.Dense(3), lambda x: x],
    ids=lambda t: type(t).__name__,
)
def test_what_is_no_model_is_refused(thing: Any) -> None:
    """A layer is not a model either."""
    with pytest.raises(ModelError, match=r"is not a Keras model\. Give a keras\.Model"):
        load_model(thing)


def test_an_input_of_text_is_refused() -> None:
    """OpenCV has no text."""
    text = keras.Input((), dtype="string", name="title")
    model = keras.Model(text, layers.Hashing(7, name="hashed")(text))
    words = r"The output hashed is made by the layers that read text"
    with pytest.raises(ModelError, match=words):
        load_model(model)


def test_the_smallest_vocabulary_is_that_of_the_smallest_embedding() -> None:
    """Words are drawn below it, so that every index is legal everywhere."""
    words, tags = keras.Input((5,), dtype="int32"), keras.Input((5,), dtype="int32")
    y = layers.Embedding(11, 3)(words) + layers.Embedding(7, 3)(tags)
    assert load_model(keras.Model([words, tags], y)).smallest_vocabulary == 7
    x = keras.Input((4,))
    assert load_model(keras.Model(x, layers.Dense(2)(x))).smallest_vocabulary is None
