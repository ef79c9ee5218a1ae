"""Videos and cameras: every frame in order, and faults as a sentence."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from keras2cv.errors import MissingDependency
from keras2cv.net.engine_options import log_of
from keras2cv.streams.frames import BrokenSource, Frame, Item, Selection, Stream
from keras2cv.streams.sources import find_sources, read_sources
from support.clips import FPS, FakeCapture, gray, read_clip, write_clip


def items(name: Path | str, selection: Selection | None = None) -> list[Item]:
    """Return all that `name` gives."""
    return list(read_sources(find_sources([str(name)]), selection or Selection()))


def numbers(found: list[Item]) -> list[int]:
    """Return the frames' numbers, from their names."""
    return [int(item.name.rpartition(":")[2]) for item in found if isinstance(item, Frame)]


@pytest.fixture
def faked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Make cv2 open nothing real; return the addresses that it is asked to open."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clip.mp4").touch()
    return []


def fake(monkeypatch: pytest.MonkeyPatch, capture: FakeCapture, opened: list[object]) -> None:
    """Let cv2.VideoCapture give `capture`."""
    monkeypatch.setattr(cv2, "VideoCapture", lambda where: opened.append(where) or capture)


@pytest.mark.parametrize(("suffix", "codec"), [(".avi", "MJPG"), (".mp4", "mp4v")])
def test_a_video_gives_every_frame_in_order(tmp_path: Path, suffix: str, codec: str) -> None:
    """Frames are numbered, complete and in order, as in a plain loop; the rate is the video's."""
    path = tmp_path / f"clip{suffix}"
    levels = write_clip(path, 23, codec)
    found = items(path)
    assert [item.name for item in found] == [f"{path}:{n:06d}" for n in range(23)]
    for item, level, plain in zip(found, levels, read_clip(path), strict=True):
        assert isinstance(item, Frame)
        assert abs(float(item.image_bgr.mean()) - level) < 5
        np.testing.assert_array_equal(item.image_bgr, plain)
        assert (item.stream, item.at_s) == (Stream(FPS, 23), None)


def test_every_n_th_frame_keeps_its_number(tmp_path: Path) -> None:
    """The frames between are passed over, and those that are known already as well."""
    path = tmp_path / "clip.avi"
    write_clip(path, 11)
    assert numbers(items(path, Selection(every=4))) == [0, 4, 8]
    known = frozenset([f"{path}:000004", f"{path}:000006"])
    assert numbers(items(path, Selection(every=2, known=known))) == [0, 2, 8, 10]


def test_a_frame_that_is_passed_over_is_not_converted(
    monkeypatch: pytest.MonkeyPatch, faked: list[object]
) -> None:
    """Skipping costs the decoding alone."""
    capture = FakeCapture([gray()] * 7)
    fake(monkeypatch, capture, faked)
    items("clip.mp4", Selection(every=3))
    assert capture.retrieved == [0, 3, 6]


def test_a_video_that_is_left_early_is_released(
    monkeypatch: pytest.MonkeyPatch, faked: list[object]
) -> None:
    """Whoever stops reading half way leaves no open capture behind."""
    capture = FakeCapture([gray()] * 5)
    fake(monkeypatch, capture, faked)
    reader = read_sources(find_sources(["clip.mp4"]))
    next(reader)
    reader.close()  # type: ignore[attr-defined]
    assert capture.released


