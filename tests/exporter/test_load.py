"""Opening models: every kind answers the same questions, and nothing runs that was not allowed."""

from __future__ import annotations

import contextlib
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras2cv.errors import ModelError
from keras2cv_export.load import LoadedModel, as_float32, load_model

Array = np.ndarray[Any, Any]


@pytest.fixture(autouse=True)
def _same_weights() -> None:
    """Draw the same weights whichever tests ran before."""
    keras.utils.set_random_seed(5)


def ask(loaded: LoadedModel, seed: int = 0) -> dict[str, Array]:
    """Return the outputs for random inputs, by name, in order."""
    rng = np.random.default_rng(seed)
    arrays = [rng.uniform(0, 9, spec.shape).astype(spec.dtype) for spec in loaded.inputs]
    pairs = loaded.call(*[tf.constant(a) for a in arrays])
    return {name: np.array(tensor) for name, tensor in pairs}


def photo_and_age() -> tuple[Any, Any, Any]:
    """Return two inputs and a vector that depends on both."""
    photo, age = keras.Input((7, 9, 3), name="photo"), keras.Input((4,), name="age")
    pooled = layers.GlobalAveragePooling2D(name="pooled")(photo)
    return photo, age, layers.Concatenate(name="joined")([pooled, age])


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


class TestFunctional:
    """Models made of Inputs and layers."""

    def test_inputs_and_outputs_have_keras_names(self) -> None:
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

    def test_dicts_are_flattened_as_keras_does(self) -> None:
        """By sorted keys, which are the names, on both sides."""
        photo, age, joined = photo_and_age()
        outputs = {"z": layers.Dense(2)(joined), "b": layers.Dense(5)(joined)}
        loaded = load_model(keras.Model({"photo": photo, "age": age}, outputs))
        assert [spec.name for spec in loaded.inputs] == ["age", "photo"]
        assert {k: v.shape for k, v in ask(loaded).items()} == {"b": (1, 5), "z": (1, 2)}
        assert list(ask(loaded)) == ["b", "z"]

    def test_nested_outputs_are_named_by_their_path(self) -> None:
        """Keys and positions, joined by slashes, in the order of keras.tree.flatten."""
        photo, age, joined = photo_and_age()
        x = layers.Dense(2)(joined)
        outputs = {"boxes": [x, x + 1], "aux": {"mask": x * 2}}
        loaded = load_model(keras.Model([photo, age], outputs))
        assert list(ask(loaded)) == ["aux/mask", "boxes/0", "boxes/1"]

    def test_one_tensor_returned_twice_has_two_names(self) -> None:
        """The second gets a number."""
        photo, age, joined = photo_and_age()
        x = layers.Dense(2, name="scores")(joined)
        found = ask(load_model(keras.Model([photo, age], [x, x])))
        assert list(found) == ["scores", "scores_2"]
        assert np.array_equal(found["scores"], found["scores_2"])

    def test_an_output_may_be_an_input(self) -> None:
        """It has the input's name, and its numbers."""
        age = keras.Input((4,), name="age")
        found = ask(load_model(keras.Model(age, [age, layers.Dense(2, name="d")(age)])))
        assert list(found) == ["age", "d"]

    def test_a_nested_model_is_called_like_a_layer(self) -> None:
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
    def test_every_rank_and_dtype(self, shape: tuple[int, ...], dtype: str) -> None:
        """Tensors of one to five dimensions keep their dtype."""
        x = keras.Input(shape, dtype=dtype, name="x")
        loaded = load_model(keras.Model(x, layers.Rescaling(0.25, offset=1.5, name="y")(x)))
        assert [(s.shape, s.dtype) for s in loaded.inputs] == [((1, *shape), dtype)]
        assert ask(loaded)["y"].shape == (1, *shape)

    def test_open_dimensions_are_filled_by_name_or_alone(self) -> None:
        """Given for the one input, with or without its name."""
        x = keras.Input((None, None, 3), name="photo")
        model = keras.Model(x, layers.Conv2D(4, 3, name="y")(x))
        for given in ((2, 9, 11, 3), {"photo": (2, 9, 11, 3)}):
            loaded = load_model(model, input_shapes=given)
            assert ask(loaded)["y"].shape == (2, 7, 9, 4)

    def test_open_dimensions_without_a_size_are_refused(self) -> None:
        """The message holds the option to type."""
        x = keras.Input((None, None, 3), name="photo")
        with pytest.raises(ModelError, match="--input-shape photo:1,SIZE,SIZE,3"):
            load_model(keras.Model(x, layers.Conv2D(4, 3)(x)))

    def test_a_shape_that_contradicts_the_model_is_refused(self) -> None:
        """Four channels where the model takes three."""
        x = keras.Input((None, None, 3), name="photo")
        with pytest.raises(ModelError, match=r"\(1, 9, 11, 4\) does not fit the input photo"):
            load_model(keras.Model(x, layers.Conv2D(4, 3)(x)), input_shapes=(1, 9, 11, 4))

    def test_outputs_without_a_batch_are_told(self) -> None:
        """A sum over everything is one number, however many samples there are."""
        x = keras.Input((4,), name="x")
        both = {"total": keras.ops.sum(x), "each": keras.ops.sum(x, axis=1)}
        assert load_model(keras.Model(x, both)).open_batch == {"each"}

    def test_of_a_fixed_batch_nothing_is_concluded(self) -> None:
        """An output of four rows may be the batch, or not."""
        x = keras.Input(batch_shape=(4, 6), name="x")
        loaded = load_model(keras.Model(x, layers.Dense(4)(x)))
        assert (loaded.batch, loaded.open_batch) == (4, None)


