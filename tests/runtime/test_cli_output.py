"""Results as JSON, and the bar: where they go, and in which form."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from keras2cv.cli.output import open_text, to_json
from keras2cv.errors import UsageError


def test_json_is_ascii_and_valid_for_every_reader() -> None:
    """Labels survive in escaped form, and what JSON has no number for is a string."""
    value = {"label": "naïve 猫 \udc80", "scores": (1.5, math.nan, [math.inf, -math.inf]), 3: None}
    text = to_json(value)
    assert text.isascii()
    assert json.loads(text) == {
        "label": "naïve 猫 \udc80",
        "scores": [1.5, "nan", ["inf", "-inf"]],
        "3": None,
    }


def test_lines_are_on_disk_as_soon_as_they_are_written(tmp_path: Path) -> None:
    """Whatever ends the process, the lines so far are whole."""
    path = tmp_path / "lines.jsonl"
    with open_text(str(path)) as file:
        print("{}", file=file)
        assert path.read_text(encoding="utf-8") == "{}\n"


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """The path and the system's reason, before anything runs."""
    with (
        pytest.raises(UsageError, match=r"none.r\.json cannot be written: No such file"),
        open_text(str(tmp_path / "none" / "r.json")),
    ):
        pass