def test_a_video_without_a_frame_is_broken(tmp_path: Path) -> None:
    """A file that only bears a video's name, and one that holds no frame, are reported."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"not a video at all")
    write_clip(tmp_path / "empty.mp4", 0, "mp4v")
    for name in (path, tmp_path / "empty.mp4"):
        (item,) = items(name)
        assert isinstance(item, BrokenSource)
        assert item.reason == (
            f"OpenCV {cv2.__version__} cannot decode a single frame of {name}. "
            "Convert the video, to H.264 in .mp4 for example."
        )


def test_a_video_that_is_cut_off_gives_what_is_there(tmp_path: Path) -> None:
    """The frames before the cut are predicted, and the cut is reported."""
    path = tmp_path / "clip.avi"
    write_clip(path, 60)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    *found, last = items(path)
    assert 15 < len(found) < 45
    assert isinstance(last, BrokenSource)
    assert last.reason == (
        f"{path} ends after {len(found)} of the 60 frames that it announces: it is cut off or "
        "damaged. Copy it again; the frames before are predicted."
    )


def test_a_count_that_is_off_by_one_is_no_damage(
    monkeypatch: pytest.MonkeyPatch, faked: list[object]
) -> None:
    """Some containers have a duration only."""
    fake(monkeypatch, FakeCapture([gray()] * 9, announced=10), faked)
    assert len(items("clip.mp4")) == 9


def test_a_frame_that_cannot_be_decoded_costs_one(
    monkeypatch: pytest.MonkeyPatch, faked: list[object]
) -> None:
    """It is reported under its number, and the next ones follow."""
    fake(monkeypatch, FakeCapture([gray(), None, gray()], fps=25, announced=3), faked)
    first, damaged, last = items("clip.mp4")
    assert damaged == BrokenSource(
        "clip.mp4:000001", "clip.mp4:000001 cannot be decoded: the video is damaged there."
    )
    assert numbers([first, last]) == [0, 2]
    assert isinstance(last, Frame)
    assert last.stream == Stream(25, 3)


def test_frames_that_are_lost_are_passed_over(
    monkeypatch: pytest.MonkeyPatch, faked: list[object]
) -> None:
    """Where cv2 gives up it is asked again, until the end that the video announces."""
    given = [gray(), "lost", "lost", gray(), gray(), "lost"]
    fake(monkeypatch, FakeCapture(given, announced=6), faked)
    found = items("clip.mp4")
    assert numbers(found) == [0, 3, 4]
    broken = [item.name for item in found if isinstance(item, BrokenSource)]
    assert broken == ["clip.mp4:000001", "clip.mp4:000002"]  # the last may never have been


def test_a_video_that_is_damaged_in_the_middle_loses_that_only(tmp_path: Path) -> None:
    """The frames behind the damage are read, at their own numbers."""
    path = tmp_path / "clip.mp4"
    levels = write_clip(path, 200, "mp4v")
    data = bytearray(path.read_bytes())
    spoiled = np.random.default_rng(0)
    for place in spoiled.integers(len(data) // 4, len(data) // 2, 400):
        data[place] = spoiled.integers(0, 256)
    path.write_bytes(data)
    found = items(path)
    frames = [item for item in found if isinstance(item, Frame)]
    read = dict(zip(numbers(found), frames, strict=True))
    assert len(read) > len(read_clip(path))  # a plain loop ends at the first
    behind = [n for n in read if n > 150]
    assert len(behind) > 30
    for number in behind:
        assert abs(float(read[number].image_bgr.mean()) - levels[number]) < 8


@pytest.mark.parametrize(
    ("count", "what"), [(3, "stopped after 3 frames"), (0, "cannot be opened")]
)
def test_a_camera_that_ends_is_broken(
    monkeypatch: pytest.MonkeyPatch, faked: list[object], count: int, what: str
) -> None:
    """A camera never ends by itself: frames come as colour, then the loss is reported."""
    fake(monkeypatch, FakeCapture([gray()] * count, fps=30, announced=-1e18), faked)
    *found, last = items("2")
    assert faked == [2]
    assert [item.name for item in found] == [f"camera 2:{n:06d}" for n in range(count)]
    for item in found:
        assert isinstance(item, Frame)
        assert item.image_bgr.shape == (48, 64, 3)
        assert item.stream == Stream(30, None)
        assert item.at_s is not None
    assert isinstance(last, BrokenSource)
    assert last.reason == f"camera 2 {what}. Check that it is connected, and free."


@pytest.mark.parametrize("level", [None, "INFO"])
def test_a_camera_that_is_not_there_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, faked: list[object], level: str | None
) -> None:
    """OpenCV logs nothing meanwhile, unless its user chose a level; afterwards it does again."""
    monkeypatch.delenv("OPENCV_LOG_LEVEL", raising=False)
    if level is not None:
        monkeypatch.setenv("OPENCV_LOG_LEVEL", level)
    log = log_of(cv2)
    before, found = log.getLogLevel(), []

    def opened(number: int) -> FakeCapture:
        found.append(log.getLogLevel())
        return FakeCapture([])

    monkeypatch.setattr(cv2, "VideoCapture", opened)
    [last] = items("3")
    assert isinstance(last, BrokenSource)
    assert last.reason == "camera 3 cannot be opened. Check that it is connected, and free."
    assert found == [0 if level is None else before]
    assert log.getLogLevel() == before


def test_an_address_without_a_video_is_not_a_damaged_file(
    monkeypatch: pytest.MonkeyPatch, faked: list[object]
) -> None:
    """Nothing there could be converted."""
    fake(monkeypatch, FakeCapture([]), faked)
    [last] = items("http://10.0.0.7/a.mp4")
    assert isinstance(last, BrokenSource)
    assert last.reason.endswith("a.mp4 gives no frame. Check the address, and the network.")


def test_a_damaged_frame_of_a_camera_costs_one(
    monkeypatch: pytest.MonkeyPatch, faked: list[object]
) -> None:
    """A bad packet is not the end of a stream: it is asked again."""
    fake(monkeypatch, FakeCapture([gray(), "lost", gray(), gray()], announced=-1e18), faked)
    found = items("rtsp://10.0.0.7/s")
    assert numbers(found) == [0, 2, 3]
    reasons = [item.reason for item in found if isinstance(item, BrokenSource)]
    assert reasons == [
        "rtsp://10.0.0.7/s:000001 cannot be decoded: the video is damaged there.",
        "rtsp://10.0.0.7/s stopped after 4 frames. Check that it is connected, and free.",
    ]


def test_a_camera_that_hangs_is_not_asked_again(
    monkeypatch: pytest.MonkeyPatch, faked: list[object]
) -> None:
    """A driver that fails after a time-out of its own would do so each time."""
    capture = FakeCapture([gray()], announced=-1e18)
    asked: list[None] = []
    grab = capture.grab

    def hanging() -> bool:
        if grab():
            return True
        asked.append(None)
        monkeypatch.setattr("keras2cv.streams.videos.time.monotonic", lambda: float("inf"))
        return False

    monkeypatch.setattr(capture, "grab", hanging)
    fake(monkeypatch, capture, faked)
    *_, last = items("0")
    assert isinstance(last, BrokenSource)
    assert len(asked) == 1


def test_a_url_is_opened_with_its_password_and_named_without(
    monkeypatch: pytest.MonkeyPatch, faked: list[object]
) -> None:
    """Printed and stored names hold no password."""
    fake(monkeypatch, FakeCapture([gray()]), faked)
    frame, end = items("rtsp://me:secret@10.0.0.7/s")
    assert faked == ["rtsp://me:secret@10.0.0.7/s"]
    assert frame.name == "rtsp://10.0.0.7/s:000000"
    assert isinstance(end, BrokenSource)
    assert "secret" not in end.reason


def test_an_opencv_without_video_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names a build without videoio, with exit code 3."""
    (tmp_path / "clip.mp4").touch()
    monkeypatch.delattr(cv2, "VideoCapture")
    with pytest.raises(MissingDependency, match=r"clip.mp4 is a video, and this OpenCV"):
        items(tmp_path / "clip.mp4")
