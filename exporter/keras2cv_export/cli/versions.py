"""`--opencv 4.6,4.10,5.0`: the option that takes a list of versions."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from collections.abc import Callable

from keras2cv.cli import values

_PRERELEASE = r"[0-9]+(\.[0-9]+){1,3}(a|b|rc)[0-9]+"


def versions(text: str) -> tuple[str, ...]:
    """Return the versions in `text`, separated by commas, in their order.

    Raises:
        ArgumentTypeError: there are none, or one is no version.
    """
    return _each(text, values.version)


def wheel_versions(text: str) -> tuple[str, ...]:
    """Return the same, where a version may also be a pre-release such as "5.1.0.90rc1".

    Raises:
        ArgumentTypeError: there are none, or one is no version.
    """
    return _each(
        text, lambda part: part if re.fullmatch(_PRERELEASE, part) else values.version(part)
    )


def _each(text: str, parse: Callable[[str], str]) -> tuple[str, ...]:
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    if not found:
        raise ArgumentTypeError(f"must be versions such as 4.6,4.10,5.0, got {text!r}")
    return tuple(parse(part) for part in found)
