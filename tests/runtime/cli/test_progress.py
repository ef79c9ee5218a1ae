"""The progress bar: its text, and the places where it is silent."""

from __future__ import annotations

import io

import numpy as np
import pytest

from keras2cv.cli import progress
from keras2cv.cli.progress import Bar, clock
from keras2cv.streams.answers import Answer
from keras2cv.streams.frames import Frame, Stream

IMAGE = Answer("photo.jpg")


class Terminal(io.StringIO):
    """A stream that is a terminal, or is not."""

    def __init__(self, *, tty: bool) -> None:
        super().__init__()
        self.tty = tty

    def isatty(self) -> bool:
        """Whether it is."""
        return self.tty


def terminals(monkeypatch: pytest.MonkeyPatch, *, stdout: bool, stderr: bool) -> Terminal:
    """Replace the standard streams; return stderr."""
    monkeypatch.setattr("sys.stdout", Terminal(tty=stdout))
    monkeypatch.setattr("sys.stderr", shown := Terminal(tty=stderr))
    return shown


@pytest.mark.parametrize(("stdout", "stderr"), [(True, True), (False, False), (True, False)])
def test_the_bar_is_for_a_terminal_alone(
    monkeypatch: pytest.MonkeyPatch, stdout: bool, stderr: bool
) -> None:
    """Nothing is drawn into a file, nor between results that go to the same terminal."""
    shown = terminals(monkeypatch, stdout=stdout, stderr=stderr)
    bar = Bar(3)
    assert [bar.advance(IMAGE) for _ in range(3)] == [True] * 3
    bar.close()
    assert shown.getvalue() == ""


@pytest.mark.parametrize(("total", "text"), [(7, "\r2/7  1.0/s  0:05 left"), (None, "\r2  1.0/s")])
def test_the_bar_counts_and_cleans_up(
    monkeypatch: pytest.MonkeyPatch, total: int | None, text: str
) -> None:
    """Done, total where it is known, rate, time left; ten times a second; gone in the end."""
    times_s = iter([0.0, 0.05, 2.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(times_s))
    shown = terminals(monkeypatch, stdout=False, stderr=True)
    bar = Bar(total)
    bar.advance(IMAGE)
    assert shown.getvalue() == ""  # a twentieth of a second is too soon
    bar.advance(IMAGE)
    assert shown.getvalue().rstrip() == text
    bar.close()
    assert shown.getvalue().endswith(" \r")


@pytest.mark.parametrize(
    ("stream", "every", "text"),
    [
        (Stream(25.0, 100), 1, "\r1/100  0.5 fps  3:18 left"),
        (Stream(25.0, 100), 3, "\r1/34  0.5 fps  1:06 left"),
        (Stream(None, None), 1, "\r1  0.5 fps"),
    ],
)
def test_the_bar_of_a_video_counts_the_frames_left(
    monkeypatch: pytest.MonkeyPatch, stream: Stream, every: int, text: str
) -> None:
    """Beside a terminal that shows no results, in frames per second, of the frames taken."""
    times_s = iter([0.0, 2.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(times_s))
    shown = terminals(monkeypatch, stdout=True, stderr=True)
    frame = Frame("clip.mp4:000000", np.zeros((4, 6, 3), np.uint8), stream)
    Bar(None, every, results_shown=False).advance(Answer(frame.name, frame=frame))
    assert shown.getvalue().rstrip() == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (7.4, "0:07"), (754, "12:34"), (3723, "1:02:03")]
)
def test_a_clock_reads_as_people_write_it(seconds: float, text: str) -> None:
    """Hours only where there are any."""
    assert clock(seconds) == text
