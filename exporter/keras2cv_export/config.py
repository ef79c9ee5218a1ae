"""Read a saved model's architecture before anything of it is loaded.

Keras runs code from a file in two ways: Lambda layers, and classes found by importing the module
that the file names. Both are visible in the JSON of the architecture, so they are found here,
with nothing executed and nothing imported, and the user decides.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py

from keras2cv.errors import ModelError

# An architecture is text; the largest of keras.applications has 2 MB.
_MAX_CONFIG_BYTES = 256 * 2**20


def read_config(path: Path) -> dict[str, Any]:
    """Return the architecture of a .keras or .h5 file.

    Raises:
        ModelError: It is not such a file, or holds weights without an architecture.
    """
    try:
        text = _from_archive(path) if zipfile.is_zipfile(path) else _from_hdf5(path)
        config = json.loads(text)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, RecursionError) as error:
        raise ModelError(
            f"{path} is not a Keras model ({_first_line(error)}). "
            "Give a .keras or .h5 file written by model.save(), or a SavedModel folder."
        ) from error
    if not isinstance(config, dict):
        raise ModelError(f"{path} has no architecture in it. Save the model with model.save().")
    return config


def _first_line(error: Exception) -> str:
    return str(error).strip("'\"").splitlines()[0] if str(error) else type(error).__name__


def _from_archive(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        if archive.getinfo("config.json").file_size > _MAX_CONFIG_BYTES:
            raise ValueError("config.json is absurdly large")
        return archive.read("config.json")


def _from_hdf5(path: Path) -> bytes:
    with h5py.File(path, "r") as file:
        if "model_config" not in file.attrs:
            raise ModelError(
                f"{path} holds weights without an architecture. "
                "Save the whole model with model.save(), not save_weights()."
            )
        text = file.attrs["model_config"]
    return text.encode() if isinstance(text, str) else bytes(text)


def walk(config: Any) -> Iterator[dict[str, Any]]:
    """Give every serialized object in a config: a dict with a `class_name`, at any depth."""
    stack = [config]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            if isinstance(item.get("class_name"), str):
                yield item
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


def lambdas(config: Any) -> list[str]:
    """Name the Lambda layers that carry code."""
    found = [item for item in walk(config) if item["class_name"] in ("Lambda", "__lambda__")]
    layers = [_name(item) for item in found if item["class_name"] == "Lambda"]
    return sorted(set(layers)) or ["__lambda__"] * bool(found)


def foreign_classes(config: Any) -> list[str]:
    """Name the classes and functions that are not Keras' own, as `package>Class`, `module.Class`.

    A function that nobody registered is named without its module, which no file knows.
    """
    return sorted({_qualified(item) for item in walk(config) if _is_foreign(item)})


def _is_foreign(item: dict[str, Any]) -> bool:
    if item["class_name"] == "function":  # Keras' own are given by name, as plain text
        return True
    if ">" in item["class_name"]:  # .h5 has no modules: this is a name that somebody registered
        return True
    # Keras 3 writes a registered_name for what it does not ship, and its module for what it does.
    if item.get("registered_name") and not _is_keras(item.get("module")):
        return True
    return bool(item.get("module")) and not _is_keras(item["module"])


def _is_keras(module: Any) -> bool:
    return module is not None and str(module).split(".")[0] in ("keras", "builtins", "numpy")


def _qualified(item: dict[str, Any]) -> str:
    for name in (item.get("registered_name"), item["class_name"]):
        if ">" in str(name):
            return str(name)
    if item["class_name"] == "function":
        return str(item.get("config"))
    module = item.get("module")
    return f"{module}.{item['class_name']}" if module else str(item["class_name"])


def _name(item: dict[str, Any]) -> str:
    config = item.get("config")
    return str(config.get("name", "unnamed")) if isinstance(config, dict) else "unnamed"