class TestSequential:
    """Stacks of layers."""

    def test_the_output_is_called_like_the_last_layer(self) -> None:
        """And the input like its Input."""
        model = keras.Sequential(
            [keras.Input((6,), name="features"), layers.Dense(5), layers.Dense(3, name="scores")]
        )
        loaded = load_model(model)
        assert [str(spec) for spec in loaded.inputs] == ["features (1, 6) float32"]
        assert list(ask(loaded)) == ["scores"]
        assert loaded.open_batch == {"scores"}

    def test_without_an_input_shape_it_is_refused(self) -> None:
        """Nothing is built yet, and the user hears what to do."""
        with pytest.raises(ModelError, match=r"has never been called.*--input-shape"):
            load_model(keras.Sequential([layers.Dense(5)]))

    @pytest.mark.parametrize("given", [(2, 6), {"x": (2, 6)}, {"": (2, 6)}], ids=str)
    def test_a_given_shape_builds_it(self, given: Any) -> None:
        """Under any name: it has none of its own yet."""
        loaded = load_model(keras.Sequential([layers.Dense(5, name="y")]), input_shapes=given)
        assert [spec.shape for spec in loaded.inputs] == [(2, 6)]
        assert ask(loaded)["y"].shape == (2, 5)

    def test_two_shapes_for_one_input_are_refused(self) -> None:
        """A stack has one input."""
        shapes = {"x": (2, 6), "y": (2, 6)}
        with pytest.raises(ModelError, match="one input, and 2 shapes"):
            load_model(keras.Sequential([layers.Dense(5)]), input_shapes=shapes)


