"""`keras2cv run` on videos and cameras: every frame, in order, and a whole file in the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import keras2cv
from keras2cv.cli import main
from keras2cv.cli.progress import Bar
from keras2cv.errors import NetError
from keras2cv.predictor import Predictor
from support.clips import FPS, HEIGHT, WIDTH, FakeCapture, gray, read_clip, write_clip
from support.http_camera import http_camera
from support.json_lines import records
from support.tiny_bundle import Classifier

ROOT = Path(__file__).parents[3]
SHOWN_WH = (WIDTH * 4, HEIGHT * 4)  # pictures below 160 pixels are enlarged to carry text


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    """Every run ends its threads."""
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a bundle, cat.cv, and a video of 24 frames, clip.avi."""
    monkeypatch.chdir(tmp_path)
    Classifier().write(tmp_path / "cat.cv")
    write_clip(tmp_path / "clip.avi", 24)
    return tmp_path


def run(*arguments: str) -> int:
    """Return the exit code of `keras2cv run cat.cv ...`."""
    return main(["run", "cat.cv", *arguments])


@pytest.mark.parametrize("batch", ["1", "5"])
def test_each_frame_has_the_answer_that_it_has_alone(folder: Path, batch: str) -> None:
    """Threads and batches change no number, lose no frame and swap none."""
    assert run("clip.avi", "--json", "r.jsonl", "--batch", batch) == 0
    model = keras2cv.load("cat.cv")
    found = records("r.jsonl")
    assert [record["source"] for record in found] == [f"clip.avi:{n:06d}" for n in range(24)]
    for record, image in zip(found, read_clip("clip.avi"), strict=True):
        assert record["scores"] == model.predict(image).to_dict()["scores"]


