"""Write `docs/manifest.schema.json`: the manifest as JSON Schema, from the records that read it.

    python -m campaigns.manifest_schema > ../docs/manifest.schema.json

The records check more than a schema can, such as that a task's output exists: what a schema passes
may still be refused, and what it refuses always is.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from typing import Any

from keras2cv.bundle.manifest import SCHEMA, Manifest
from keras2cv.schema.fields import MAX_INT, MAX_TEXT_BYTES

_SCALARS: Mapping[Any, Mapping[str, Any]] = {
    str: {"type": "string", "maxLength": MAX_TEXT_BYTES},
    int: {"type": "integer", "minimum": -MAX_INT, "maximum": MAX_INT},
    float: {"type": "number"},
    bool: {"enum": [0, 1]},
}


def main() -> None:
    """Print the schema."""
    print(json.dumps(schema(), indent=1))


def schema() -> dict[str, Any]:
    """Return the schema, in draft 2020-12 of JSON Schema."""
    found: dict[str, Any] = {}
    root = _record(Manifest, found)
    root["properties"]["schema"] = {"const": SCHEMA}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "manifest.json of a keras2cv bundle",
        **root,
        "$defs": dict(sorted(found.items())),
    }


def _record(cls: Any, found: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a record; those of the records in it are added to `found`."""
    hints = typing.get_type_hints(cls)
    properties, required = {}, []
    for field in dataclasses.fields(cls):
        key = field.metadata.get("json", field.name)
        records = field.metadata.get("records")
        for name, hint in records().items() if records else ((key, hints[field.name]),):
            properties[name] = _value(hint, found)
        if field.default is dataclasses.MISSING and not records:
            required.append(key)
    first_sentence = (cls.__doc__ or "").strip().partition("\n")[0]
    return {
        "type": "object",
        "description": first_sentence,
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _value(hint: Any, found: dict[str, Any]) -> dict[str, Any]:
    if hint in _SCALARS:
        return dict(_SCALARS[hint])
    if dataclasses.is_dataclass(hint):
        return _reference(hint, found)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": _value(arguments[0], found)}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": dict(_SCALARS[str])}
    if origin in (typing.Union, types.UnionType):
        return _value(arguments[0], found)
    raise TypeError(f"no rule describes {hint}")


def _reference(cls: Any, found: dict[str, Any]) -> dict[str, Any]:
    if cls.__name__ not in found:
        found[cls.__name__] = {}  # a record in itself ends here
        found[cls.__name__] = _record(cls, found)
    return {"$ref": f"#/$defs/{cls.__name__}"}


if __name__ == "__main__":
    main()