class TestSubclassed:
    """Models with a call() of their own."""

    def test_a_dict_of_inputs_is_known_after_one_call(self) -> None:
        """Keras remembers the shapes; outputs are named by their path."""
        model = Pair()
        model({"left": np.ones((2, 6), "f4"), "right": np.ones((2, 4), "f4")})
        loaded = load_model(model)
        assert [str(s) for s in loaded.inputs] == ["left (1, 6) float32", "right (1, 4) float32"]
        found = ask(loaded)
        assert list(found) == ["a", "z/deep", "z/parts/0", "z/parts/1"]
        assert np.allclose(found["z/deep"] - 1, found["z/parts/1"])
        assert loaded.open_batch is None

    def test_a_dict_of_inputs_can_be_given_instead(self) -> None:
        """A model that was never called is built by the given shapes."""
        loaded = load_model(Pair(), input_shapes={"right": (3, 4), "left": (3, 6)})
        assert [spec.name for spec in loaded.inputs] == ["left", "right"]
        assert ask(loaded)["a"].shape == (3, 5)

    @pytest.mark.parametrize("container", [list, tuple])
    def test_a_list_of_inputs_is_numbered(self, container: Callable[[Any], Any]) -> None:
        """Positions have no names."""
        model = Summed()
        model(container([np.ones((2, 6), "f4"), np.ones((2, 5), "f4")]))
        loaded = load_model(model)
        assert [str(s) for s in loaded.inputs] == [
            "input_0 (1, 6) float32",
            "input_1 (1, 5) float32",
        ]
        assert ask(loaded)["output"].shape == (1, 5)

    def test_positions_at_the_top_are_numbered_outputs(self) -> None:
        """A number alone would be no name."""

        class Several(keras.Model):
            def call(self, x: Any) -> tuple[Any, Any]:
                return x * 2, {"mask": x - 1}

        model = Several()
        model(np.ones((2, 6), "f4"))
        assert list(ask(load_model(model))) == ["output_0", "output_1/mask"]

    def test_what_is_not_given_is_left_out(self) -> None:
        """Some models return None where they have nothing to say."""

        class Optional(keras.Model):
            def call(self, x: Any) -> dict[str, Any]:
                return {"aux": None, "main": x * 2}

        model = Optional()
        model(np.ones((2, 6), "f4"))
        assert list(ask(load_model(model))) == ["main"]

    def test_never_called_and_no_shape_is_refused(self) -> None:
        """The user hears both ways out."""
        with pytest.raises(ModelError, match="Call it once on an example, or give --input-shape"):
            load_model(Pair())

    def test_a_call_that_fails_on_the_given_shapes_is_the_users_to_mend(self) -> None:
        """A kernel larger than the picture, say: what Keras says of it, in one sentence."""
        x = keras.Input((None, None, 3), name="photo")
        loaded = load_model(
            keras.Model(x, layers.Conv2D(4, 7, name="conv")(x)), input_shapes=(1, 5, 6, 3)
        )
        with pytest.raises(ModelError, match=r"photo \(1, 5, 6, 3\) float32") as caught:
            loaded.call(tf.zeros((1, 5, 6, 3)))
        assert "\n" not in str(caught.value)

    def test_a_second_argument_of_call_is_refused(self) -> None:
        """Inputs travel in the first argument, as a list or a dict."""

        class TwoArguments(keras.Model):
            def call(self, x: Any, y: Any = None) -> Any:
                return x + y

        model = TwoArguments(name="two")
        model(np.ones((2, 6), "f4"), np.ones((2, 6), "f4"))
        loaded = load_model(model)
        with pytest.raises(ModelError, match="'two' cannot be called"):
            loaded.call(tf.zeros((1, 6)))