def test_a_network_camera_that_vanishes_leaves_whole_files(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A bad frame costs one frame; when the stream breaks off, all predictions are saved."""
    pictures = [cv2.imencode(".jpg", frame)[1].tobytes() for frame in read_clip("clip.avi")]
    pictures[9] = bytes(300)
    with http_camera(pictures) as address:
        assert run(address, "--save", "out.avi", "--json", "r.jsonl") == 2
    *found, last = records("r.jsonl")
    assert last["error"] == (
        f"{address} stopped after 24 frames. Check that it is connected, and free."
    )
    assert [r["source"] for r in found if "error" in r] == [f"{address}:000009"]
    assert sum("scores" in record for record in found) > 1
    written = len(read_clip("out.avi"))
    assert f"out.avi: {written} frames\n" in capfd.readouterr().err


@pytest.mark.parametrize("name", ["out.mp4", "deep/out.avi", "out.webm"])
def test_save_writes_a_video(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As many frames as came, at their pace, each with its own result drawn on."""
    assert run("clip.avi", "--save", name) == 0
    assert f"{name}: 24 frames\n" in capsys.readouterr().err
    capture = cv2.VideoCapture(name)
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(FPS)
    capture.release()
    found = read_clip(name)
    assert len(found) == 24
    model = keras2cv.load("cat.cv")
    for image, shown in zip(read_clip("clip.avi"), found, strict=True):
        wanted = model.predict(image).draw(image)
        assert shown.shape == wanted.shape == (SHOWN_WH[1], SHOWN_WH[0], 3)
        assert np.abs(shown.astype(int) - wanted).mean() < 12  # codecs lose a little


def test_every_n_th_frame_is_taken_and_the_pace_kept(folder: Path) -> None:
    """--every 5 of 24 frames is 5 of them, over the same time."""
    assert run("clip.avi", "--every", "5", "--save", "out.mp4", "--json", "r.jsonl") == 0
    assert [r["source"][-2:] for r in records("r.jsonl")] == ["00", "05", "10", "15", "20"]
    capture = cv2.VideoCapture("out.mp4")
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(FPS / 5)
    capture.release()
    assert len(read_clip("out.mp4")) == 5


def test_a_video_that_is_cut_off_is_saved_as_far_as_it_goes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The frames before the cut are predicted and saved; it is listed, and the exit code is 2."""
    write_clip(folder / "clip.avi", 60)
    data = (folder / "clip.avi").read_bytes()
    (folder / "cut.avi").write_bytes(data[: len(data) // 2])
    assert run("cut.avi", "--save", "out.mp4", "--json", "r.jsonl") == 2
    *found, last = records("r.jsonl")
    assert len(read_clip("out.mp4")) == len(found) == len(read_clip("cut.avi")) > 5
    assert "of the 60 frames that it announces" in last["error"]
    assert "1 could not be predicted:\n  cut.avi ends after " in capsys.readouterr().err


def test_a_video_without_frames_leaves_no_file(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is nothing to save, and no empty video is left behind."""
    (folder / "none.mp4").write_bytes(b"not a video")
    assert run("none.mp4", "--save", "out.mp4") == 2
    assert "cannot decode a single frame of none.mp4" in capsys.readouterr().err
    assert not (folder / "out.mp4").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["clip.avi", "--save", "clip.avi"], "--save clip.avi would overwrite what it reads. "),
        (["clip.avi", "--save", "clip.avi/o.mp4"], "clip.avi/o.mp4 cannot"),
        (["clip.avi", "clip.avi", "--save", "o.mp4"], "--save o.mp4 names a video, and is for one"),
        (["clip.avi", "--save", "o.png"], "--save o.png names one picture, and there are several."),
        (["clip.avi", "--every", "0"], "argument --every: must be a whole number of at least 1"),
    ],
)
def test_a_place_that_cannot_be_saved_to_is_refused_first(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    """One sentence, exit code 2, and the files as they were."""
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    try:
        code = run(*arguments)
    except SystemExit as end:
        code = int(end.code or 0)
    assert code == 2
    shown = capsys.readouterr()
    assert shown.err.splitlines()[-1].startswith(f"error: {sentence}")
    assert shown.out == ""
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_a_missing_codec_is_an_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """cv2's writer would silently drop every frame."""

    class Closed:
        fourcc = staticmethod(cv2.VideoWriter.fourcc)

        def __init__(self, *_: object) -> None:
            pass

        def isOpened(self) -> bool:  # noqa: N802 - cv2's name
            return False

    monkeypatch.setattr(cv2, "VideoWriter", Closed)
    assert run("clip.avi", "--save", "out.mp4") == 2
    assert (
        f"error: OpenCV {cv2.__version__} cannot write out.mp4 as mp4v, "
        f"{SHOWN_WH[0]}x{SHOWN_WH[1]} at 10 frames per second. "
    ) in capsys.readouterr().err
    assert not (folder / "out.mp4").exists()


def test_a_disk_that_is_full_is_noticed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file is read back, since cv2 does not report that writing failed."""
    release = cv2.VideoWriter.release

    class Losing:
        fourcc = staticmethod(cv2.VideoWriter.fourcc)

        def __init__(self, *arguments: Any) -> None:
            self.real = real(*arguments)
            self.count = 0

        def isOpened(self) -> bool:  # noqa: N802 - cv2's name
            return bool(self.real.isOpened())

        def write(self, picture: Any) -> None:
            self.count += 1
            if self.count < 9:
                self.real.write(picture)

        def release(self) -> None:
            release(self.real)

    real = cv2.VideoWriter
    monkeypatch.setattr(cv2, "VideoWriter", Losing)
    assert run("clip.avi", "--save", "out.mp4") == 2
    assert "out.mp4 holds 8 of the 24 frames written: the disk may be full." in (
        capsys.readouterr().err
    )


def test_a_net_that_fails_half_way_ends_it_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One error, its own exit code, and a playable file of the frames before it."""
    complete, calls = Predictor.complete, []

    def failing(self: Predictor, prepared: Any) -> Any:
        calls.append(1)
        if len(calls) > 10:
            raise NetError("OpenCV failed while running it.")
        return complete(self, prepared)

    monkeypatch.setattr(Predictor, "complete", failing)
    assert run("clip.avi", "--save", "out.mp4") == 1
    assert capsys.readouterr().err.count("error: OpenCV failed while running it.") == 1
    assert len(read_clip("out.mp4")) == 10


@pytest.mark.parametrize("stop", [1, 9])
def test_an_interrupt_finishes_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch, stop: int
) -> None:
    """Exit code 130; the video plays, and holds at least the answered frames."""
    advance, seen = Bar.advance, []

    def interrupted(self: Bar, answer: Any) -> bool:
        seen.append(answer)
        if len(seen) == stop:
            raise KeyboardInterrupt
        return advance(self, answer)

    monkeypatch.setattr(Bar, "advance", interrupted)
    assert run("clip.avi", "--save", "out.mp4", "--json", "r.jsonl") == 130
    assert len(records("r.jsonl")) == stop
    assert stop <= len(read_clip("out.mp4")) < 24


