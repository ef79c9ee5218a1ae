"""SIGTERM and SIGHUP end a command as Ctrl-C does; two commands do not write one file."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from keras2cv.bundle.locks import holders_of, try_lock
from keras2cv.cli import main
from keras2cv.cli.line_file import LineFile
from keras2cv.cli.locked_file import open_locked
from keras2cv.cli.signals import Ended, ended_by_signals, exit_code_of
from keras2cv.errors import UsageError
from support.clips import read_clip, write_clip

pytestmark = pytest.mark.skipif(os.name != "posix", reason="no such signals and locks there")


def start(*words: str, prefix: str = "", group: bool = False) -> subprocess.Popen[str]:
    """Start `keras2cv` in the current folder; `prefix` runs first in the same process."""
    code = f"import sys\n{prefix}\nfrom keras2cv.cli import main\nsys.exit(main())"
    return subprocess.Popen(
        [sys.executable, "-c", code, *words], stderr=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, start_new_session=group,
    )  # fmt: skip


def wait_for_lines(path: Path, count: int) -> None:
    """Wait until a file has `count` lines.

    Raises:
        AssertionError: it has fewer after a minute.
    """
    end_s = time.monotonic() + 60
    while time.monotonic() < end_s:
        if path.exists() and path.read_bytes().count(b"\n") >= count:
            return
        time.sleep(0.02)
    raise AssertionError(f"{path} has no {count} lines")


@pytest.fixture
def folder(cat_cv: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work beside the bundle."""
    monkeypatch.chdir(cat_cv.parent)
    return cat_cv.parent


# Each frame takes a while, so that the signal comes in the middle.
SLOW = (
    "import time, keras2cv.tasks.classify.result as r\n"
    "draw = r.Classification.draw\n"
    "def slow(self, *a, **k): time.sleep(0.02); return draw(self, *a, **k)\n"
    "r.Classification.draw = slow\n"
)


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", 130)])
@pytest.mark.parametrize("to_all", [False, True])
def test_a_signal_finishes_the_files(folder: Path, name: str, code: int, to_all: bool) -> None:
    """The video can be read, and every line is whole; a parent passes on what its child got."""
    write_clip(Path("clip.avi"), 1000)
    words = ["run", "cat.cv", "clip.avi", "--save", "out.mp4", "--json", "r.jsonl"]
    # The tests may run in the background, or under nohup, where these two are ignored.
    usual = "signal.signal(signal.SIGHUP, signal.SIG_DFL)"
    prefix = f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler); {usual}"
    prefix = f"{prefix}\n{SLOW}"
    child = start(*words, prefix=prefix, group=to_all)
    wait_for_lines(Path("r.jsonl"), 20)
    (os.killpg if to_all else os.kill)(child.pid, signal.Signals[name])
    _, err = child.communicate(timeout=60)
    assert child.returncode == code, err
    assert err.splitlines()[-1] == "interrupted"
    assert "Traceback" not in err
    lines = [json.loads(line) for line in Path("r.jsonl").read_text(encoding="utf-8").splitlines()]
    assert 20 <= len(lines) < 1000
    assert len(read_clip("out.mp4")) >= 20


def test_an_ignored_signal_stays_ignored(folder: Path) -> None:
    """As under nohup."""
    write_clip(Path("clip.avi"), 60)
    prefix = f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n{SLOW}"
    child = start("run", "cat.cv", "clip.avi", "--save", "o.avi", "--json", "r", prefix=prefix)
    wait_for_lines(Path("r"), 5)
    child.send_signal(signal.SIGHUP)
    child.communicate(timeout=60)
    assert child.returncode == 0
    assert Path("r").read_bytes().count(b"\n") == 60


def test_a_signal_acts_at_once_where_the_program_is_stuck() -> None:
    """A library that hangs does not get back to Python, whose handlers then never run."""
    code = (
        "import ctypes, os, signal, threading\n"
        "from keras2cv.cli import signals\n"
        "signals.PATIENCE_S = 0.2\n"
        "libc, mutex = ctypes.CDLL(None), ctypes.create_string_buffer(64)\n"
        "with signals.ended_by_signals():\n"
        "    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGTERM)).start()\n"
        "    for _ in range(2): libc.pthread_mutex_lock(mutex)\n"  # no signal interrupts that
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
    assert done.returncode == 143


@ended_by_signals()
def terminated() -> None:
    """Get a signal, and go on for a while."""
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(5)


_TIDY = """
import os, signal, time
from keras2cv.cli.signals import Ended, ended_by_signals
try:
    with ended_by_signals():
        try:
            os.kill(os.getpid(), signal.{first})
            time.sleep(9)
        finally:
            time.sleep({pause})
            os.kill(os.getpid(), signal.{other})
            time.sleep(0.3)
            print("tidy", flush=True)
except Ended as ended:
    raise SystemExit(128 + ended.number)
"""


@pytest.mark.parametrize(
    ("first", "other"),
    [("SIGTERM", "SIGTERM"), ("SIGTERM", "SIGHUP"), ("SIGINT", "SIGINT"), ("SIGINT", "SIGTERM")],
)
@pytest.mark.parametrize(("pause", "tidy"), [(0, "tidy\n"), (1.1, "")])
def test_a_second_request_ends_at_once(pause: float, tidy: str, first: str, other: str) -> None:
    """But signals that come together are one request, as of `timeout`, or passed on by a parent."""
    code = "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
    code += "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    code += _TIDY.format(pause=pause, first=first, other=other)
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, timeout=60, capture_output=True, text=True
    )
    assert done.stdout == tidy, done.stderr
    assert done.returncode == 128 + signal.Signals[first if tidy else other]