class TestFiles:
    """What model.save() and model.export() write."""

    @pytest.mark.parametrize("name", ["cat.keras", "cat.h5"])
    def test_a_saved_model_is_the_same_model(self, tmp_path: Path, name: str) -> None:
        """Names, shapes and numbers."""
        photo, age, joined = photo_and_age()
        model = keras.Model([photo, age], layers.Dense(5, name="scores")(joined), name="cat")
        model.save(tmp_path / name)
        live, saved = load_model(model), load_model(tmp_path / name)
        assert saved.inputs == live.inputs
        assert np.array_equal(ask(saved)["scores"], ask(live)["scores"])
        assert (saved.source.file, saved.source.kind) == (name, name.rpartition(".")[2])
        assert len(saved.source.sha256 or "") == 64
        assert (live.source.kind, live.source.sha256) == ("live", None)

    def test_a_path_may_be_text(self, tmp_path: Path) -> None:
        """As the command line gives it."""
        x = keras.Input((4,), name="x")
        path = tmp_path / "naïve 猫.keras"
        keras.Model(x, layers.Dense(2)(x)).save(path)
        assert load_model(str(path)).source.file == "naïve 猫.keras"

    def test_a_saved_model_folder_is_a_function(self, tmp_path: Path) -> None:
        """Inputs in Keras' order, outputs by the names of the signature."""
        photo, age, joined = photo_and_age()
        model = keras.Model([photo, age], layers.Dense(5, name="scores")(joined), name="cat")
        model.export(tmp_path / "cat", verbose=False)
        live, saved = load_model(model), load_model(tmp_path / "cat")
        assert [s.shape for s in saved.inputs] == [s.shape for s in live.inputs]
        assert [s.name for s in saved.inputs] == ["photo", "age"]
        (expected,), (found,) = ask(live).values(), ask(saved).values()
        assert np.allclose(found, expected, rtol=1e-6)
        assert (saved.source.kind, saved.keras_model) == ("savedmodel", None)
        assert saved.open_batch == set(ask(saved))

    def test_the_outputs_of_a_saved_model_are_in_keras_order(self, tmp_path: Path) -> None:
        """output_10 comes after output_9, not after output_1."""
        x = keras.Input((4,), name="x")
        keras.Model(x, [x * k for k in range(12)]).export(tmp_path / "cat", verbose=False)
        found = ask(load_model(tmp_path / "cat"))
        assert list(found) == [f"output_{k}" for k in range(12)]
        first = found["output_1"]
        assert all(np.allclose(found[f"output_{k}"], first * k) for k in range(12))

    def test_a_saved_model_with_open_dimensions_needs_a_shape(self, tmp_path: Path) -> None:
        """As any other model does."""
        x = keras.Input((None, None, 3), name="photo")
        keras.Model(x, layers.Conv2D(4, 3)(x)).export(tmp_path / "cat", verbose=False)
        with pytest.raises(ModelError, match="--input-shape photo:1,SIZE,SIZE,3"):
            load_model(tmp_path / "cat")
        loaded = load_model(tmp_path / "cat", input_shapes=(1, 9, 11, 3))
        assert next(iter(ask(loaded).values())).shape == (1, 7, 9, 4)

    def test_a_saved_model_with_one_signature_of_another_name_is_read(self, tmp_path: Path) -> None:
        """There is no doubt which one is meant."""
        module = tf.Module()
        spec = tf.TensorSpec((1, 4), tf.float32, name="x")
        module.run = tf.function(lambda x: {"y": x * 2}, input_signature=[spec])
        tf.saved_model.save(module, str(tmp_path / "cat"), signatures={"run": module.run})
        assert list(ask(load_model(tmp_path / "cat"))) == ["y"]

    def test_a_saved_model_without_a_signature_is_refused(self, tmp_path: Path) -> None:
        """There is nothing to call."""
        tf.saved_model.save(tf.Module(), str(tmp_path / "cat"))
        with pytest.raises(
            ModelError, match=r"cat has no signature 'serving_default' \(it has: no"
        ):
            load_model(tmp_path / "cat")

    def test_a_saved_model_with_two_other_signatures_is_refused(self, tmp_path: Path) -> None:
        """The user hears which there are."""
        module = tf.Module()
        spec = tf.TensorSpec((1, 4), tf.float32, name="x")
        module.run = tf.function(lambda x: {"y": x * 2}, input_signature=[spec])
        both = {"encode": module.run, "decode": module.run}
        tf.saved_model.save(module, str(tmp_path / "cat"), signatures=both)
        with pytest.raises(ModelError, match=r"it has: (encode, decode|decode, encode)"):
            load_model(tmp_path / "cat")

    def test_a_folder_that_is_no_saved_model_is_refused(self, tmp_path: Path) -> None:
        """The user hears what is looked for in it."""
        with pytest.raises(ModelError, match=r"is a folder without a saved_model\.pb"):
            load_model(tmp_path)

    def test_a_broken_saved_model_is_refused(self, tmp_path: Path) -> None:
        """What TensorFlow says of it, in one sentence."""
        (tmp_path / "saved_model.pb").write_bytes(b"no protobuf")
        with pytest.raises(ModelError, match="TensorFlow cannot load this SavedModel") as caught:
            load_model(tmp_path)
        assert "\n" not in str(caught.value)

    def test_a_missing_file_is_said_to_be_missing(self, tmp_path: Path) -> None:
        """Not to be of the wrong kind."""
        with pytest.raises(ModelError, match=r"There is no model at .*cat\.keras"):
            load_model(tmp_path / "cat.keras")

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
    def test_an_unreadable_file_is_said_to_be_that(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The operating system's own reason is given."""

        def refuse(path: Path) -> str:
            raise PermissionError(13, "Permission denied", str(path))

        (tmp_path / "cat.keras").write_bytes(b"PK")
        monkeypatch.setattr("keras2cv_export.load.from_file.sha256_of", refuse)
        with pytest.raises(ModelError, match=r"cannot be read \(Permission denied\)"):
            load_model(tmp_path / "cat.keras")

    @pytest.mark.parametrize("name", ["cat.keras", "cat.h5", "cat.png"])
    def test_a_file_that_is_no_model_is_refused(self, tmp_path: Path, name: str) -> None:
        """Whatever it is called."""
        (tmp_path / name).write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
        with pytest.raises(ModelError, match="is not a Keras model"):
            load_model(tmp_path / name)

    @pytest.mark.parametrize(
        ("saved", "renamed"),
        [("a.keras", "a.h5"), ("a.h5", "a.keras"), ("a.keras", "a.zip"), ("a.h5", "a")],
    )
    def test_a_model_under_another_name_is_to_be_renamed(
        self, saved: str, renamed: str, tmp_path: Path
    ) -> None:
        """Keras goes by the suffix; the message holds the name to give it."""
        x = keras.Input((4,), name="x")
        keras.Model(x, layers.Dense(2)(x)).save(tmp_path / saved)
        (tmp_path / saved).rename(tmp_path / renamed)
        with pytest.raises(ModelError, match=rf"Rename it to {saved}\."):
            load_model(tmp_path / renamed)

    def test_weights_alone_are_refused(self, tmp_path: Path) -> None:
        """The user hears what to save instead."""
        x = keras.Input((4,))
        keras.Model(x, layers.Dense(2)(x)).save_weights(tmp_path / "cat.weights.h5")
        with pytest.raises(ModelError, match="holds weights without an architecture"):
            load_model(tmp_path / "cat.weights.h5")

    def test_a_model_whose_weights_are_missing_is_refused(self, tmp_path: Path) -> None:
        """An archive with an architecture alone is what somebody tampered with."""
        x = keras.Input((4,), name="x")
        keras.Model(x, layers.Dense(2)(x)).save(tmp_path / "whole.keras")
        with (
            zipfile.ZipFile(tmp_path / "whole.keras") as whole,
            zipfile.ZipFile(tmp_path / "half.keras", "w") as half,
        ):
            half.writestr("config.json", whole.read("config.json"))
            half.writestr("metadata.json", whole.read("metadata.json"))
        with pytest.raises(ModelError, match=r"half\.keras: Keras .* cannot load this model"):
            load_model(tmp_path / "half.keras")


@pytest.mark.parametrize(
    "thing",
    [42, None, b"cat.keras", [1, 2], layers.Dense(3), lambda x: x],
    ids=lambda t: type(t).__name__,
)
def test_what_is_no_model_is_refused(thing: Any) -> None:
    """A layer is not a model either."""
    with pytest.raises(ModelError, match=r"is not a Keras model\. Give a keras\.Model"):
        load_model(thing)


PROOF = "it_ran.txt"


@pytest.mark.parametrize("suffix", ["keras", "h5"])
class TestCodeInFiles:
    """Lambda layers hold Python code that would run on loading."""

    @pytest.fixture
    def path(self, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Return a model with a Lambda layer, in the working folder."""
        monkeypatch.chdir(tmp_path)
        x = keras.Input((4,), name="x")

        y = layers.Lambda(
            lambda t: [__import__("pathlib").Path("it_ran.txt").touch(), t * 2][1], name="spy"
        )(x)
        keras.Model(x, layers.Dense(2, name="y")(y)).save(f"cat.{suffix}")
        Path(PROOF).unlink(missing_ok=True)
        return tmp_path / f"cat.{suffix}"

    def test_it_is_refused_and_does_not_run(self, path: Path) -> None:
        """The layer is named, and so is the way to allow it."""
        with pytest.raises(ModelError, match=r"has Lambda layers \(spy\).*--unsafe"):
            load_model(path)
        assert not Path(PROOF).exists()

    def test_it_runs_when_that_is_allowed(self, path: Path) -> None:
        """`unsafe=True` is the user's word for it."""
        found = ask(load_model(path, unsafe=True))
        assert found["y"].shape == (1, 2)
        assert Path(PROOF).exists()


LAYERS = """
import keras

{decorator}
def squared(x):
    return x * x

{decorator}
class Doubled(keras.layers.Layer):
    def call(self, x):
        return x * 2
"""


@pytest.mark.parametrize("suffix", ["keras", "h5"])
class TestOwnClasses:
    """Files name classes that Keras would have to import."""

    @pytest.fixture
    def save(
        self, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[Callable[[str], Path]]:
        """Return a function that saves a model with code of `mypkg` in it, and forgets that."""
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "path", [*sys.path])
        registered = dict(keras.saving.get_custom_objects())

        def forget() -> None:
            for name in [n for n in sys.modules if n.partition(".")[0] == "mypkg"]:
                del sys.modules[name]
            keras.saving.get_custom_objects().clear()
            keras.saving.get_custom_objects().update(registered)

        def write(decorator: str) -> Path:
            package = tmp_path / "mypkg"
            package.mkdir()
            (package / "__init__.py").write_text("", encoding="utf-8")
            text = LAYERS.format(decorator=decorator)
            (package / "doubling.py").write_text(text, encoding="utf-8")
            sys.path.insert(0, str(tmp_path))
            from importlib import import_module

            own = import_module("mypkg.doubling")
            x = keras.Input((4,), name="x")
            y = layers.Dense(3, activation=own.squared)(own.Doubled()(x))
            keras.Model(x, layers.Dense(2, name="y")(y)).save(f"cat.{suffix}")
            sys.path.remove(str(tmp_path))
            forget()
            return tmp_path / f"cat.{suffix}"

        yield write
        forget()

    def test_a_registered_class_is_asked_for_by_package_and_name(
        self, save: Callable[[str], Path]
    ) -> None:
        """Its module is not imported to look."""
        path = save("@keras.saving.register_keras_serializable('MyPkg')")
        with pytest.raises(ModelError, match=r"MyPkg>Doubled.*--import mypkg\.layers"):
            load_model(path)
        assert "mypkg" not in sys.modules

    def test_a_registered_class_is_found_once_its_module_is_imported(
        self, save: Callable[[str], Path]
    ) -> None:
        """`--import` takes the module's name, from the working folder."""
        path = save("@keras.saving.register_keras_serializable('MyPkg')")
        found = ask(load_model(path, imports=["mypkg.doubling"]))
        assert found["y"].shape == (1, 2)

    def test_an_unregistered_class_is_asked_for(self, save: Callable[[str], Path]) -> None:
        """By its name, or the first that is met; its module is not imported to look."""
        path = save("")
        with pytest.raises(ModelError, match=r"(Doubled|squared).*--import"):
            load_model(path)
        assert "mypkg" not in sys.modules

    def test_an_unregistered_class_is_found_in_the_module_that_is_imported(
        self, save: Callable[[str], Path]
    ) -> None:
        """Naming the module says that its classes may be used."""
        found = ask(load_model(save(""), imports=["mypkg.doubling"]))
        assert found["y"].shape == (1, 2)

    def test_a_registered_class_in_memory_is_enough(self, save: Callable[[str], Path]) -> None:
        """In Python, `import mypkg.doubling` before is all."""
        path = save("@keras.saving.register_keras_serializable('MyPkg')")
        sys.path.insert(0, str(path.parent))
        from importlib import import_module

        import_module("mypkg.doubling")
        assert ask(load_model(path))["y"].shape == (1, 2)


SHADOWS = """
import keras

class Dense(keras.layers.Layer):
    def call(self, x):
        return x * 0

def relu(x):
    return x * 0
"""


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_an_imported_module_does_not_take_the_place_of_keras_own(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user's own `Dense` and `relu` are not what Keras' model means by these names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "shadowing.py").write_text(SHADOWS, encoding="utf-8")
    x = keras.Input((4,), name="x")
    model = keras.Model(x, layers.Dense(3, activation="relu", name="y")(x))
    model.save(f"cat.{suffix}")
    found = ask(load_model(f"cat.{suffix}", imports=["shadowing"]))["y"]
    assert np.array_equal(found, ask(load_model(model))["y"])
    assert found.any()


def test_a_module_that_is_not_there_is_said_to_be_that() -> None:
    """With what Python says of it, and where to run from."""
    with pytest.raises(ModelError, match=r"The module 'mypkg\.none' cannot be imported \(No mod"):
        load_model("cat.keras", imports=["mypkg.none"])


def test_a_module_that_fails_on_import_is_said_to_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug in the user's module is the user's to mend, and is named."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    (tmp_path / "failing_layers.py").write_text("1 / 0\n", encoding="utf-8")
    with pytest.raises(ModelError, match=r"'failing_layers' cannot be imported \(division by zero"):
        load_model("cat.keras", imports=["failing_layers"])


class TestMixedPrecision:
    """OpenCV computes in float32, and so does the reference."""

    @pytest.fixture
    def half(self) -> keras.Model:
        """Return a mixed-precision model whose weights are float32."""
        x = keras.Input((9, 11, 3), name="photo")
        policy = keras.DTypePolicy("mixed_float16")
        y = layers.Conv2D(4, 3, name="conv", dtype=policy)(x)
        inner_input = keras.Input((7, 9, 4), dtype="float16")
        pool = layers.GlobalAveragePooling2D(dtype=policy)(inner_input)
        inner = keras.Model(inner_input, layers.Dense(5, dtype=policy)(pool), name="inner")
        return keras.Model(x, inner(y), name="half")

    def test_it_answers_as_the_float32_model_with_its_weights(self, half: keras.Model) -> None:
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

    def test_the_users_model_stays_as_it_was(self, half: keras.Model) -> None:
        """Policies, answers and weights."""
        before = [str(layer.dtype_policy.name) for layer in half._flatten_layers()]
        loaded = load_model(half)
        ask(loaded)
        assert [str(layer.dtype_policy.name) for layer in half._flatten_layers()] == before
        assert np.array(half(np.ones((1, 9, 11, 3), "f4"))).dtype == np.float16

    def test_policies_come_back_when_the_call_fails(self, half: keras.Model) -> None:
        """Whatever happens in between."""
        before = [layer.dtype_policy for layer in half._flatten_layers()]
        with contextlib.suppress(ZeroDivisionError), as_float32(half):
            assert {str(x.dtype_policy.name) for x in half._flatten_layers()} == {"float32"}
            raise ZeroDivisionError
        assert [layer.dtype_policy for layer in half._flatten_layers()] == before

    def test_the_user_is_told(self, half: keras.Model) -> None:
        """Once, with the policy's name."""
        assert load_model(half).notes == (
            "The model computes in mixed_float16; it is exported, and checked, as float32.",
        )

    def test_a_float32_model_says_nothing(self) -> None:
        """There is nothing to say."""
        x = keras.Input((4,))
        assert load_model(keras.Model(x, layers.Dense(2)(x))).notes == ()


def test_an_input_of_text_is_refused() -> None:
    """OpenCV has no text."""
    text = keras.Input((), dtype="string", name="title")
    model = keras.Model(text, layers.Hashing(7)(text))
    with pytest.raises(ModelError, match=r"The input title \(None,\) string is text"):
        load_model(model)


def test_the_smallest_vocabulary_is_that_of_the_smallest_embedding() -> None:
    """Words are drawn below it, so that every index is legal everywhere."""
    words, tags = keras.Input((5,), dtype="int32"), keras.Input((5,), dtype="int32")
    y = layers.Embedding(11, 3)(words) + layers.Embedding(7, 3)(tags)
    assert load_model(keras.Model([words, tags], y)).smallest_vocabulary == 7
    x = keras.Input((4,))
    assert load_model(keras.Model(x, layers.Dense(2)(x))).smallest_vocabulary is None
