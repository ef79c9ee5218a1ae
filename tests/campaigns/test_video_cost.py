"""The video benchmark compares like with like."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from campaigns import video_cost
from support.clips import read_clip
from support.tiny_bundle import CLASSES, HEIGHT, WIDTH, Classifier


def tiny_net(bundle: Path, _: str) -> Any:
    """Return a plain use of the tiny classifier's net."""
    net = cv2.dnn.readNetFromONNX(str(bundle / "model.onnx"))

    def run(frame: Any) -> Any:
        mean = (127.5, 127.5, 127.5)
        net.setInput(cv2.dnn.blobFromImage(frame, 1 / 127.5, (WIDTH, HEIGHT), mean, swapRB=True))
        scores = net.forward()
        assert scores.shape == (1, CLASSES)
        return scores

    return run


@pytest.mark.parametrize(
    ("codec", "clip_name", "suffix", "every"),
    [
        ("mp4v", "clip.mp4", ".mp4", 1),
        ("MJPG", "clip.avi", ".avi", 1),
        ("MJPG", "c.avi", ".mp4", 2),
    ],
)
def test_both_sides_write_every_frame(
    codec: str,
    clip_name: str,
    suffix: str,
    every: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same clip in, as many frames of the same size out, on either side."""
    monkeypatch.setattr(video_cost, "bare_opencv", tiny_net)
    bundle = Classifier().write(tmp_path / "cat.cv")
    clip = tmp_path / clip_name
    video_cost.write_clip(clip, (192, 168), 9, codec)
    ours, theirs = tmp_path / f"ours{suffix}", tmp_path / f"theirs{suffix}"
    video_cost.run_keras2cv(bundle, clip, ours, every)
    video_cost.run_loop(bundle, "new", clip, theirs, every)
    for path in (ours, theirs):
        found = read_clip(path)
        assert len(found) == -(-9 // every)
        assert found[0].shape == (168, 192, 3)
        assert np.ptp(found[0]) > 50


def test_runs_alternate() -> None:
    """One warm-up that is not counted, then as many of each as asked."""
    calls: list[str] = []
    times, cores = video_cost.interleaved([lambda: calls.append("a"), lambda: calls.append("b")], 4)
    assert [len(side) for side in times + cores] == [4] * 4
    pairs = [sorted(calls[i : i + 2]) for i in range(0, 10, 2)]
    assert pairs == [["a", "b"]] * 5


def test_a_run_that_fails_is_no_measurement(tmp_path: Path) -> None:
    """A run that did not do its work has no time."""
    with pytest.raises(RuntimeError, match="keras2cv run ended with 2: error: "):
        video_cost.run_keras2cv(tmp_path / "no.cv", tmp_path / "no.mp4", tmp_path / "out.mp4", 1)
