"""Folders as they are: what is no picture becomes a line, and the rest is read."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

import keras2cv
from keras2cv.bundle.npz import read_npy, read_npz
from keras2cv.bundle.reading import read_bundle
from keras2cv.errors import BundleError, InputError, UsageError
from keras2cv.plain_files import open_plain, read_plain
from keras2cv.streams.frames import BrokenSource, Frame
from keras2cv.streams.patterns import matches
from keras2cv.streams.sources import find_sources, read_sources
from support.clips import write_clip

pytestmark = pytest.mark.skipif(os.name != "posix", reason="no such files there")

# Each name's reason.
REASONS = {
    "pipe.png": "it is a named pipe",
    "socket.png": "it is a socket",
    "device.png": "it is a device",
    "folder.png": "it is a folder",
    "loop.png": "Too many levels of symbolic links",
    "nowhere.png": "No such file",
    "empty.png": "is empty (0 bytes)",
    "sparse.png": "has 12884901888 bytes",
    "text.png": "cannot decode",
}
NAMES = (
    "new\nline.png",
    "sur\udcff.png",
    "esc\x1b[31m.png",
    f"{'x' * 251}.png",
    "-.png",
    "a=b.png",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work beside a folder with everything that a folder may hold."""
    monkeypatch.chdir(tmp_path)
    folder = Path("day")
    folder.mkdir()
    os.mkfifo(folder / "pipe.png")
    with socket.socket(socket.AF_UNIX) as place:
        place.bind("day/socket.png")
    (folder / "device.png").symlink_to("/dev/zero")
    (folder / "folder.png").mkdir()
    (folder / "loop.png").symlink_to("loop.png")
    (folder / "nowhere.png").symlink_to("none")
    (folder / "empty.png").write_bytes(b"")
    with (folder / "sparse.png").open("wb") as file:
        file.truncate(12 * 2**30)
    (folder / "text.png").write_bytes(b"text")
    picture = cv2.imencode(".png", np.full((9, 8, 3), 90, np.uint8))[1].tobytes()
    for name in NAMES:
        (folder / name).write_bytes(picture)
    return folder


def reasons(*names: str) -> dict[str, str]:
    """Return what is wrong with each source that cannot be read, by its file's name."""
    items = list(read_sources(find_sources(names)))
    good = {Path(item.name).name for item in items if isinstance(item, Frame)}
    assert good == set(NAMES)
    return {Path(item.name).name: item.reason for item in items if isinstance(item, BrokenSource)}


def test_a_folder_costs_a_line_for_each_that_is_no_picture(folder: Path) -> None:
    """Within a second; nothing waits for a writer, and no device is read to its end."""
    start_s = time.monotonic()
    found = reasons("day")
    assert time.monotonic() - start_s < 10
    assert {name for name in REASONS if REASONS[name] in found[name]} == set(REASONS) == set(found)


def test_a_pattern_gives_the_same_lines(folder: Path) -> None:
    """But for folders, which a pattern does not mean."""
    found = reasons("day/*.png")
    assert set(found) == set(REASONS) - {"folder.png"}


