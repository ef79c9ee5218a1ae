"""`--opencv 4.6,4.10,5.0`: the option that takes a list of versions."""

from __future__ import annotations

from argparse import ArgumentTypeError

from keras2cv.cli import values


def versions(text: str) -> tuple[str, ...]:
    """Return the versions in `text`, separated by commas, in their order.

    Raises:
        ArgumentTypeError: there are none, or one is no version.
    """
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    if not found:
        raise ArgumentTypeError(f"must be versions such as 4.6,4.10,5.0, got {text!r}")
    return tuple(values.version(part) for part in found)
