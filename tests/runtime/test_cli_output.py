"""Results as JSON, and the bar: where they go, and in which form."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

import pytest

from keras2cv.cli import output
from keras2cv.cli.output import Bar, open_text, to_json
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


class Terminal(io.StringIO):
    """A stream that is a terminal, or is not."""

    def __init__(self, *, tty: bool) -> None:
        super().__init__()
        self.tty = tty

    def isatty(self) -> bool:
        """Say so."""
        return self.tty


@pytest.mark.parametrize(("stdout", "stderr"), [(True, True), (False, False), (True, False)])
def test_the_bar_is_for_a_terminal_alone(
    monkeypatch: pytest.MonkeyPatch, stdout: bool, stderr: bool
) -> None:
    """Nothing is drawn into a file, nor between results that go to the same terminal."""
    monkeypatch.setattr("sys.stdout", Terminal(tty=stdout))
    monkeypatch.setattr("sys.stderr", shown := Terminal(tty=stderr))
    bar = Bar(3)
    assert [bar.advance(None) for _ in range(3)] == [True] * 3
    bar.close()
    assert shown.getvalue() == ""


@pytest.mark.parametrize(("total", "text"), [(7, "\r2/7  1.0/s "), (None, "\r2  1.0/s ")])
def test_the_bar_counts_and_cleans_up(
    monkeypatch: pytest.MonkeyPatch, total: int | None, text: str
) -> None:
    """Done, total where it is known, and rate; at most ten times a second; gone in the end."""
    clock = iter([0.0, 0.05, 2.0])
    monkeypatch.setattr(output.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr("sys.stdout", Terminal(tty=False))
    monkeypatch.setattr("sys.stderr", shown := Terminal(tty=True))
    bar = Bar(total)
    bar.advance(None)
    assert shown.getvalue() == ""  # a twentieth of a second is too soon
    bar.advance(None)
    assert shown.getvalue() == text
    bar.close()
    assert shown.getvalue().endswith(" \r")
