"""Both sides of the speed line, ready to be timed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

import numpy as np

import keras2cv
import keras2cv_export
from keras2cv.bundle.leftovers import temporary_folder
from keras2cv.errors import NetError
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.model.reference import on_cpu, thread_count
from keras2cv_export.verifying.verify import Answer

from .speed import KERAS, OURS, THEIRS, Side, SpeedReport, take_turns

Array = np.ndarray[Any, Any]

# Of the outermost scope, as tensorflow/python/framework/ops.py has it (_VALID_SCOPE_NAME_REGEX).
_SCOPE_NAME: Final = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*")
_PATIENCE_S = 120.0  # for the child to load a net and run it a few dozen times


def measure_speed(
    folder: Path,
    engine: str,
    loaded: LoadedModel,
    answer: Answer,
    samples: Sequence[tuple[Array, ...]],
    images: Sequence[Array],
    max_ratio: float | None,
) -> SpeedReport:
    """Time `predict` on images, or `infer` on samples without them, against TensorFlow.

    Args:
        folder: The bundle's.
        engine: OpenCV's.
        loaded: The model.
        answer: Asks its tf.function, compiled already.
        samples: The model's inputs; those of `images`, where there are any.
        images: (H, W, 3) uint8 BGR.
        max_ratio: The user's limit.

    Raises:
        NetError: The process that runs OpenCV ended, or took too long.
    """
    arrays = {f"image/{i}": image for i, image in enumerate(images)} or {
        f"in/{i}/{k}": a for i, sample in enumerate(samples) for k, a in enumerate(sample)
    }
    with opencv_side(folder, engine, arrays) as (facts, ours):
        sides: dict[str, Side] = {OURS: ours, THEIRS: _timed(lambda i: answer(samples[i]))}
        if len(loaded.inputs) == 1 and _predicts(loaded.keras_model):
            sides[KERAS] = _timed(lambda i: _predict(loaded.keras_model, samples[i][0]))
        times = take_turns(sides, len(samples))
        cores = ours.cores
    threads = (int(facts["threads"]), thread_count())
    return SpeedReport(times, str(facts["engine"]), threads, loaded.batch, max_ratio, cores)


def _timed(run: Any) -> Side:
    def side(sample: int) -> float:
        started = time.perf_counter_ns()
        run(sample)
        return float(time.perf_counter_ns() - started)

    return side


def _predicts(model: Any) -> bool:
    """Whether `predict` runs: it opens a scope of the model's name, and "my model" is no scope."""
    return model is not None and _SCOPE_NAME.fullmatch(model.name) is not None


def _predict(model: Any, values: Array) -> Any:
    with on_cpu():
        return model.predict(values, batch_size=len(values), verbose=0)


@contextmanager
def opencv_side(
    folder: Path,
    engine: str,
    arrays: Mapping[str, Array],
    *,
    options: Mapping[str, Any] | None = None,
    more_s: float = 0.0,
) -> Iterator[tuple[dict[str, Any], _Asked]]:
    """Start the child; yield its description of itself, and the side that asks it.

    Args:
        folder: The bundle's.
        engine: OpenCV's.
        arrays: The samples, by their names in the child's file.
        options: More options of Predictor.
        more_s: How many seconds the child may live beyond a speed line.

    Raises:
        NetError: The child ended without an answer.
    """
    with temporary_folder() as place:
        inputs = Path(place, "inputs.npz")
        np.savez(inputs, **arrays)  # type: ignore[arg-type]
        child = subprocess.Popen(
            [
                *(sys.executable, "-m", "keras2cv_export.speed.child", folder, inputs, engine),
                json.dumps(dict(options or {})),
            ],
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        watchdog = threading.Timer(_PATIENCE_S + more_s, child.kill)
        watchdog.start()
        try:
            assert child.stdin is not None  # noqa: S101 - it is a pipe
            assert child.stdout is not None  # noqa: S101 - it is a pipe
            yield json.loads(_line(child.stdout)), _Asked(child.stdin, child.stdout)
        finally:
            watchdog.cancel()
            child.kill()
            child.communicate()


class _Asked:
    """The child as a side: a sample's number goes in, nanoseconds come out."""

    def __init__(self, asks: IO[str], answers: IO[str]) -> None:
        self._asks, self._answers = asks, answers
        self._wall_ns = self._used_ns = 0

    @property
    def cores(self) -> float:
        """How many cores it had on average; below 1 others were using them."""
        return self._used_ns / max(self._wall_ns, 1)

    def __call__(self, sample: int) -> float:
        """Have the child run a sample."""
        with suppress(BrokenPipeError):  # if it has ended, reading its answer reports that
            self._asks.write(f"{sample}\n")
            self._asks.flush()
        wall_ns, used_ns = map(int, _line(self._answers).split())
        self._wall_ns += wall_ns
        self._used_ns += used_ns
        return float(wall_ns)


def _line(answers: IO[str]) -> str:
    line = answers.readline()
    if not line:
        raise NetError(
            "The process that was to time OpenCV ended without an answer. Run `keras2cv selftest` "
            "to see why, or leave the speed out: --no-speed."
        )
    return line


def _environment() -> dict[str, str]:
    """Return the child's environment, in which it finds these very packages."""
    roots = [str(Path(str(p.__file__)).resolve().parents[1]) for p in (keras2cv, keras2cv_export)]
    inherited = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([*roots, inherited] if inherited else roots)
    return {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
