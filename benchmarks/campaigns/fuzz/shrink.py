"""Make a failing input smaller while it still fails in the same way."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from .children import Outcome, run_inputs
from .corpus import Files
from .kinds import Kind

MOST_TRIES: Final = 60
_LIMIT_S: Final = 5.0


def shrunk(kind: Kind, files: Files, outcome: Outcome) -> Files:
    """Return `files` without the pieces that the failure does not need, within some tries."""
    with tempfile.TemporaryDirectory(prefix="keras2cv-fuzz-") as folder:
        return _shrunk(kind, files, outcome, Path(folder).resolve())


def _shrunk(kind: Kind, files: Files, outcome: Outcome, scratch: Path) -> Files:
    tries = MOST_TRIES if outcome.verdict != "hung" else 0
    while tries > 0:
        candidates = dict(enumerate(_smaller(files)))
        found = None
        makers = {n: functools.partial(_same, files) for n, files in candidates.items()}
        for result in run_inputs(kind, makers, scratch, _LIMIT_S):
            tries -= 1
            if _signature(result) == _signature(outcome) or tries == 0:
                found = result
                break
        if found is None or _signature(found) != _signature(outcome):
            break
        files = candidates[found.number]
    return files


def _same(files: Files) -> Files:
    return files


def _signature(outcome: Outcome) -> tuple[str, str]:
    return outcome.verdict, outcome.detail.partition(":")[0]


def _smaller(files: Files) -> Iterator[Files]:
    """Yield variants: a file less, then halves, quarters and eighths of each file cut out."""
    for name in files:
        if len(files) > 1:
            yield {key: data for key, data in files.items() if key != name}
    for parts in (2, 4, 8):
        for name, data in files.items():
            size = len(data) // parts
            for start in range(0, size * parts, size) if size else ():
                yield {**files, name: data[:start] + data[start + size :]}