# A shell's background job ignores SIGINT, and so do the programs that it starts. That is right for
# `keras2cv run &`, and must not decide this test.
INTERRUPTIBLE = """
import signal
import sys

signal.signal(signal.SIGINT, signal.default_int_handler)

from keras2cv.cli import main

sys.exit(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends Ctrl-C to the whole console")
def test_a_real_interrupt_finishes_the_file(folder: Path) -> None:
    """SIGINT in the middle of a long video: 130 within seconds, and a file that plays."""
    write_clip(folder / "long.avi", 4000)
    arguments = ["run", "cat.cv", "long.avi", "--save", "out.mp4", "--json", "r.jsonl"]
    child = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT / "runtime")},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        encoding="utf-8",
    )
    limit_s = time.monotonic() + 60
    while not (folder / "r.jsonl").exists() or (folder / "r.jsonl").stat().st_size < 5000:
        assert time.monotonic() < limit_s
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    _, shown = child.communicate(timeout=30)
    assert child.returncode == 130
    assert shown.endswith("interrupted\n")
    lines = (folder / "r.jsonl").read_text(encoding="utf-8").splitlines()
    assert 5 <= len(lines) <= len(read_clip("out.mp4")) < 4000


def test_a_camera_is_answered_by_its_newest_frame(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frames that arrive while the net is busy are dropped, so that answers are never old."""
    complete = Predictor.complete

    def slow(self: Predictor, prepared: Any) -> Any:
        time.sleep(0.05)
        return complete(self, prepared)

    capture = FakeCapture(
        [gray(level) for level in range(100)], fps=100, before=lambda _: time.sleep(0.01)
    )
    monkeypatch.setattr(cv2, "VideoCapture", lambda _: capture)
    monkeypatch.setattr(Predictor, "complete", slow)
    started_s = time.monotonic()
    assert run("7", "--json", "r.jsonl") == 2
    took_s = time.monotonic() - started_s
    *found, last = records("r.jsonl")
    numbers = [int(record["source"][-6:]) for record in found]
    assert numbers == sorted(set(numbers))
    assert 2 <= len(numbers) <= took_s / 0.05 + 1
    assert len(numbers) < 100
    assert numbers[-1] == 99
    assert last["error"].startswith("camera 7 stopped after 100 frames. ")


def test_a_camera_s_video_keeps_its_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where frames were dropped the one before is repeated: the film is as long as it took."""
    capture = FakeCapture([gray(200)] * 30, fps=50, before=lambda _: time.sleep(0.03))
    real = cv2.VideoCapture
    monkeypatch.setattr(cv2, "VideoCapture", lambda where: capture if where == 0 else real(where))
    started_s = time.monotonic()
    assert run("0", "--save", "out.mp4") == 2
    took_s = time.monotonic() - started_s
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    frames = len(read_clip("out.mp4"))
    assert 0.9 * 0.9 < frames / 50 < took_s + 0.1
