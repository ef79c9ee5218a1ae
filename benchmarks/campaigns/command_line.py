"""What the command lines of several campaigns share."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TypeVar

from keras2cv.errors import UsageError
from keras2cv_export.cli.versions import versions

T = TypeVar("T")


def print_progress(line: str) -> None:
    """Print a line on stderr, at once."""
    print(line, file=sys.stderr, flush=True)


def versions_or_none(text: str) -> tuple[str, ...]:
    """Return the versions in `text`, separated by commas; none of them for "none".

    Raises:
        ArgumentTypeError: One is no version.
    """
    return () if text == "none" else versions(text)


def shard(items: Sequence[T], part: str) -> list[T]:
    """Return every N-th item from the K-th on, for "K/N".

    Raises:
        UsageError: It is no such part.
    """
    number, _, count = part.partition("/")
    if not (number.isdigit() and count.isdigit() and 1 <= int(number) <= int(count)):
        raise UsageError(f"--shard takes K/N such as 1/4, got {part}.")
    return list(items[int(number) - 1 :: int(count)])
