r"""Frozen dataclasses <-> JSON, read strictly: one codec for every record we keep in a file.

The annotations are the schema. A field is required unless its default is None; an unknown key, a
missing key, a value of another type or out of bounds is a `SchemaError` that names its JSON path.

    str             no control characters, at most 4095 bytes of UTF-8
    int, float      int < 2**31 in magnitude; finite
    bool            0 or 1
    Literal["a"]    one of those
    tuple[X, ...]   a list                 Mapping[str, str]   a map of strings
    dataclass       a map of its fields    X | None            X, or the key left out
    one_of(...)     a record of one of several classes, each of which has its own key

The bounds are cv::FileStorage's, measured on OpenCV 4.5.5 to 5.0: longer strings and `null` are
parse errors there, `\u00e9` escapes too, and larger integers wrap silently.
"""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from keras2cv.errors import BundleError

MAX_TEXT_BYTES = 4095
MAX_INT = 2**31 - 1
MAX_PARTS = 1_000_000  # lists and maps of a text: each takes 60 bytes or more

MAX_PATH, MAX_PROBLEM = 200, 600  # characters of a message: the file's words are in it

T = TypeVar("T")


class SchemaError(BundleError):
    """A value that breaks the schema: `path` names it, `problem` describes the fault."""

    def __init__(self, path: str, problem: str) -> None:
        path, problem = _printable(path, MAX_PATH), _printable(problem, MAX_PROBLEM)
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


def _printable(text: str, limit: int) -> str:
    """Return `text` cut to `limit`, without characters that command a terminal."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[: limit + 1])
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def parse_json(text: str) -> Any:
    """Parse `text` strictly: JSON on which readers disagree is refused.

    Raises:
        SchemaError: not a JSON map from its first character on, a key twice, NaN, or nested too
            deeply.
    """
    if not text.startswith("{"):
        raise SchemaError("(root)", f"must start with '{{', got {text[:1]!r}")
    if text.count("[") + text.count("{") > MAX_PARTS:
        raise SchemaError("(root)", f"has more than {MAX_PARTS} lists and maps")
    try:
        return json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise SchemaError("(root)", "is nested too deeply") from error
    except ValueError as error:
        raise SchemaError("(root)", f"is not JSON ({error})") from error


def format_json(value: Mapping[str, Any]) -> str:
    """Return `value` in the subset of JSON that every cv::FileStorage reads."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def named(key: str) -> dict[str, str]:
    """Return field metadata for a JSON key that is not the field's name (`size` -> `size_wh`)."""
    return {"json": key}


def one_of(records: Callable[[], Mapping[str, type]]) -> dict[str, Any]:
    """Return field metadata for a record of one of several classes, or None.

    `records` returns the JSON key of each class; it is called when a value is read or written.
    """
    return {"records": records}


