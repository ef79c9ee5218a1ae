"""No output replaces an input, a file of a bundle or a file of another kind."""

from __future__ import annotations

import errno
import os
import socket
import stat
from argparse import Namespace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from keras2cv.cli import main
from keras2cv.cli.earlier_outputs import is_drawn
from keras2cv.cli.output import write_text
from keras2cv.cli.output_guard import OF_EVERY_VERB, check_outputs
from keras2cv.cli.parser import Parser
from keras2cv.cli.verbs import OWN, SHIPPED, find_verb
from keras2cv.errors import UsageError
from support.clips import write_clip

posix = pytest.mark.skipif(os.name != "posix", reason="no such files there")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(50)


@pytest.mark.parametrize("content", [PNG, b"PK\3\4", b"a,b\n1,2\n", b"\x89HDF\r\n", b"<html>"])
@pytest.mark.parametrize("verb", ["run", "selftest", "info"])
def test_a_file_of_another_kind_is_kept(
    cat_cv: Path, tmp_path: Path, verb: str, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """A forgotten value after `--json` takes the next word for the file to write."""
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(content)
    words = [verb, str(cat_cv), "--json", str(photo), *(["other.jpg"] if verb == "run" else [])]
    assert main(words) == 2
    assert "holds something other than JSON" in capsys.readouterr().err
    assert photo.read_bytes() == content


@pytest.mark.parametrize("name", ["manifest.json", "new.json", "model.onnx"])
def test_a_bundle_is_no_place_for_an_output(cat_cv: Path, name: str) -> None:
    """Its manifest is JSON, too."""
    before = {path: path.read_bytes() for path in cat_cv.iterdir()}
    assert main(["selftest", str(cat_cv), "--json", str(cat_cv / name)]) == 2
    assert {path: path.read_bytes() for path in cat_cv.iterdir()} == before


@pytest.mark.parametrize(
    "arguments",
    [
        {"baseline": "FILE"},
        {"sources": ["x", "FILE"]},
        {"sources": ["photo=FILE"]},
        {"labels": Path("FILE")},
        {"against": Path("LINK")},
    ],
)
def test_an_input_is_never_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, object]
) -> None:
    """By whatever name the command line has for it; a link to it is it."""
    monkeypatch.chdir(tmp_path)
    Path("FILE").write_text("{}", encoding="utf-8")
    Path("LINK").symlink_to("FILE")
    with pytest.raises(UsageError, match="would overwrite what it reads"):
        check_outputs(Namespace(json="FILE", **arguments))


@pytest.mark.parametrize(
    ("option", "content"),
    [
        ("json", b'{"source": "a.jpg", "task": "raw", "outputs": {}}\n'),
        ("json", b'{"source": "a.jpg", "error": "broken"}\n{"source": "b'),
        ("json", b'{"source": "a.jp'),
        ("json", b'{"tool": "keras2cv check", "verdict": "pass"}'),
        ("json", b""),
        ("html", b'<!doctype html>\n<meta name="generator" content="keras2cv">'),
    ],
)
def test_an_earlier_output_may_be_replaced(tmp_path: Path, option: str, content: bytes) -> None:
    """And so may an empty file; a new one is made, and `-` is stdout."""
    earlier = tmp_path / "earlier"
    earlier.write_bytes(content)
    check_outputs(Namespace(**{option: str(earlier)}, sources=["photo.jpg"]))
    check_outputs(Namespace(**{option: str(tmp_path / "new")}))
    check_outputs(Namespace(**{option: "-"}))
    check_outputs(Namespace(**{option: None}))


def _special(path: Path, kind: str) -> None:
    """Put something other than a file of ours at `path`."""
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "loop":
        path.symlink_to(path.name)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as place:
            place.bind(str(path))
    else:
        path.write_bytes(KEPT[kind])


KEPT = {
    "picture": PNG,
    "model": b"\x89HDF\r\n\x1a\n" + bytes(64),
    "archive": b"PK\3\4" + bytes(64),
    "text": b"a,b\n1,2\n",
    "settings": b'{"name": "app", "version": 1}',
    "list": b"[1, 2]",
    "lines": b'{"source": "hello", "target": "bonjour"}\n',
    "page": b"<!doctype html><title>mine</title>",
}


@posix
@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "loop", "socket", *KEPT])
@pytest.mark.parametrize("option", ["json", "html", "save"])
def test_nothing_else_is_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str, kind: str
) -> None:
    """Known by what it is and holds, not by its name; a folder may take pictures."""
    monkeypatch.chdir(tmp_path)
    place = Path("place")
    _special(place, kind)
    args = Namespace(outputs={"save": "drawn"}, sources=["x"], **{option: str(place)})
    if (option, kind) == ("save", "folder"):
        check_outputs(args)
        return
    with pytest.raises(UsageError, match=rf"^--{option} place .*\.$"):
        check_outputs(args)
    assert kind not in KEPT or place.read_bytes() == KEPT[kind]


