"""OpenCV's runs go on beside TensorFlow, are used once they are asked for, and can be ended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from keras2cv.errors import NetError
from keras2cv.trial.running import WorkerRun
from keras2cv_export.verifying import ahead as ahead_module
from keras2cv_export.verifying.ahead import NetRun, RunsAhead

Array = np.ndarray[Any, Any]
FOLDER = Path("never-read.cv")
SAMPLES = [(np.arange(6.0).reshape(1, 6) + k,) for k in range(3)]


class Worker:
    """A stand-in for OpenCV's process, which doubles its input."""

    def __init__(self) -> None:
        self.engines: list[str] = []
        self.ready: list[Any] = []

    def __call__(
        self,
        folder: Path,
        samples: Sequence[tuple[Array, ...]],
        *,
        engine: str,
        started: Callable[[Any], None] | None = None,
        ready: Any = None,
        **_: Any,
    ) -> WorkerRun:
        """Answer, or fail on one engine."""
        del started, folder
        self.ready.append(ready)
        self.engines.append(engine)
        if engine == "broken":
            raise NetError("It crashed.")
        return WorkerRun(tuple((2 * one[0],) for one in samples), "5.1.0", engine, 2, 1.0)


def run_of(worker: Any, engine: str = "new", samples: Any = SAMPLES) -> NetRun:
    """Return a run of the samples."""
    return NetRun(worker, FOLDER, samples, {"engine": engine})


def test_a_run_that_was_begun_is_not_repeated() -> None:
    """Equal samples in other arrays are the same question."""
    worker = Worker()
    with RunsAhead() as ahead:
        ahead.begin([run_of(worker), run_of(worker, "classic")])
        again = [tuple(array.copy() for array in sample) for sample in SAMPLES]
        found = ahead.run(run_of(worker, "classic", again))
        assert (found.engine, found.outputs[2][0].tolist()) == ("classic", [[4, 6, 8, 10, 12, 14]])
        assert ahead.run(run_of(worker)).engine == "new"
    assert worker.engines == ["new", "classic"]


@pytest.mark.parametrize(
    "other",
    [SAMPLES[:2], [*SAMPLES[:2], (SAMPLES[2][0] + 1,)], [(one[0] > 2,) for one in SAMPLES]],
)
def test_another_question_is_asked_for_itself(other: Any) -> None:
    """Fewer samples, one other value, another dtype."""
    worker = Worker()
    with RunsAhead() as ahead:
        ahead.begin([run_of(worker)])
        assert len(ahead.run(run_of(worker, "new", other)).outputs) == len(other)
        assert ahead.run(run_of(worker)).engine == "new"
    assert worker.engines == ["new", "new"]


def test_an_error_is_raised_where_the_outcome_is_asked_for() -> None:
    """And the runs behind it go on."""
    worker = Worker()
    with RunsAhead() as ahead:
        ahead.begin([run_of(worker, "broken"), run_of(worker)])
        assert ahead.run(run_of(worker)).engine == "new"
        with pytest.raises(NetError, match="It crashed"):
            ahead.run(run_of(worker, "broken"))


def test_what_runs_is_killed_in_the_end_and_nothing_follows() -> None:
    """An error in TensorFlow, or Ctrl-C, leaves no process behind."""
    begun, killed, seen = threading.Event(), threading.Event(), []

    class Child:
        def kill(self) -> None:
            killed.set()

    def hanging(*_: Any, engine: str, started: Callable[[Any], None]) -> WorkerRun:
        seen.append(engine)
        started(Child())
        begun.set()
        assert killed.wait(60)
        raise NetError("It was killed.")

    def interrupted() -> None:
        with RunsAhead() as ahead:
            ahead.begin([run_of(hanging), run_of(hanging, "classic")])
            assert begun.wait(60)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert seen == ["new"]


class Loading:
    """A stand-in for a process that loads a net."""

    made: ClassVar[list[Loading]] = []

    def __init__(self, folder: Path, **options: Any) -> None:
        self.folder, self.options, self.ended = folder, options, False
        self.made.append(self)

    def end(self) -> None:
        """Note it; a net that was taken over goes on."""
        self.ended = True


def test_a_net_that_was_loaded_before_its_samples_were_known_is_used_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By the run with its settings; in the end none that nobody took over is left."""
    monkeypatch.setattr(ahead_module, "LoadingNet", Loading)
    monkeypatch.setattr(Loading, "made", [])
    worker, limit = Worker(), {"timeout_s": 9.0}
    plain, alone = {**limit, "engine": "new"}, {**limit, "engine": "new", "threads": 1}
    with RunsAhead() as ahead:
        ahead.load([NetRun(worker, FOLDER, (), one) for one in (plain, alone)])
        first, second = Loading.made
        assert (first.options, second.options) == (plain, alone)
        ahead.begin([NetRun(worker, FOLDER, SAMPLES, plain) for _ in range(2)])
        ahead.run(NetRun(worker, FOLDER, SAMPLES[:1], plain))
        ahead.run(NetRun(worker, FOLDER, SAMPLES, plain))
    assert worker.ready.count(first) == 1
    assert worker.ready.count(None) == 2
    assert first.ended
    assert second.ended
