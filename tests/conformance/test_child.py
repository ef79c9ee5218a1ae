"""The process that runs the suite's nets: it detects wrong answers, and outlives a crash."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from keras2cv.net.engines import ENGINES
from support.tiny_bundle import HEIGHT, WIDTH, Classifier

from .child import ANSWERS, Child

ENGINE = ENGINES[0]


@pytest.fixture
def child() -> Iterator[Child]:
    """Return a process."""
    child = Child()
    yield child
    child.close()


def bundle(folder: Path, *, off: float = 0.0) -> Path:
    """Write a tiny bundle with the answers of its numpy twin, off by a share of the largest."""
    answers = {}
    for i in range(2):
        image = np.random.default_rng(i).uniform(-1, 1, (3, HEIGHT, WIDTH, 3)).astype("f4")
        logits = Classifier()(image)
        answers |= {f"in/{i}/0": image, f"out/{i}/0": logits}
    largest = np.abs(answers["out/1/0"]).max()
    answers["out/1/0"] = answers["out/1/0"] + np.float32(off) * largest
    np.savez(folder / ANSWERS, **answers)  # type: ignore[arg-type]
    return Classifier().write(folder / "case.cv")


@pytest.mark.parametrize("engine", ENGINES)
def test_right_answers_are_right(engine: str, child: Child, tmp_path: Path) -> None:
    """To float32's rounding, on the engine that was asked for."""
    assert child.worst_error(bundle(tmp_path), engine) < 1e-6


def test_the_error_is_in_units_of_the_largest_value(child: Child, tmp_path: Path) -> None:
    """Of any sample."""
    assert child.worst_error(bundle(tmp_path, off=0.02), ENGINE) == pytest.approx(0.02, rel=0.1)


def test_nan_is_no_small_error(child: Child, tmp_path: Path) -> None:
    """It is as wrong as can be."""
    assert child.worst_error(bundle(tmp_path, off=float("nan")), ENGINE) > 1e30


def test_what_cannot_be_run_is_an_assertion_with_the_reason(child: Child, tmp_path: Path) -> None:
    """The process stays, and answers the next request."""
    folder = bundle(tmp_path)
    (folder / "manifest.json").rename(folder / "elsewhere.json")
    with pytest.raises(AssertionError, match="it has no manifest"):
        child.worst_error(folder, ENGINE)
    (folder / "elsewhere.json").rename(folder / "manifest.json")
    assert child.worst_error(folder, ENGINE) < 1e-6


@pytest.mark.skipif(os.name != "posix", reason="a signal ends it")
def test_a_crash_is_an_assertion_and_the_next_net_runs(child: Child, tmp_path: Path) -> None:
    """In a fresh process."""
    folder = bundle(tmp_path)
    child.worst_error(folder, ENGINE)
    os.kill(child.pid, signal.SIGKILL)
    with pytest.raises(AssertionError, match=r"crashed .SIGKILL"):
        child.worst_error(folder, ENGINE)
    assert child.worst_error(folder, ENGINE) < 1e-6
