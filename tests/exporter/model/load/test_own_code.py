"""Code in files and code of the user's own: nothing runs that was not allowed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from keras2cv.errors import ModelError
from keras2cv_export.model.load import load_model
from keras2cv_export.model.load.own_code import refuse_unknown
from support.loaded_models import ask

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
        """The error names the layer, and the option that allows it."""
        with pytest.raises(ModelError, match=r"Lambda in layer 'spy' holds Python.*--unsafe"):
            load_model(path)
        assert not Path(PROOF).exists()

    def test_it_runs_when_that_is_allowed(self, path: Path) -> None:
        """`unsafe=True` allows it."""
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
        """By naming the module, the user allows its classes."""
        found = ask(load_model(save(""), imports=["mypkg.doubling"]))
        assert found["y"].shape == (1, 2)

    def test_a_registered_class_in_memory_is_enough(self, save: Callable[[str], Path]) -> None:
        """In Python, an earlier `import mypkg.doubling` is enough."""
        path = save("@keras.saving.register_keras_serializable('MyPkg')")
        sys.path.insert(0, str(path.parent))

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
    """In Keras' model these names mean Keras' own classes, not the user's `Dense` and `relu`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "shadowing.py").write_text(SHADOWS, encoding="utf-8")
    x = keras.Input((4,), name="x")
    model = keras.Model(x, layers.Dense(3, activation="relu", name="y")(x))
    model.save(f"cat.{suffix}")
    found = ask(load_model(f"cat.{suffix}", imports=["shadowing"]))["y"]
    assert np.array_equal(found, ask(load_model(model))["y"])
    assert found.any()


def test_a_module_that_is_not_there_is_named_as_such() -> None:
    """With Python's message, and the folder to run from."""
    with pytest.raises(ModelError, match=r"The module 'mypkg\.none' cannot be imported \(No mod"):
        load_model("cat.keras", imports=["mypkg.none"])


def test_a_module_that_fails_on_import_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug in the user's module is the user's to mend, and is named."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    (tmp_path / "failing_layers.py").write_text("1 / 0\n", encoding="utf-8")
    with pytest.raises(ModelError, match=r"'failing_layers' cannot be imported \(division by zero"):
        load_model("cat.keras", imports=["failing_layers"])


def test_a_class_deep_in_an_imported_package_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that the package neither shows nor registers, as KerasHub's RetinaNet has it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    (tmp_path / "deeppkg").mkdir()
    (tmp_path / "deeppkg" / "__init__.py").write_text("from . import inner\n", encoding="utf-8")
    text = LAYERS.format(decorator="")
    (tmp_path / "deeppkg" / "inner.py").write_text(text, encoding="utf-8")
    own = import_module("deeppkg.inner")
    x = keras.Input((4,), name="x")
    keras.Model(x, layers.Dense(2, name="y")(own.Doubled()(x))).save("cat.keras")
    try:
        with pytest.raises(ModelError, match=r"deeppkg\.inner\.Doubled.*--import deeppkg\.inner"):
            load_model(tmp_path / "cat.keras")
        found = ask(load_model(tmp_path / "cat.keras", imports=["deeppkg"]))
    finally:
        for name in ("deeppkg", "deeppkg.inner"):
            sys.modules.pop(name, None)
    assert found["y"].shape == (1, 2)


def test_names_of_unknown_classes_stay_on_one_line(tmp_path: Path) -> None:
    """A file can call its classes as it likes."""
    config = {"class_name": "Up\n\x1b[2J\u202e", "module": "evil\nmodule", "config": {"name": "x"}}
    path = tmp_path / "x.keras"
    path.touch()
    with pytest.raises(ModelError) as refused:
        refuse_unknown(path, {"config": {"layers": [config]}}, {})
    assert str(refused.value).isprintable()
    assert r"\x1b[2J" in str(refused.value)
