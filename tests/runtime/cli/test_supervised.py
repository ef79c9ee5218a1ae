"""A crash of a verb that opens strangers' files is a sentence, and everything else is as before."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs sigwaitinfo")

_PROGRAM = """
import os, signal, sys, time
from keras2cv.cli.supervised import exit_code_of_child
code = exit_code_of_child(sys.argv[1:])
if code is None:
    {}
sys.exit(code)
"""


@contextlib.contextmanager
def _started(work: str, *words: str, before: str = "") -> Iterator[subprocess.Popen[str]]:
    """Give a command of which `work` is the child's part, and `before` what it was begun with."""
    command = [sys.executable, "-c", before + _PROGRAM.format(work), *(words or ("run",))]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGFPE", "SIGKILL"])
def test_a_crash_is_a_sentence(name: str) -> None:
    """With the exit code of a file that cannot be read."""
    number = signal.Signals[name]
    with _started(f"os.kill(os.getpid(), {int(number)})") as ran:
        output, errors = ran.communicate(timeout=60)
    assert (ran.returncode, output) == (2, "")
    assert errors.startswith("error: The process that opened the file crashed")
    assert errors.count("\n") == 1
    assert number.name in errors


@pytest.mark.parametrize("form", ["-o PLACE", "-oPLACE", "--output PLACE", "--output=PLACE"])
def test_a_crash_leaves_no_half_made_bundle(form: str, tmp_path: Path) -> None:
    """Its folder has no maker any more."""
    words = form.replace("PLACE", str(tmp_path / "cat.cv")).split()
    half = tmp_path / "cat.cv.tmp-0123456789abcdef"
    half.mkdir()
    with _started("os.abort()", "export", "cat.keras", *words) as ran:
        ran.communicate(timeout=60)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("code", [0, 1, 4, 70])
def test_the_exit_code_is_the_childs(code: int) -> None:
    """Its output is the command's own."""
    with _started(f"print('hello'); code = {code}") as ran:
        assert ran.communicate(timeout=60)[0] == "hello\n"
    assert ran.returncode == code


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGQUIT"])
def test_an_end_that_was_asked_for_is_no_crash(name: str) -> None:
    """As the terminal asks for it by SIGQUIT, or somebody by a second SIGHUP."""
    number = signal.Signals[name]
    usual = f"signal.signal({int(number)}, signal.SIG_DFL); "
    with _started(f"{usual}os.kill(os.getpid(), {int(number)})") as ran:
        assert ran.communicate(timeout=60) == ("", "")
    assert ran.returncode == 128 + number


def test_a_child_is_waited_for_where_its_end_is_ignored() -> None:
    """As some supervisors begin their commands."""
    ignored = "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)"
    with _started("code = 3", before=ignored) as ran:
        assert ran.wait(30) == 3


def test_other_verbs_have_no_child() -> None:
    """They open nothing that could crash them."""
    with _started(f"code = 0 if os.getppid() == {os.getpid()} else 1", "info") as ran:
        assert ran.wait(60) == 0


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_signals_reach_the_child(name: str) -> None:
    """Which ends as it wants to."""
    number = signal.Signals[name]
    handler = f"signal.signal({int(number)}, lambda *_: sys.exit(7))"
    with _started(f"{handler}; print('ready', flush=True); time.sleep(60)") as ran:
        assert ran.stdout is not None
        assert ran.stdout.readline() == "ready\n"
        ran.send_signal(number)
        assert ran.wait(30) == 7


def test_the_child_dies_with_its_parent() -> None:
    """Even if that is killed."""
    with _started("print(os.getpid(), flush=True); time.sleep(60)") as ran:
        assert ran.stdout is not None
        child = Path("/proc", ran.stdout.readline().strip())
        assert child.exists()
        ran.kill()
        ran.wait(30)
        deadline = time.monotonic() + 20
        while child.exists() and _state(child) != "Z" and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not child.exists() or _state(child) == "Z"


def _state(process: Path) -> str:
    try:
        return (process / "stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return "Z"
