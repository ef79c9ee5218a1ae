"""Checks that records of several rooms share; each raises a `SchemaError` with the key's name."""

from __future__ import annotations

import re

from keras2cv.schema.fields import SchemaError


def check_range(key: str, value: int, low: int, high: int) -> None:
    """Raise `SchemaError` unless `value` is from `low` to `high`, both included.

    Args:
        key: The JSON key, for the message.
        value: Its value.
        low: The smallest allowed.
        high: The largest allowed.

    Raises:
        SchemaError: It is not.
    """
    if not low <= value <= high:
        raise SchemaError(key, f"must be {low} to {high}, got {value}")


def check_share(key: str, value: float) -> None:
    """Raise `SchemaError` unless `value` is a share: 0 to 1.

    Raises:
        SchemaError: it is not.
    """
    if not 0 <= value <= 1:
        raise SchemaError(key, f"must be 0 to 1, got {value}")


def check_unique(key: str, label: str, names: list[str]) -> None:
    """Raise `SchemaError` if one of `names` appears twice; `label` names them in the message.

    Raises:
        SchemaError: one does.
    """
    if len(set(names)) != len(names):
        raise SchemaError(key, f"every {label} must differ, got {names[:20]}")


def check_sha256(key: str, value: str) -> None:
    """Raise `SchemaError` unless `value` is a SHA-256 in lower-case hex digits.

    Raises:
        SchemaError: it is not.
    """
    if not re.fullmatch(r"[0-9a-f]{64}", value):
        raise SchemaError(key, f"must be 64 lower-case hex digits, got {value[:80]!r}")