def encode(value: Any) -> Any:
    """Return `value` (a dataclass, or its fields) as plain JSON types; None is left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [(f, getattr(value, f.name)) for f in dataclasses.fields(value)]
        pairs = [(_key_of(f, item), item) for f, item in fields]
        return {key: encode(item) for key, item in pairs if item is not None}
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    if isinstance(value, Mapping):
        return dict(value)
    return int(value) if isinstance(value, bool) else value


def decode(cls: type[T], value: Any, path: str = "") -> T:
    """Return the dataclass `cls` that the parsed JSON `value` describes.

    Raises:
        SchemaError: with the JSON path of the first value that breaks the schema.
    """
    result: T = _decode_record(cls, value, path)
    return result


def _decode_record(cls: Any, value: Any, path: str) -> Any:
    _expect(value, dict, "a map", path)
    fields = _fields_of(cls)
    for key in value:
        if key not in fields:
            raise SchemaError(_join(path, str(key)), f"unknown key; known: {', '.join(fields)}")
    found: dict[str, Any] = {}
    for key, (field, hint) in fields.items():
        if key in value and field.name in found:
            raise SchemaError(_join(path, key), "another record is there already")
        if key in value:
            found[field.name] = _decode_value(hint, value[key], _join(path, key))
        elif field.default is dataclasses.MISSING:
            raise SchemaError(_join(path, key), "is missing")
    try:
        return cls(**found)
    except SchemaError as error:  # a record's own checks know its fields, not where it lies
        raise SchemaError(_join(path, error.path), error.problem) from error


def _fields_of(cls: Any) -> dict[str, tuple[dataclasses.Field[Any], Any]]:
    """Return each JSON key with its field and the type of its value."""
    hints = typing.get_type_hints(cls)
    found = {}
    for field in dataclasses.fields(cls):
        records = field.metadata.get("records")
        types_by_key = records() if records else {_key(field): hints[field.name]}
        found.update({key: (field, hint) for key, hint in types_by_key.items()})
    return found


def _decode_value(hint: Any, value: Any, path: str) -> Any:
    if hint in _SCALARS:
        return _SCALARS[hint](value, path)
    if dataclasses.is_dataclass(hint):
        return _decode_record(hint, value, path)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return _one_of(arguments, value, path)
    if origin is tuple:
        _expect(value, list, "a list", path)
        return tuple(_decode_value(arguments[0], v, f"{path}[{i}]") for i, v in enumerate(value))
    if origin is Mapping:
        _expect(value, dict, "a map", path)
        return {_text(k, path): _text(v, _join(path, k)) for k, v in value.items()}
    if origin in (typing.Union, types.UnionType):
        return _decode_value(arguments[0], value, path)
    raise TypeError(f"{path}: no rule reads {hint}")


def _text(value: Any, path: str) -> str:
    _expect(value, str, "a string", path)
    try:
        size = len(value.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise SchemaError(path, "is not valid Unicode") from error
    if size > MAX_TEXT_BYTES:
        raise SchemaError(path, f"at most {MAX_TEXT_BYTES} bytes of UTF-8, got {size}")
    if any(ord(c) < 32 or 127 <= ord(c) < 160 for c in value):
        raise SchemaError(path, f"control characters are not allowed, got {value[:40]!a}")
    return str(value)


def _integer(value: Any, path: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise SchemaError(path, f"must be an integer, got {_show(value)}")
    if abs(value) > MAX_INT:
        raise SchemaError(path, f"must be within +-{MAX_INT}, got {_show(value)}")
    return value


def _number(value: Any, path: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise SchemaError(path, f"must be a number, got {_show(value)}")
    if (isinstance(value, int) and abs(value) > MAX_INT) or not math.isfinite(value):
        raise SchemaError(path, f"must be finite, got {_show(value)}")
    return float(value)


def _flag(value: Any, path: str) -> bool:
    if isinstance(value, bool) or value not in (0, 1):
        raise SchemaError(path, f"must be 0 or 1, got {_show(value)}")
    return bool(value)


def _one_of(choices: tuple[str, ...], value: Any, path: str) -> str:
    if not isinstance(value, str) or value not in choices:
        raise SchemaError(path, f"must be one of {', '.join(choices)}, got {_show(value)}")
    return value


_SCALARS: Mapping[Any, Callable[[Any, str], Any]] = types.MappingProxyType(
    {str: _text, int: _integer, float: _number, bool: _flag}
)


def _expect(value: Any, kind: type, words: str, path: str) -> None:
    if not isinstance(value, kind):
        raise SchemaError(path or "(root)", f"must be {words}, got {_show(value)}")


def _show(value: Any) -> str:
    """Return a short picture of `value`, in JSON's words where Python's differ."""
    if value is None:
        return "null"
    if isinstance(value, dict | list):
        return "a map" if isinstance(value, dict) else "a list"
    text = str(value).lower() if isinstance(value, bool) else ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _key(field: dataclasses.Field[Any]) -> str:
    return str(field.metadata.get("json", field.name))


def _key_of(field: dataclasses.Field[Any], value: Any) -> str:
    """Return the JSON key under which `value` is written."""
    records = field.metadata.get("records")
    if records is None or value is None:
        return _key(field)
    found: Mapping[str, type] = records()
    return next(key for key, cls in found.items() if type(value) is cls)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        met: set[str] = set()
        for key, _ in pairs:
            if key in met:
                raise ValueError(f"key {key!r} appears twice")
            met.add(key)
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")
