"""Short versions of the long runs in docs/reliability.md."""

from __future__ import annotations

import json
import mmap
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import keras2cv
from campaigns.reliability import soak
from campaigns.reliability.exporting import fork, wait, whole
from campaigns.reliability.kills import killed_exports, runs
from campaigns.reliability.process import held
from campaigns.reliability.threads import compared, mixed_calls
from support.tiny_bundle import Classifier

BENCHMARKS = Path(soak.__file__).parents[2]

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc, forks")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Return a bundle of a tiny classifier of images, two samples at a time."""
    return Classifier(2).write(tmp_path / "first.cv")


def test_sixteen_threads_get_the_answers_of_one(bundle: Path) -> None:
    """Images of all sizes, lists, arrays, dicts, in any order at once: bit for bit the same."""
    assert compared(mixed_calls(keras2cv.load(bundle)), threads=16, count=60) == []


def test_an_answer_that_is_another_threads_would_be_noticed(bundle: Path) -> None:
    """A predictor whose lock is gone, or an answer that changes, is found by the comparison."""
    calls = mixed_calls(keras2cv.load(bundle))
    answers = iter(range(10_000))
    problems = compared([*calls[:2], lambda: np.array(next(answers))], threads=2, count=30)
    assert problems
    assert all("call 2 has another answer" in problem for problem in problems)


def test_work_leaves_nothing_behind(bundle: Path, tmp_path: Path) -> None:
    """Neither predictions nor loads leave memory, handles or threads in a process of their own.

    This one holds gigabytes of other tests, whose pages go and come back.
    """
    rows = tmp_path / "rows.json"
    counts = ["--predictions", "400", "--loads", "100", "--frames", "0", "--images", "0"]
    command = [sys.executable, "-m", "campaigns.reliability.soak", "--bundle", str(bundle)]
    subprocess.run([*command, *counts, "--json", str(rows)], check=True, cwd=BENCHMARKS)
    for course in json.loads(rows.read_text(encoding="utf-8")):
        first, last = course["held"][soak.WARM], course["held"][-1]
        assert (last["handles"], last["threads"]) == (first["handles"], first["threads"])
        assert course["growth_mib"] < 4  # of allocators; a net that stays would be as much per load


def test_a_leak_would_be_noticed() -> None:
    """Kept memory shows in the growth, kept handles in their number."""
    kept: list[object] = []

    def work(number: int) -> None:
        pages = mmap.mmap(-1, 2**18)  # new ones: the allocator may have some left of other tests
        pages.write(b"1" * 2**18)
        kept.append((pages, os.open(os.devnull, os.O_RDONLY)))

    course = soak.repeated("leak", 100, work)
    for _, descriptor in kept:  # type: ignore[misc]
        os.close(descriptor)
    assert course.growth_mib > 10
    assert course.held[-1].handles > course.held[0].handles + 80


def test_long_videos_and_folders_are_answered_whole(bundle: Path, tmp_path: Path) -> None:
    """Every frame and image has its line; broken ones are counted and listed."""
    film = soak.video(bundle, 300, tmp_path)
    folder = soak.images(bundle, 2000, tmp_path)
    assert "2 broken, counted and listed" in folder.note
    for course in (film, folder):
        assert course.held[-1].handles <= course.held[soak.WARM].handles + 8


def test_kill_9_leaves_the_old_bundle_or_the_new_one(tmp_path: Path) -> None:
    """The bundle stays whole at any moment of an overwrite; the next run removes the remains."""
    target = tmp_path / "place" / "cat.cv"
    target.parent.mkdir()
    Classifier().write(target)
    numbers = iter(range(100))

    def start(place: Path) -> int:
        batch = 2 + next(numbers) % 3
        return fork(lambda: Classifier(batch).write(place) and None)

    outcomes = killed_exports(start, 0.06, 25, target, random.Random(5))  # noqa: S311
    assert outcomes.total() >= 25
    assert whole(target) is not None


def test_kill_9_of_a_run_leaves_lines_that_resume_completes(bundle: Path, tmp_path: Path) -> None:
    """Whole lines, each source once, and in the end the same as without any kill."""
    (line,) = runs(tmp_path, bundle, 5, random.Random(6))  # noqa: S311
    assert line.startswith("runs: 5 kills")


def test_a_child_that_fails_is_told_from_one_that_is_killed() -> None:
    """Exit codes of forked exports: done, one of our errors, any other, a signal."""

    def raising(error: Exception) -> int:
        def work() -> None:
            raise error

        return wait(fork(work))

    assert wait(fork(lambda: None)) == 0
    assert raising(keras2cv.BundleError("no")) == 1
    assert wait(fork(lambda: os.kill(os.getpid(), 9))) == -9
    assert held().threads >= 1


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("cc") is None, reason="compiles a library that lets calls fail")
def test_every_system_call_of_an_export_may_fail() -> None:
    """Some of them here, in both processes; the command without --step tries every one."""
    _command("faults", "--step", "9")


@pytest.mark.slow
def test_exports_and_commands_survive_kills() -> None:
    """Real exports with OpenCV's child process, and the whole command with TensorFlow's start."""
    _command("kills", "--exports", "20", "--whole", "2", "--runs", "10")


def _command(name: str, *arguments: str) -> None:
    command = [sys.executable, "-m", f"campaigns.reliability.{name}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
