"""A process that opens a stranger's model gives its rights away, and keeps one thread with them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from keras2cv.isolation import confinement

needs_landlock = pytest.mark.skipif(
    confinement.version() == 0, reason="this kernel has no Landlock"
)

_PROGRAM = """
import os, socket, subprocess, sys, threading
from pathlib import Path
from keras2cv.isolation import confinement

place, outside = Path(sys.argv[1]), Path(sys.argv[2])

def can(function, *args):
    try:
        function(*args)
    except OSError:
        return "no"
    return "yes"

def write(path):
    path.write_text("x", encoding="utf-8")

def in_a_child(path):
    code = f"open({str(path)!r}, 'w')"
    if subprocess.run([sys.executable, "-c", code], stderr=subprocess.DEVNULL).returncode:
        raise OSError

def in_a_thread(path):
    answers = []
    thread = threading.Thread(target=lambda: answers.append(can(write, path)))
    thread.start()
    thread.join()
    if answers != ["yes"]:
        raise OSError

def connect():
    server = socket.create_server(("127.0.0.1", 0))
    socket.create_connection(server.getsockname(), 5)

old = outside / "old.txt"
if sys.argv[3] == "own":
    confinement.own_process()
print("taken", confinement.confine([place], network=sys.argv[4] == "network"))
print("inside", can(write, place / "a"))
print("device", can(write, Path("/dev/null")))
for name, function, path in (
    ("new", write, outside / "a"), ("old", write, old), ("folder", Path.mkdir, outside / "b"),
    ("remove", Path.unlink, old), ("rename", lambda p: p.rename(outside / "c"), old),
    ("link", lambda p: os.link(p, place / "d"), old), ("child", in_a_child, outside / "e"),
    ("thread", in_a_thread, outside / "f"), ("truncate", lambda p: os.truncate(p, 0), old),
):
    print(name, can(function, path))
print("tcp", can(connect))
print("read", can(old.read_text))
print("freely", can(confinement.freely, write, outside / "g"))
"""
_OUTSIDE = ("new", "old", "folder", "remove", "rename", "link", "child", "thread", "truncate")


def _answers(folder: Path, *words: str) -> dict[str, str]:
    place, outside = folder / "place", folder / "outside"
    place.mkdir()
    outside.mkdir()
    (outside / "old.txt").write_text("before", encoding="utf-8")
    command = [sys.executable, "-c", _PROGRAM, str(place), str(outside), *words]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return dict(line.split() for line in ran.stdout.splitlines())  # type: ignore[misc]


@needs_landlock
def test_only_the_folder_can_be_written(tmp_path: Path) -> None:
    """No file elsewhere is made, changed or removed: not here, in later threads or in children."""
    found = _answers(tmp_path, "own", "alone")
    assert (found["taken"], found["inside"], found["device"], found["read"]) == (
        *("True", "yes", "yes", "yes"),
    )
    if confinement.version() < 3:
        found["truncate"] = "no"  # an older kernel takes no right to shorten a file
    assert {found[name] for name in _OUTSIDE} == {"no"}
    assert found["tcp"] == ("no" if confinement.version() >= 4 else "yes")
    assert found["freely"] == "yes"
    assert {path.name for path in (tmp_path / "outside").iterdir()} == {"old.txt", "g"}
    assert (tmp_path / "outside" / "old.txt").read_text(encoding="utf-8") == "before"


@needs_landlock
def test_the_network_can_be_left(tmp_path: Path) -> None:
    """The user's own modules may need it."""
    assert _answers(tmp_path, "own", "network")["tcp"] == "yes"


def test_a_users_process_keeps_its_rights(tmp_path: Path) -> None:
    """Only the command line owns its process."""
    found = _answers(tmp_path, "users", "alone")
    assert (found["taken"], found["new"], found["tcp"], found["freely"]) == (
        *("False", "yes", "yes", "yes"),
    )


def test_a_system_without_landlock_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    """`doctor` prints it."""
    monkeypatch.setattr(confinement, "_call", lambda *_: -1)
    assert confinement.version() == 0
    assert confinement.described().startswith("none: this system has no Landlock")
    monkeypatch.setattr(confinement, "_call", lambda *_: 2)
    assert confinement.described() == "by Landlock 2: from writing files"
