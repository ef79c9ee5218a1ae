"""Reading an architecture: recognise models, code in them, and the classes that they name."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from keras2cv.errors import ModelError
from keras2cv_export.model.config import foreign_classes, read_config

CONFIG = {"class_name": "Sequential", "config": {"name": "vögel", "layers": []}}


def write_keras(path: Path, config: Any, name: str = "config.json") -> Path:
    """Write a .keras archive around `config`."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, config if isinstance(config, bytes) else json.dumps(config))
    return path


def write_h5(path: Path, config: Any, *, as_bytes: bool = False) -> Path:
    """Write an .h5 file around `config`."""
    text = json.dumps(config)
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = np.bytes_(text) if as_bytes else text
    return path


@pytest.mark.parametrize("suffix", [".keras", ".zip", ".h5"])
def test_a_keras_archive_is_read_whatever_its_name(tmp_path: Path, suffix: str) -> None:
    """The content decides, not the name."""
    assert read_config(write_keras(tmp_path / f"a{suffix}", CONFIG)) == CONFIG


@pytest.mark.parametrize("as_bytes", [False, True])
def test_an_hdf5_file_is_read(tmp_path: Path, as_bytes: bool) -> None:
    """Keras 2 wrote bytes, Keras 3 writes text."""
    assert read_config(write_h5(tmp_path / "a.h5", CONFIG, as_bytes=as_bytes)) == CONFIG


def not_a_zip(path: Path) -> None:
    """Write text."""
    path.write_text("This is not a model.", encoding="utf-8")


def empty(path: Path) -> None:
    """Write nothing."""
    path.write_bytes(b"")


def other_archive(path: Path) -> None:
    """Write an archive without an architecture."""
    write_keras(path, CONFIG, name="readme.txt")


def broken_json(path: Path) -> None:
    """Write an archive whose architecture ends in the middle."""
    write_keras(path, b'{"class_name": "Seq')


def deep_json(path: Path) -> None:
    """Write an architecture nested deeper than Python's stack."""
    write_keras(path, b"[" * 200_000)


def not_utf8(path: Path) -> None:
    """Write an architecture in another encoding."""
    write_keras(path, '{"class_name": "Vögel"}'.encode("utf-16"))


def cut_archive(path: Path) -> None:
    """Write the first half of an archive."""
    write_keras(path, CONFIG)
    path.write_bytes(path.read_bytes()[:60])


def cut_hdf5(path: Path) -> None:
    """Write the first half of an .h5 file."""
    write_h5(path, CONFIG)
    path.write_bytes(path.read_bytes()[:700])


@pytest.mark.parametrize(
    "write",
    [not_a_zip, empty, other_archive, broken_json, deep_json, cut_archive, cut_hdf5],
)
def test_what_is_no_model_is_refused(tmp_path: Path, write: Callable[[Path], None]) -> None:
    """One sentence names the file, and one names the right kind of file."""
    path = tmp_path / "cat.keras"
    write(path)
    with pytest.raises(ModelError, match=r"cat.keras is not a Keras model \(.+\)\. Give a") as e:
        read_config(path)
    assert "\n" not in str(e.value)


def test_an_architecture_in_another_unicode_encoding_is_read(tmp_path: Path) -> None:
    """The first bytes of JSON show its encoding."""
    path = tmp_path / "cat.keras"
    not_utf8(path)
    assert read_config(path) == {"class_name": "Vögel"}


@pytest.mark.parametrize("config", [[], "text", 3, None])
def test_json_that_is_no_architecture_is_refused(tmp_path: Path, config: Any) -> None:
    """An architecture is a map."""
    path = write_keras(tmp_path / "cat.keras", config)
    with pytest.raises(ModelError, match=r"has no architecture in it"):
        read_config(path)


def test_weights_alone_are_told_apart_from_a_model(tmp_path: Path) -> None:
    """`save_weights` writes an .h5 file too, and the error names the right call."""
    path = tmp_path / "cat.weights.h5"
    with h5py.File(path, "w") as file:
        file["layers/dense/vars/0"] = np.linspace(0, 1, 7)
    with pytest.raises(ModelError, match=r"holds weights without an architecture.*model\.save\(\)"):
        read_config(path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """Neither an archive nor an .h5 file."""
    with pytest.raises(ModelError, match="is not a Keras model"):
        read_config(tmp_path)


def test_an_architecture_nested_absurdly_deep_is_refused(tmp_path: Path) -> None:
    """Python reads 301 levels, and Keras would follow them down its own stack."""
    config: Any = {"class_name": "Dense", "config": {}}
    for _ in range(150):
        config = {"config": [config]}
    with pytest.raises(ModelError, match="nests its architecture more than 300 levels deep"):
        read_config(write_keras(tmp_path / "cat.keras", config))


def test_what_a_model_was_compiled_with_is_not_looked_at(tmp_path: Path) -> None:
    """Keras leaves it out as well, and a loss of the user's own is no reason to refuse a model."""
    compiled = {**CONFIG, "compile_config": {"loss": {"class_name": "function"}}}
    assert read_config(write_keras(tmp_path / "cat.keras", compiled)) == CONFIG


def test_registered_classes_are_named_by_package_and_name() -> None:
    """The very name under which a module must register them."""
    layer = {
        "module": "mypkg.layers",
        "class_name": "Scale",
        "registered_name": "MyPkg>Scale",
        "config": {},
    }
    assert foreign_classes({"layers": [layer, layer]}) == ["MyPkg>Scale"]


def test_unregistered_classes_are_named_by_module() -> None:
    """Their module is the one that Keras would import."""
    layer = {"module": "mypkg.layers", "class_name": "Scale", "registered_name": "Scale"}
    assert foreign_classes([layer]) == ["mypkg.layers.Scale"]


def test_a_class_without_a_module_is_foreign_if_keras_says_it_was_registered() -> None:
    """Keras writes null for the module of a class from __main__."""
    layer = {"module": None, "class_name": "Scale", "registered_name": "Custom>Scale"}
    assert foreign_classes([layer]) == ["Custom>Scale"]


@pytest.mark.parametrize("module", ["keras", "keras.layers", "keras.src.models", "builtins"])
def test_keras_own_classes_are_not_foreign(module: str) -> None:
    """They come with Keras."""
    layer = {"module": module, "class_name": "Dense", "registered_name": None}
    assert foreign_classes([layer]) == []


@pytest.mark.parametrize("module", ["keras_hub.layers", "kerasx", "tensorflow.keras"])
def test_packages_whose_name_begins_like_keras_are_foreign(module: str) -> None:
    """`keras_hub` is not `keras`."""
    layer = {"module": module, "class_name": "Dense", "registered_name": "Dense"}
    assert foreign_classes([layer]) == [f"{module}.Dense"]


def test_functions_of_the_users_are_named() -> None:
    """Keras writes its own as plain text, and these as an object without a module."""
    function = {
        "module": "builtins",
        "class_name": "function",
        "config": "my_gelu",
        "registered_name": "function",
    }
    dense = {"module": "keras.layers", "class_name": "Dense", "config": {"activation": function}}
    assert foreign_classes(dense) == ["my_gelu"]
    registered = function | {"registered_name": "MyPkg>my_gelu"}
    assert foreign_classes(registered) == ["MyPkg>my_gelu"]


def test_registered_classes_in_hdf5_are_found_by_their_name() -> None:
    """An .h5 file has no modules, and only users register names with a package in them."""
    assert foreign_classes([{"class_name": "MyPkg>Scale", "config": {}}]) == ["MyPkg>Scale"]
    assert foreign_classes([{"class_name": "Dense", "config": {}}]) == []
