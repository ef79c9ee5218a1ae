"""What was found, a JSON map per line: the campaign goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

Verdict = Literal["right", "refused", "wrong", "traceback", "not made", "none"]


@dataclass(frozen=True)
class Outcome:
    """A cell: how a model did on one OpenCV.

    Attributes:
        verdict: "refused" by a sentence, at the export or when it was loaded; "wrong": the answer;
            "none": not tried, since there is no such export.
        error: The largest difference, relative to the largest value; None without an answer.
        reason: The sentence.
    """

    verdict: Verdict
    error: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Found:
    """A model, with all that was found about it.

    Attributes:
        name: "kimm/GhostNetV2W100".
        verdict: Of the export.
        reason: Its sentence, where it did not write a bundle; or why the model was not made.
        seconds: Of the export, whole process.
        peak_mb: Its largest process.
        weights_mb: The model's, in float32.
        file: What kind of file was exported.
        cells: Column -> outcome.
        before_mb: What that process held with its imports done, before there was a model.
    """

    name: str
    verdict: Verdict
    reason: str = ""
    seconds: float = 0.0
    peak_mb: float = 0.0
    weights_mb: float = 0.0
    file: str = ""
    cells: Mapping[str, Outcome] = field(default_factory=dict)
    before_mb: float = 0.0


class Results:
    """The file of results; the last line of a name counts."""

    def __init__(self, path: Path) -> None:
        """Read what there is; a line that was cut off is dropped."""
        self.path = path
        self.found: dict[str, Found] = {}
        for line in path.read_text("utf-8").splitlines() if path.exists() else ():
            try:
                one = _read(json.loads(line))
            except (ValueError, KeyError, TypeError):
                continue
            self.found[one.name] = one

    def add(self, found: Iterable[Found]) -> None:
        """Keep some more, on the disk at once."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8", newline="\n") as file:
            for one in found:
                self.found[one.name] = one
                file.write(json.dumps(asdict(one)) + "\n")


def _read(entry: Mapping[str, object]) -> Found:
    cells = entry["cells"]
    assert isinstance(cells, dict)  # noqa: S101 - else the line is dropped
    return Found(**{**entry, "cells": {name: Outcome(**cell) for name, cell in cells.items()}})  # type: ignore[arg-type]
