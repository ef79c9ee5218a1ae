"""What a user says of a model's outputs: a mapping, or a record of that kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from keras2cv.errors import UsageError

T = TypeVar("T")


def record_of(kind: type[T], said: T | Mapping[str, Any] | None, what: str) -> T:
    """Return what was said, in any of its forms, as a `kind`; `what` it is for the message.

    Raises:
        UsageError: There is no such thing to say.
    """
    if isinstance(said, kind):
        return said
    given = dict(said) if isinstance(said, Mapping) else {}
    known = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    if unknown := sorted(set(given) - set(known)):
        raise UsageError(f"{what} has no {unknown[0]!r}. It has {', '.join(known)}.")
    return kind(**given)
