"""Records of these packages as JSON and arrays, and back, without running what a file names.

Reports and options consist of frozen dataclasses, tuples, maps, numbers, texts, paths and arrays.
A reader makes an instance of a dataclass of keras2cv's own and sets its fields, and does nothing
else: no constructor, no import. A pickle could do anything. So whoever reads has imported the
modules of the records before.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any, Final, TypeAlias

import numpy as np

from keras2cv.bundle.npz import read_npz
from keras2cv.errors import InputError

Tree: TypeAlias = Any
"""What JSON holds: a scalar, or a map with one key that says what its value is."""

_PACKAGES: Final = ("keras2cv", "keras2cv_export")
_VALUES: Final = "values.json"
_ARRAYS: Final = "arrays.npz"
_COLLECTIONS: Final[Mapping[str, Callable[[Iterable[Any]], Any]]] = {
    "list": list,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
}
_TEXTS: Final[Mapping[str, Callable[[str], Any]]] = {"path": Path, "bytes": bytes.fromhex}


class NotPlainError(ValueError):
    """A value is none of the kinds that this module writes, such as a function."""


def write_values(folder: Path, name: str, value: Any) -> None:
    """Write `value` as the files `name`.values.json and .arrays.npz of a folder.

    Raises:
        NotPlainError: There is something in it that is no plain value.
    """
    arrays: list[np.ndarray[Any, Any]] = []
    text = json.dumps(_tree(value, arrays))
    named: dict[str, Any] = {str(number): array for number, array in enumerate(arrays)}
    np.savez(folder / f"{name}.{_ARRAYS}", **named)
    (folder / f"{name}.{_VALUES}").write_text(text, encoding="utf-8")


def read_values(folder: Path, name: str) -> Any:
    """Return what `write_values` wrote.

    Raises:
        InputError: It did not write these files.
    """
    try:
        tree = json.loads((folder / f"{name}.{_VALUES}").read_text(encoding="utf-8"))
        return _value(tree, read_npz(folder / f"{name}.{_ARRAYS}"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"The child process hands back no report: {error!r:.200}.") from error


def _tree(value: Any, arrays: list[np.ndarray[Any, Any]]) -> Tree:
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, np.ndarray | np.generic):
        return _array(value, arrays)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _record(value, arrays)
    if isinstance(value, PurePath | bytes):
        return {"bytes": value.hex()} if isinstance(value, bytes) else {"path": str(value)}
    if isinstance(value, Mapping):
        return {"map": [[_tree(k, arrays), _tree(v, arrays)] for k, v in value.items()]}
    kind = type(value).__name__
    if _COLLECTIONS.get(kind) is not type(value):
        raise NotPlainError(f"{kind} is no plain value")
    return {kind: [_tree(one, arrays) for one in value]}


def _array(value: Any, arrays: list[np.ndarray[Any, Any]]) -> Tree:
    array = np.asarray(value)
    if array.dtype.hasobject:
        raise NotPlainError("an array of objects is no plain value")
    arrays.append(array)
    return {"number" if isinstance(value, np.generic) else "array": len(arrays) - 1}


def _record(value: Any, arrays: list[np.ndarray[Any, Any]]) -> Tree:
    kind = type(value)
    if kind.__module__.partition(".")[0] not in _PACKAGES or "." in kind.__qualname__:
        raise NotPlainError(f"{kind.__name__} is no record of keras2cv's")
    fields = {f.name: _tree(getattr(value, f.name), arrays) for f in dataclasses.fields(value)}
    return {"record": [kind.__module__, kind.__name__, fields]}


def _value(tree: Tree, arrays: Mapping[str, np.ndarray[Any, Any]]) -> Any:
    if isinstance(tree, list):
        raise TypeError("a list without its kind")
    if not isinstance(tree, dict):
        return tree
    ((kind, held),) = tree.items()
    if kind in _COLLECTIONS:
        return _COLLECTIONS[kind](_value(one, arrays) for one in held)
    if kind == "map":
        return {_value(k, arrays): _value(v, arrays) for k, v in held}
    if kind == "record":
        module, name, fields = held
        return _instance(module, name, {k: _value(v, arrays) for k, v in fields.items()})
    if kind in ("array", "number"):
        return arrays[str(held)] if kind == "array" else arrays[str(held)][()]
    return _TEXTS[kind](held)


def _instance(module: str, name: str, values: Mapping[str, Any]) -> Any:
    """Return an instance of a dataclass of ours that has these fields, without its constructor."""
    known = module.partition(".")[0] in _PACKAGES
    kind = getattr(sys.modules[module], name) if known else None
    if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
        raise TypeError(f"{module}.{name} is no record")
    if {field.name for field in dataclasses.fields(kind)} != set(values):
        raise TypeError(f"{module}.{name} has other fields")
    made = object.__new__(kind)
    for key, value in values.items():
        object.__setattr__(made, key, value)
    return made
