"""Read a saved model's architecture before anything of it is loaded.

The JSON of the architecture names every class that a model needs, so they are found here without
executing or importing anything. `untrusted/dangers.py` finds out what they would do.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py

from keras2cv.errors import ModelError

from .untrusted.archive import CONFIG, MAX_CONFIG_BYTES, check_archive
from .untrusted.hdf5 import check_hdf5
from .untrusted.heaps import check_heaps

METADATA = "metadata.json"  # of a .keras file
_MAX_METADATA_BYTES = 2**16
_KNOWN_PACKAGES = ("keras", "tf_keras", "builtins", "numpy")
_MAX_DEPTH = 300  # of lists and maps in each other; a model in a model takes four


@dataclass(frozen=True)
class Saved:
    """The architecture in a model's file, and the number of bytes that its weights declare.

    `keras_version` is the Keras that wrote the file, "2.15.0"; None where the file does not record
    it.
    """

    config: dict[str, Any]
    weight_bytes: int
    keras_version: str | None = None


def read_saved(path: Path) -> Saved:
    """Look through a .keras or .h5 file, and return its architecture.

    Raises:
        ModelError: The file is no Keras model, is malformed on purpose, or holds weights without an
            architecture.
    """
    try:
        is_archive = zipfile.is_zipfile(path)
        check_heaps(path)
        weight_bytes = check_archive(path) if is_archive else check_hdf5(path, path)
        config = json.loads(_from_archive(path) if is_archive else _from_hdf5(path))
        version = _archive_version(path) if is_archive else _hdf5_version(path)
    except ModelError:
        raise
    except Exception as error:  # zipfile, zlib, h5py and json have a dozen kinds for such a file
        raise ModelError(
            f"{path} is not a Keras model ({_first_line(error)}). "
            "Give a .keras or .h5 file written by model.save(), or a SavedModel folder."
        ) from error
    if not isinstance(config, dict):
        raise ModelError(f"{path} has no architecture in it. Save the model with model.save().")
    if is_deeper(config, _MAX_DEPTH):
        raise ModelError(
            f"{path} nests its architecture more than {_MAX_DEPTH} levels deep, as no Keras does. "
            "Do not use it."
        )
    if is_archive:
        config.pop("compile_config", None)  # Keras, too, leaves it out where it does not compile
    return Saved(config, weight_bytes, version)


def read_config(path: Path) -> dict[str, Any]:
    """Return the architecture of a .keras or .h5 file; raises ModelError as `read_saved` does."""
    return read_saved(path).config


@contextmanager
def with_bare_function_names(path: Path, config: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what Keras 2 can read for an .h5 file: the path, or an h5py.File in memory.

    Late versions of Keras 2 write the user's functions as objects of class "function", and read
    them by their names alone. The file in memory links to the weights of the file at `path`.
    """
    bare = _bare(config)
    if bare == config:
        yield path
        return
    with h5py.File("in memory", "w", driver="core", backing_store=False) as file:
        with h5py.File(path, "r") as original:
            for name, value in original.attrs.items():
                file.attrs[name] = value
        file.attrs["model_config"] = json.dumps(bare)
        file["model_weights"] = h5py.ExternalLink(str(path.absolute()), "model_weights")
        yield file


def _bare(item: Any) -> Any:
    if isinstance(item, list):
        return [_bare(value) for value in item]
    if not isinstance(item, Mapping):
        return item
    if item.get("class_name") == "function" and isinstance(item.get("config"), str):
        return item["config"]
    return {key: _bare(value) for key, value in item.items()}


def is_deeper(config: Any, limit: int) -> bool:
    """Whether maps and lists are nested more than `limit` levels deep."""
    level, depth = [config], 0
    while level and depth <= limit:
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        level, depth = inner, depth + 1
    return bool(level)


def _first_line(error: Exception) -> str:
    return str(error).strip("'\"").splitlines()[0] if str(error) else type(error).__name__


def _from_archive(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(CONFIG)


def _from_hdf5(path: Path) -> bytes:
    with h5py.File(path, "r") as file:
        if "model_config" not in file.attrs:
            raise ModelError(
                f"{path} holds weights without an architecture. "
                "Save the whole model with model.save(), not save_weights()."
            )
        text = file.attrs["model_config"]
    text = text.encode() if isinstance(text, str) else bytes(text)
    if len(text) > MAX_CONFIG_BYTES:
        raise ValueError(f"its architecture has {len(text)} bytes")
    return text


def _archive_version(path: Path) -> str | None:
    with zipfile.ZipFile(path) as archive:
        if METADATA not in archive.namelist():
            return None
        with archive.open(METADATA) as file:
            metadata = json.loads(file.read(_MAX_METADATA_BYTES))
    return _text_or_none(metadata.get("keras_version") if isinstance(metadata, dict) else None)


def _hdf5_version(path: Path) -> str | None:
    with h5py.File(path, "r") as file:
        return _text_or_none(file.attrs.get("keras_version"))


def _text_or_none(value: Any) -> str | None:
    if isinstance(value, bytes):
        return value.decode("ascii", "replace")
    return value if isinstance(value, str) else None


def walk(config: Any) -> Iterator[dict[str, Any]]:
    """Yield every serialized object in a config: a dict with a `class_name`, at any depth."""
    stack = [config]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            if isinstance(item.get("class_name"), str):
                yield item
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


def foreign_classes(config: Any) -> list[str]:
    """Name the classes and functions that are not Keras' own, as `package>Class`, `module.Class`.

    A function that nobody registered is named without its module, which no file records.
    """
    return sorted({_qualified(item) for item in walk(config) if _is_foreign(item)})


def _is_foreign(item: dict[str, Any]) -> bool:
    if item["class_name"] == "function":  # Keras' own are given by name, as plain text
        return True
    if ">" in item["class_name"]:  # .h5 has no modules: this is a name that somebody registered
        return True
    # Keras 3 writes a registered_name for classes that it does not ship, and the module of its own.
    if item.get("registered_name") and not is_keras(item.get("module")):
        return True
    return bool(item.get("module")) and not is_keras(item["module"])


def function_names(config: Any) -> set[str]:
    """Return the functions that a config gives by their bare names, as .h5 does: activations."""
    settings = [item["config"] for item in walk(config) if isinstance(item.get("config"), dict)]
    pairs = [pair for setting in settings for pair in setting.items()]
    return {text for key, text in pairs if "activation" in key and isinstance(text, str)}


def is_keras(module: Any) -> bool:
    """Whether a module is Keras' own, or Python's that Keras writes into configs."""
    return module is not None and str(module).split(".")[0] in _KNOWN_PACKAGES


def _qualified(item: dict[str, Any]) -> str:
    for name in (item.get("registered_name"), item["class_name"]):
        if ">" in str(name):
            return str(name)
    if item["class_name"] == "function":
        return str(item.get("config"))
    module = item.get("module")
    return f"{module}.{item['class_name']}" if module else str(item["class_name"])