def test_handlers_are_gone_afterwards() -> None:
    """A program that calls `main` keeps its own."""
    before = signal.getsignal(signal.SIGHUP)  # under nohup it is ignored
    ctrl_c = signal.getsignal(signal.SIGINT)
    with pytest.raises(Ended) as ended:
        terminated()
    assert exit_code_of(ended.value) == 143
    assert exit_code_of(KeyboardInterrupt()) == 130
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert signal.getsignal(signal.SIGHUP) is before
    assert signal.getsignal(signal.SIGINT) is ctrl_c


def pictures(count: int) -> None:
    """Make a folder of pictures, one of them broken."""
    Path("day").mkdir()
    for number in range(count):
        cv2.imwrite(f"day/{number}.png", np.full((20, 31, 3), number, np.uint8))
    Path("day/0.png").write_bytes(b"broken")


@pytest.mark.parametrize("options", [["--resume"], []])
def test_a_second_run_on_one_file_is_told_who_writes_it(folder: Path, options: list[str]) -> None:
    """And changes nothing; afterwards it may."""
    pictures(4)
    with LineFile(Path("r.jsonl"), append=True) as file:
        file.write('{"source": "day/1.png", "task": "classify"}')
        child = start("run", "cat.cv", "day", "--json", "r.jsonl", *options)
        _, err = child.communicate(timeout=60)
    assert child.returncode == 2
    assert "r.jsonl is being written by another command" in err
    assert not Path("/proc/locks").exists() or f"(process {os.getpid()}, " in err
    assert Path("r.jsonl").read_bytes().count(b"\n") == 1
    assert main(["run", "cat.cv", "day", "--json", "r.jsonl", *options]) == 2  # one is broken
    assert Path("r.jsonl").read_bytes().count(b"\n") == 4


@pytest.mark.parametrize("size", [0, 1000])
def test_a_second_run_on_one_video_is_told_who_writes_it(folder: Path, size: int) -> None:
    """Before its first frame is written, and afterwards; then it may."""
    write_clip(Path("clip.avi"), 5)
    with open_locked(Path("out.avi")) as file:
        file.write(bytes(size))
        child = start("run", "cat.cv", "clip.avi", "--save", "out.avi")
        _, err = child.communicate(timeout=60)
    assert child.returncode == 2
    assert "out.avi is being written by another command" in err
    assert Path("out.avi").read_bytes() == bytes(size)
    Path("out.avi").unlink()
    assert main(["run", "cat.cv", "clip.avi", "--save", "out.avi"]) == 0
    assert len(read_clip("out.avi")) == 5


def test_two_runs_at_once_lose_no_line(folder: Path) -> None:
    """One of them is refused, or comes after the other."""
    pictures(200)
    command = ("run", "cat.cv", "day", "--json", "r.jsonl", "--resume")
    for child in [start(*command) for _ in range(2)]:
        child.communicate(timeout=120)
    lines = Path("r.jsonl").read_text(encoding="utf-8").splitlines()
    sources = [json.loads(line)["source"] for line in lines]
    assert sorted(sources) == sorted(set(sources))
    assert len(sources) == 200


def test_resume_keeps_link_mode_and_lines(folder: Path) -> None:
    """The file behind the link is the one that goes on, with its mode."""
    pictures(4)
    assert main(["run", "cat.cv", "day", "--json", "real.jsonl"]) == 2
    os.chmod("real.jsonl", 0o640)  # noqa: PTH101
    Path("link.jsonl").symlink_to("real.jsonl")
    cv2.imwrite("day/0.png", np.full((20, 31, 3), 9, np.uint8))  # its line is written anew
    assert main(["run", "cat.cv", "day", "--json", "link.jsonl", "--resume"]) == 0
    assert Path("link.jsonl").is_symlink()
    assert stat.S_IMODE(Path("real.jsonl").stat().st_mode) == 0o640
    assert Path("real.jsonl").read_bytes().count(b"\n") == 4
    assert not list(Path().glob(".keras2cv*"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs another owner")
def test_resume_keeps_the_owner(folder: Path) -> None:
    """Root goes on with a file of somebody else."""
    pictures(3)
    assert main(["run", "cat.cv", "day", "--json", "r.jsonl"]) == 2
    os.chown("r.jsonl", 1234, 2345)
    assert main(["run", "cat.cv", "day", "--json", "r.jsonl", "--resume"]) == 2
    found = Path("r.jsonl").stat()
    assert (found.st_uid, found.st_gid) == (1234, 2345)


def test_a_lock_goes_with_its_file(tmp_path: Path) -> None:
    """No file of its own is left behind, and a closed file locks nothing."""
    path = tmp_path / "r.jsonl"
    with LineFile(path, append=False), pytest.raises(UsageError, match="being written"):
        LineFile(path, append=False)
    LineFile(path, append=False).file.close()
    assert list(tmp_path.iterdir()) == [path]
    with path.open("rb") as one, path.open("rb") as other:
        assert try_lock(one.fileno()) is True
        assert try_lock(other.fileno(), 0.1) is False
        assert not Path("/proc/locks").exists() or str(os.getpid()) in holders_of(other.fileno())
