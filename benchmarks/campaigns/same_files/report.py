"""The comparison as text: a count of each verdict, then every file that is not identical."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from .comparing import Comparison

SHOWN = 300  # characters of a detail


def text_of(found: Sequence[Comparison]) -> str:
    """Return the table that the command prints."""
    counts = Counter((_kind(one), one.verdict) for one in found)
    lines = [
        f"{kind:14} {verdict:14} {count:5}" for (kind, verdict), count in sorted(counts.items())
    ]
    unequal = [one for one in found if one.verdict != "identical"]
    lines += [f"{one.verdict}: {one.file}: {_short(one.detail)}" for one in unequal]
    return "\n".join(lines)


def _kind(one: Comparison) -> str:
    name = PurePosixPath(one.file).name
    return "refusal" if name.endswith(".refused.txt") else name


def _short(detail: str) -> str:
    return detail if len(detail) <= SHOWN else f"{detail[:SHOWN]} ..."


def exit_code(found: Sequence[Comparison]) -> int:
    """Return 0 if nothing but names differs in the model files, else 1."""
    same = {"identical", "names differ"}
    return 0 if all(one.verdict in same for one in found) else 1