@pytest.mark.parametrize(
    ("outputs", "values"),
    [
        ({"output": "folder"}, {"output": "cat.cv"}),
        ({"output": "folder"}, {"output": "cat.cv/program"}),
        ({"bundle": "bundle"}, {"bundle": "cat.cv/other.cv"}),
        ({"save": "drawn"}, {"save": "cat.cv/pictures"}),
        ({"save": "drawn"}, {"save": "inside/x.png"}),
        ({}, {"json": "cat.cv/deep/down/x.json"}),
        ({}, {"html": "inside/x.html"}),
        ({"bundle": "bundle"}, {"bundle": "new.cv", "json": "new.cv/report.json"}),
        ({"save": "drawn"}, {"save": "same", "json": "same"}),
        ({"save": "drawn"}, {"save": "same", "json": "./same"}),
        ({"bundle": "bundle"}, {"bundle": "cat.cv", "samples": "cat.cv/selftest.npz"}),
    ],
)
def test_a_place_among_the_files_of_a_bundle_or_of_another_output_is_refused(
    cat_cv: Path, monkeypatch: pytest.MonkeyPatch, outputs: Any, values: dict[str, str]
) -> None:
    """Through links, too, and before there is a file."""
    monkeypatch.chdir(cat_cv.parent)
    Path("inside").symlink_to("cat.cv")
    places = {name: Path(value) for name, value in values.items()}
    with pytest.raises(UsageError, match=r"(inside a bundle|both name|overwrite what it reads)"):
        check_outputs(Namespace(outputs=outputs, **places))


@pytest.mark.parametrize("option", ["json", "html"])
def test_a_folder_that_is_not_there_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    """And so is one that the user may not write to, unless the file itself is there."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=f"--{option} a/b cannot be written: there is no folder a"):
        check_outputs(Namespace(**{option: "a/b"}))
    Path("a").mkdir()
    check_outputs(Namespace(**{option: "a/b"}))
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(UsageError, match="you may not write to the folder a"):
        check_outputs(Namespace(**{option: "a/b"}))
    Path("a/b").touch()
    check_outputs(Namespace(**{option: "a/b"}))


def test_a_models_folder_is_no_place_either(tmp_path: Path) -> None:
    """A SavedModel is a folder of files."""
    (tmp_path / "saved_model.pb").write_bytes(b"")
    with pytest.raises(UsageError, match="inside a model's folder"):
        check_outputs(Namespace(json=str(tmp_path / "x.json")))


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tiff", ".webp"])
def test_a_picture_of_ours_is_replaced_and_no_other(
    cat_cv: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The mark of `run` is in the file, and every decoder reads it; in folders, too."""
    monkeypatch.chdir(cat_cv.parent)
    image = np.full((40, 50, 3), 90, np.uint8)
    Path("in").mkdir()
    Path("mine").mkdir()
    for place in (f"in/a{suffix}", f"mine/a{suffix}", f"photo{suffix}"):
        cv2.imwrite(place, image)
    before = Path(f"photo{suffix}").read_bytes()
    command = ["run", "cat.cv", f"in/a{suffix}", "--save"]
    for _ in range(2):
        assert main([*command, f"drawn{suffix}"]) == 0
        assert main([*command, "drawn/"]) == 0
    assert cv2.imread(f"drawn{suffix}") is not None
    assert main([*command, f"photo{suffix}"]) == 2
    assert main([*command, "mine/"]) == 2
    assert "has not drawn it" in capsys.readouterr().err
    assert Path(f"photo{suffix}").read_bytes() == before == Path(f"mine/a{suffix}").read_bytes()


@pytest.mark.parametrize("suffix", [".mp4", ".avi", ".mkv", ".webm"])
def test_a_video_of_ours_is_replaced_and_no_other(
    cat_cv: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """A note at its end, which decoders skip, tells them apart."""
    monkeypatch.chdir(cat_cv.parent)
    write_clip(Path("clip.avi"), 12)
    for _ in range(2):
        assert main(["run", "cat.cv", "clip.avi", "--save", f"out{suffix}"]) == 0
    assert is_drawn(Path(f"out{suffix}"))
    capture = cv2.VideoCapture(f"out{suffix}")
    assert sum(capture.grab() for _ in range(20)) >= 11
    write_clip(Path("mine.avi"), 3)
    Path("mine.avi").rename(f"mine{suffix}")
    before = Path(f"mine{suffix}").read_bytes()
    assert main(["run", "cat.cv", "clip.avi", "--save", f"mine{suffix}"]) == 2
    assert Path(f"mine{suffix}").read_bytes() == before


def test_what_each_verb_writes_is_known_again(cat_cv: Path, tmp_path: Path) -> None:
    """So that the same command may be given twice."""
    for _ in range(2):
        assert main(["selftest", str(cat_cv), "--json", str(tmp_path / "s.json")]) == 0
        assert main(["doctor", "--json", str(tmp_path / "d.json")]) in (0, 3)


def test_every_path_of_every_verb_is_an_input_or_a_guarded_output() -> None:
    """An option of a new verb is entered in its OUTPUTS, or here."""
    inputs = {"bundle", "model", "against", "samples", "labels", "anchors", "baseline"}
    inputs |= {"data", "truth", "point_labels"}
    for name in (*OWN, *SHIPPED):
        parser = Parser()
        verb = find_verb(name)
        verb.add_arguments(parser)
        outputs = {*OF_EVERY_VERB, *getattr(verb, "OUTPUTS", {})}
        paths = {action.dest for action in parser._actions if action.type is Path}
        assert paths <= outputs | inputs, name
        written = {a.dest for a in parser._actions if {"-o", "--output"} & set(a.option_strings)}
        assert written <= outputs, name


def test_a_text_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An earlier file keeps its mode and its links; a full disk leaves it as it was."""
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_text("{}", encoding="utf-8")
    real.chmod(0o640)
    link.symlink_to(real.name)
    write_text(link, "new")
    assert (link.is_symlink(), real.read_text(encoding="utf-8")) == (True, "new")
    assert os.name != "posix" or stat.S_IMODE(real.stat().st_mode) == 0o640

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="No space left"):
        write_text(link, "newer")
    assert real.read_text(encoding="utf-8") == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.json", "real.json"]
