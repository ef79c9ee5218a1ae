"""`--batch auto`: the splits that are tried, and the one that is kept."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

import keras2cv
from keras2cv.streams import several_nets as tuning
from keras2cv.streams.several_nets import Split, candidates, chosen, fastest, side_by_side
from support.tiny_bundle import Classifier

MB = 2**20


@pytest.mark.parametrize(
    ("threads", "model_bytes", "nets"),
    [
        (1, MB, [1]),
        (2, MB, [1, 2]),
        (6, MB, [1, 2, 4]),
        (64, MB, [1, 2, 4, 8]),
        (8, 200 * MB, [1, 2]),
        (8, 900 * MB, [1]),
    ],
)
def test_nets_share_the_threads_and_fit_into_memory(
    threads: int, model_bytes: int, nets: list[int]
) -> None:
    """One net on all threads is tried first; never more threads, nor more than half a gigabyte."""
    found = candidates(threads, model_bytes)
    assert [split.nets for split in found] == nets
    assert found[0].threads == threads
    assert all(split.threads >= 1 and split.nets * split.threads <= threads for split in found)


@pytest.mark.parametrize(
    ("rates", "nets"),
    [((106, 100), 1), ((104, 100), 2), ((100, 106), 2), ((100, 90, 120), 4), ((100,), 1)],
)
def test_several_nets_must_not_cost(rates: tuple[float, ...], nets: int) -> None:
    """Within the noise, more nets win, which other stages disturb less."""
    splits = [Split(2**k, 8 // 2**k, rate) for k, rate in enumerate(rates)]
    assert chosen(splits).nets == nets


def test_nets_side_by_side_share_the_threads(tmp_path: Path) -> None:
    """As many as fit, each another one, without measuring."""
    model = keras2cv.load(Classifier(batch=3).write(tmp_path / "cat.cv"))
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(2)
        models, split = side_by_side(model, lambda: keras2cv.load(tmp_path / "cat.cv", threads=2))
        assert (split.nets, split.threads, cv2.getNumThreads()) == (2, 1, 1)
    finally:
        cv2.setNumThreads(before)
    assert models[0] is model
    assert len({id(one) for one in models}) == 2


def test_the_fastest_split_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It returns as many different nets, and sets as many threads."""
    model = keras2cv.load(Classifier(batch=3).write(tmp_path / "cat.cv"))
    monkeypatch.setattr(tuning, "MEASURE_S", 0.01)
    monkeypatch.setattr(tuning, "chosen", lambda splits: splits[-1])
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(2)
        models, split = fastest(model, lambda: keras2cv.load(tmp_path / "cat.cv"))
        assert (split.nets, split.threads, cv2.getNumThreads()) == (2, 1, 1)
    finally:
        cv2.setNumThreads(before)
    assert models[0] is model
    assert len({id(one) for one in models}) == 2
    assert split.images_per_s > 0