def test_a_pattern_follows_links_and_no_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each folder is entered once, hidden ones not at all."""
    monkeypatch.chdir(tmp_path)
    for place in ("a/b", "z", ".hidden"):
        Path(place).mkdir(parents=True)
    for name in ("x.png", "a/y.png", "a/b/z.png", "z/w.png", ".hidden/n.png", "a/.n.png"):
        Path(name).write_bytes(b"")
    for number in range(20):  # followed, they would be 2**20 paths of ten links alone
        Path(f"a/b/up{number}").symlink_to("../..")
        Path(f"loop{number}").symlink_to(".")
    Path("a/linked").symlink_to("../z")
    everything = {"x.png", "a/y.png", "a/b/z.png", "z/w.png"}
    assert set(matches("**/*.png")) in (everything, everything - {"z/w.png"} | {"a/linked/w.png"})
    assert set(matches(f"{tmp_path}/**/b/*.png")) == {f"{tmp_path}/a/b/z.png"}
    assert {"./a/y.png", "./a/b/z.png"} < set(matches("./a/**/*.png"))
    assert sorted(matches("a/*")) == ["a/y.png"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("x" * 5000, "cannot be read: File name too long"),
        (f"{'x' * 300}.png", "cannot be read: File name too long"),
        ("9" * 5000, "cannot be read: File name too long"),
        ("99999", "does not exist"),
        ("", "A source is empty"),
        ("loop", "cannot be read: Too many levels"),
        ("file/x.png", "cannot be read: Not a directory"),
        (f"photo={'x' * 5000}", "cannot be read: File name too long"),
        ("photo=day/pipe.png", "it is a named pipe"),
        ("photo=/dev/zero", "it is a device"),
        ("a\0b.png", "does not exist"),
    ],
)
def test_a_name_that_leads_to_no_file_is_an_error(folder: Path, name: str, words: str) -> None:
    """In a sentence, before anything runs."""
    Path("loop").symlink_to("loop")
    Path("file").write_bytes(b"")
    with pytest.raises(InputError, match=words):
        find_sources([name])


@pytest.mark.parametrize("name", ["new\nline.avi", "sur\udcff.avi", "esc\x1b[31m.avi"])
def test_a_video_may_have_any_name(tmp_path: Path, name: str) -> None:
    """FFmpeg gets a name that it can print."""
    write_clip(tmp_path / "clip.avi", 4)
    (tmp_path / "clip.avi").rename(tmp_path / name)
    items = list(read_sources(find_sources([str(tmp_path / name)])))
    assert [isinstance(item, Frame) for item in items] == [True] * 4
    assert items[3].name == f"{tmp_path / name}:000003"


@pytest.mark.parametrize("name", ["pipe.mp4", "zero.mp4"])
def test_a_video_that_is_no_file_is_a_line(tmp_path: Path, name: str) -> None:
    """It would be read for ever."""
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "zero.mp4").symlink_to("/dev/zero")
    (item,) = read_sources(find_sources([str(tmp_path / name)]))
    assert isinstance(item, BrokenSource)
    assert "not a file" in item.reason


def test_arrays_are_read_from_files_alone(folder: Path) -> None:
    """And from none that is too large."""
    for read in (read_npy, read_npz):
        for name in ("pipe.png", "device.png", "folder.png", "socket.png", "loop.png"):
            with pytest.raises(InputError, match="cannot be read as"):
                read(folder / name)
        with pytest.raises(InputError):
            read(folder / "sparse.png")


def test_a_bundle_of_pipes_is_none(cat_cv: Path) -> None:
    """Nothing waits for a writer."""
    for name in ("selftest.npz", "model.onnx", "manifest.json"):
        (cat_cv / name).unlink()
        os.mkfifo(cat_cv / name)
        with pytest.raises(BundleError):
            read_bundle(cat_cv)
    os.mkfifo(cat_cv.with_name("pipe.cv"))
    for name in ("pipe.cv", "x" * 5000):
        with pytest.raises((BundleError, OSError)):
            read_bundle(cat_cv.with_name(name))


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path) -> None:
    """The size that the system states is not believed: files in /proc state none."""
    (tmp_path / "file").write_bytes(b"12345")
    assert read_plain(tmp_path / "file", 5) == b"12345"
    with pytest.raises(OSError, match="it has 5 bytes, and at most 4 are read"):
        read_plain(tmp_path / "file", 4)
    if Path("/proc/self/status").exists():
        with pytest.raises(OSError, match="at most 4 are read"):
            read_plain("/proc/self/status", 4)
        assert read_plain("/proc/self/status", 2**20).startswith(b"Name:")
    with open_plain(tmp_path / "file") as file:
        assert file.read() == b"12345"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs another user")
def test_what_may_not_be_read_is_a_line(folder: Path) -> None:
    """Files and folders of somebody else, as a user who is not root meets them."""
    code = (
        "import os, sys\n"
        "from keras2cv.streams.frames import BrokenSource\n"
        "from keras2cv.streams.sources import find_sources, read_sources\n"
        "os.chdir(sys.argv[1]); os.setgid(65534); os.setuid(65534)\n"
        "for item in read_sources(find_sources(['day/-.png', 'closed', '**/a*.png'])):\n"
        "    print(getattr(item, 'reason', 'read'))\n"
    )
    with tempfile.TemporaryDirectory() as place:  # pytest's own may be entered by one user
        for path in (Path(place), Path(place, "day")):
            path.mkdir(exist_ok=True)
            path.chmod(0o755)
        for name in ("-.png", "a.png"):
            shutil.copy(folder / "-.png", Path(place, "day", name))
        Path(place, "day", "-.png").chmod(0)
        Path(place, "closed").mkdir(0o700)
        words = [sys.executable, "-c", code, place]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("day/-.png cannot be read: Permission denied."), done.stderr
    assert lines[1].startswith("closed cannot be read: it is a folder that you may not enter")
    assert "read" in lines[2:]
    assert any(line.startswith("closed cannot be read") for line in lines[2:])


def test_stream_takes_a_loaded_model() -> None:
    """The path of a bundle is none."""
    with pytest.raises(UsageError, match=r"keras2cv\.load"):
        list(keras2cv.stream("cat.cv", "photos"))  # type: ignore[arg-type]
