"""Limits that a command inherits: the right answer, or a sentence and no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from keras2cv.cli.system_errors import refusal_of

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="such limits are Linux'")


@linux
@pytest.mark.parametrize(
    "limit", ["-v 400000", "-v 800000", "-d 60000", "-d 260000", "-n 7", "-n 12", "-f 0", "-u 1"]
)
@pytest.mark.parametrize("words", [("run", "a.png"), ("selftest",), ("info",)])
def test_a_low_limit_is_no_crash(
    cat_cv: Path, tmp_path: Path, limit: str, words: tuple[str, ...]
) -> None:
    """`ulimit` of a shell, as a service manager sets it."""
    cv2.imwrite(str(tmp_path / "a.png"), np.full((9, 8, 3), 90, np.uint8))
    verb, *more = words
    command = f'ulimit {limit}; "{sys.executable}" -m keras2cv {verb} cat.cv {" ".join(more)}'
    done = subprocess.run(
        ["/bin/bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 2, 3), done.stderr
    assert "Traceback" not in done.stderr
    if done.returncode:
        assert done.stderr.splitlines()[-1].startswith("error: ")


@pytest.mark.parametrize("place", ["/none", "/dev/null", "/proc", ""])
def test_a_bad_place_for_temporary_files_is_not_used(cat_cv: Path, place: str) -> None:
    """Python takes another one."""
    words = [sys.executable, "-m", "keras2cv", "selftest", str(cat_cv)]
    done = subprocess.run(words, env={**os.environ, "TMPDIR": place}, check=False)
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (MemoryError(), 3, "no memory left"),
        (OSError(12, "Cannot allocate memory"), 3, "no memory left"),
        (OSError(24, "Too many open files"), 3, "`ulimit -n`"),
        (RuntimeError("can't start new thread"), 3, "no more threads"),
        (FileNotFoundError(2, "No usable temporary directory found in ['/a']"), 2, "TMPDIR"),
        (OSError(36, "File name too long", "xxx"), 2, "xxx cannot be used: File name too long"),
        (OSError(40, "Too many levels of symbolic links", "x"), 2, "x cannot be used: Too many"),
        (OSError(28, "No space left on device"), 2, "Make room"),
    ],
)
def test_what_the_system_refuses_is_a_sentence(error: Exception, code: int, words: str) -> None:
    """Each with its way out, also where it is the cause of another error."""
    refusal = refusal_of(error)
    assert refusal is not None
    assert (refusal.exit_code, words in str(refusal)) == (code, True)


def test_other_errors_are_bugs() -> None:
    """They keep their traceback."""
    assert refusal_of(RuntimeError("x")) is None
    assert refusal_of(OSError(5, "x", "file")) is None
    chained = RuntimeError("cannot join thread before it is started")
    chained.__context__ = RuntimeError("can't start new thread")
    assert refusal_of(chained) is not None
