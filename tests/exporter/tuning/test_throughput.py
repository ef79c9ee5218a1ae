"""How many samples in a run, and how many nets at a time, are tried, judged and chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from keras2cv.bundle.manifest import Rate
from keras2cv.errors import NetError
from keras2cv.tuning.search import chosen, try_throughputs
from keras2cv_export.tuning.throughput import _joined, _parted

OWN = Rate(1, 4, 1)


def attempts(**ratios: float | None) -> Callable[[Rate], Rate]:
    """Return a stand-in that knows ratios by "nets_batch"; None: refused. Of the others, 1."""

    def attempt(rate: Rate) -> Rate:
        ratio = ratios.get(f"n{rate.nets}_{rate.batch}", 1.0)
        if ratio is None:
            return replace(rate, refused="Reshape")
        return replace(rate, sample_ms=10 * ratio, ratio=ratio, high=ratio + 0.02)

    return attempt


def test_batches_first_then_nets_with_the_best_of_them() -> None:
    """All are compared with the bundle's own; nets share out OpenCV's threads."""
    found = try_throughputs(OWN, 4, 10**6, attempts(n1_4=0.9, n1_8=0.95, n2_4=0.7))
    assert [(r.nets, r.threads, r.batch) for r in found] == [
        (1, 4, 1), (1, 4, 2), (1, 4, 4), (1, 4, 8), (2, 2, 4), (4, 1, 4),
    ]  # fmt: skip
    assert str(found[chosen(found)]) == "2 nets on 2 threads, 4 samples a run"


def test_a_batch_that_the_file_does_not_take_is_refused() -> None:
    """With the reason, and nets are tried with the bundle's own."""
    found = try_throughputs(
        replace(OWN, threads=2), 2, 10**6, attempts(n1_2=None, n1_4=None, n1_8=None)
    )
    assert [r.refused for r in found] == [None, "Reshape", "Reshape", "Reshape", None]
    assert found[-1].batch == 1
    assert chosen(found) == 0


def test_a_bundle_of_eight_begins_with_eight() -> None:
    """Its own batch is the default, whatever it is."""
    found = try_throughputs(Rate(1, 1, 8), 1, 10**6, attempts())
    assert [r.batch for r in found] == [8, 1, 2, 4]


def test_nets_that_fill_the_memory_are_not_tried() -> None:
    """Each holds the weights."""
    assert [r.nets for r in try_throughputs(OWN, 4, 2**29, attempts())] == [1] * 4


def test_what_cannot_be_timed_at_all_is_an_error() -> None:
    """There would be nothing to compare with."""
    with pytest.raises(NetError, match="Reshape"):
        try_throughputs(OWN, 4, 10**6, attempts(n1_1=None))


def test_samples_are_asked_as_one_and_parted_again() -> None:
    """Every place of a run holds a sample of its own."""
    samples = [(np.full((2, 3), k), np.full((2, 1), -k)) for k in range(3)]
    images, facts = _joined(samples)
    assert (images.shape, facts.shape) == ((6, 3), (6, 1))
    parts = _parted({"y": images}, 2)
    assert [part["y"].tolist() for part in parts] == [s[0].tolist() for s in samples]
