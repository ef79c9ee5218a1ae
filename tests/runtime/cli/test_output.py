"""Results as JSON, and the bar: their places and forms."""

from __future__ import annotations

import errno
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import keras2cv
from keras2cv.cli.line_file import LineFile
from keras2cv.cli.output import write_json
from keras2cv.errors import UsageError
from keras2cv.schema.result_json import to_json


def test_json_is_ascii_and_valid_for_every_reader() -> None:
    """Labels survive in escaped form; NaN and infinity are strings."""
    value = {"label": "naïve 猫 \udc80", "scores": (1.5, math.nan, [math.inf, -math.inf]), 3: None}
    text = to_json(value)
    assert text.isascii()
    assert json.loads(text) == {
        "label": "naïve 猫 \udc80",
        "scores": [1.5, "nan", ["inf", "-inf"]],
        "3": None,
    }


def test_lines_are_on_disk_as_soon_as_they_are_written(tmp_path: Path) -> None:
    """The lines so far are whole, however the process ends."""
    path = tmp_path / "lines.jsonl"
    with LineFile(path, append=False) as file:
        file.write("{}")
        assert path.read_text(encoding="utf-8") == "{}\n"
    with LineFile(path, append=True) as file:
        file.write("[]")
    assert path.read_text(encoding="utf-8") == "{}\n[]\n"


class FullDisk:
    """A file with room for so many bytes, which takes as many of a line as fit, as a disk does."""

    def __init__(self, file: Any, room: int) -> None:
        self._file, self._room = file, room

    def write(self, data: memoryview) -> int:
        """Write as much as fits."""
        if self._room == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        done = int(self._file.write(data[: self._room]))
        self._room -= done
        return done

    def __getattr__(self, name: str) -> Any:
        """Return the file's own attribute."""
        return getattr(self._file, name)


def test_a_full_disk_leaves_whole_lines(tmp_path: Path) -> None:
    """A line that fits only in part is removed, and the error has the reason."""
    path = tmp_path / "lines.jsonl"
    with LineFile(path, append=False) as file:
        file.write('{"source": "a"}')
        file.file = FullDisk(file.file, 7)  # type: ignore[assignment]
        with pytest.raises(UsageError, match=r"lines\.jsonl cannot be written: No space left"):
            file.write('{"source": "b"}')
    assert path.read_text(encoding="utf-8") == '{"source": "a"}\n'


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """The path and the system's reason, before anything runs."""
    with pytest.raises(UsageError, match=r"none.r\.jsonl cannot be written: No such file"):
        LineFile(tmp_path / "none" / "r.jsonl", append=False)
    with pytest.raises(UsageError, match=r"none.r\.json cannot be written: No such file"):
        write_json(str(tmp_path / "none" / "r.json"), {})


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_behind_stdout_is_no_bug() -> None:
    """One error without a traceback, with the exit code of an output that cannot be written."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "keras2cv", "doctor"],
            stdout=full, stderr=subprocess.PIPE, check=False, env=environment(),
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.decode().splitlines()[-1].startswith("error: The output cannot be written:")
    assert b"Traceback" not in done.stderr


def environment() -> dict[str, str]:
    """Return an environment in which a child finds this keras2cv."""
    return {**os.environ, "PYTHONPATH": str(Path(str(keras2cv.__file__)).parents[1])}
