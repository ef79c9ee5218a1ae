"""Both sides of the speed line, ready to be timed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from keras2cv.bundle.leftovers import temporary_folder
from keras2cv.errors import Keras2cvError, NetError
from keras2cv.isolation import Conversation, Entry, Limits
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.model.reference import on_cpu, thread_count
from keras2cv_export.verifying.question import Answer

from .speed import KERAS, OURS, Side, SpeedReport, theirs_of, time_rounds

Array = np.ndarray[Any, Any]

# Of the outermost scope, as tensorflow/python/framework/ops.py has it (_VALID_SCOPE_NAME_REGEX).
_SCOPE_NAME: Final = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*")
_CHILD: Final = Entry("keras2cv_export.speed.child:answer", ("keras2cv", "keras2cv_export"))
_PATIENCE_S: Final = 120.0  # for the child to load a net and run it a few dozen times


def measure_speed(
    folder: Path,
    engine: str,
    loaded: LoadedModel,
    answer: Answer,
    samples: Sequence[tuple[Array, ...]],
    images: Sequence[Array],
    max_ratio: float | None,
    *,
    by_keras: bool = True,
) -> SpeedReport:
    """Time `predict` on images, or `infer` on samples without them, against the model's own side.

    Args:
        folder: The bundle's.
        engine: OpenCV's.
        loaded: The model.
        answer: Asks its tf.function, compiled already, or whoever answers for it.
        samples: The model's inputs; those of `images`, where there are any.
        images: (H, W, 3) uint8 BGR.
        max_ratio: The user's limit.
        by_keras: Also time `model.predict`, which compiles the model once more.

    Raises:
        NetError: The process that runs OpenCV ended, or took too long.
    """
    arrays = {f"image/{i}": image for i, image in enumerate(images)} or {
        f"in/{i}/{k}": a for i, sample in enumerate(samples) for k, a in enumerate(sample)
    }
    judge = loaded.judge_name
    theirs: dict[str, Side] = {theirs_of(judge): _timed(lambda i: answer(samples[i]))}
    if by_keras and len(loaded.inputs) == 1 and _predicts(loaded.keras_model):
        theirs[KERAS] = _timed(lambda i: _predict(loaded.keras_model, samples[i][0]))

    def compile_theirs() -> None:
        for side in theirs.values():
            side(0)

    with opencv_side(folder, engine, arrays, meanwhile=compile_theirs) as (settings, ours):
        times = time_rounds({OURS: ours, **theirs}, len(samples))
        cores = ours.cores
    threads = (int(settings["threads"]), thread_count() if loaded.judge is None else None)
    engine = str(settings["engine"])
    return SpeedReport(times, engine, threads, loaded.batch, max_ratio, cores, judge)


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
    meanwhile: Callable[[], None] = lambda: None,
) -> Iterator[tuple[dict[str, Any], _Asked]]:
    """Start the child; yield its settings, and the side that asks it.

    Args:
        folder: The bundle's.
        engine: OpenCV's.
        arrays: The samples, by their names in the child's file.
        options: More options of Predictor.
        more_s: How many seconds the child may live beyond a speed line.
        meanwhile: What this process does while the child loads the net.

    Raises:
        NetError: The child ended without an answer.
    """
    more = dict(options or {})
    with temporary_folder() as place:
        inputs = Path(place, "inputs.npz")
        np.savez(inputs, **arrays)  # type: ignore[arg-type]
        nets = more.pop("nets", 1)
        files = {"bundle": str(folder), "inputs": str(inputs)}
        opening = {**files, "engine": engine, "nets": nets, "options": more}
        with Conversation(_CHILD, Limits(_PATIENCE_S + more_s)) as child:
            side = _Asked(child, time.monotonic() + _PATIENCE_S + more_s)
            yield side.ask(opening, meanwhile), side


class _Asked:
    """The child as a side: a sample's number goes in, nanoseconds come out."""

    def __init__(self, child: Conversation, deadline: float) -> None:
        self._child, self._deadline = child, deadline
        self._wall_ns = self._used_ns = 0

    @property
    def cores(self) -> float:
        """How many cores it had on average; below 1 others were using them."""
        return self._used_ns / max(self._wall_ns, 1)

    def __call__(self, sample: int) -> float:
        """Have the child run a sample."""
        took = self.ask({"sample": sample})
        self._wall_ns += took["wall_ns"]
        self._used_ns += took["used_ns"]
        return float(took["wall_ns"])

    def ask(
        self, request: Mapping[str, Any], meanwhile: Callable[[], None] = lambda: None
    ) -> dict[str, Any]:
        """Return the child's reply, for which this process waits after it has done other things.

        Raises:
            NetError: The child ended, or took too long.
        """
        self._child.send(request)
        meanwhile()
        try:
            return self._child.reply(max(self._deadline - time.monotonic(), 0.0))
        except Keras2cvError as error:
            raise NetError(
                f"The process that was to time OpenCV ended without an answer: {error} "
                "Run `keras2cv selftest` to see why, or leave the speed out: --no-speed."
            ) from error
