"""The settings to try, and which of those that were timed is chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final, cast

from keras2cv.bundle.manifest import Rate, Trial
from keras2cv.errors import NetError
from keras2cv.schema.vocabulary import RunEngine
from keras2cv.streams.several_nets import MAX_MODEL_BYTES, MAX_NETS

Attempt = Callable[[Rate], Rate]

BATCHES: Final = (1, 2, 4, 8)
MIN_GAIN: Final = 0.97  # of the default's time; a smaller gain is not worth a change of settings


def candidates(engines: Sequence[str], threads: int) -> list[Trial]:
    """Return the settings to try, OpenCV's own first.

    Args:
        engines: Those that passed, the preferred one first.
        threads: How many OpenCV uses by itself.
    """
    counts = [threads, *(n for k in range(8) if (n := 2**k) < threads)]
    return [
        Trial(cast("RunEngine", engine), count, fusion, winograd)
        for engine in engines
        for count in counts
        for fusion, winograd in _options(engine, alone=count == threads)
    ]


def _options(engine: str, *, alone: bool) -> Iterator[tuple[bool, bool]]:
    """Yield (fusion, winograd): only the classic engine lets either be switched off.

    Once is enough (`alone`): their gain or cost does not depend on the number of threads.
    """
    yield True, True
    if engine == "classic" and alone:
        yield True, False
        yield False, True


def try_throughputs(own: Rate, threads: int, model_bytes: int, attempt: Attempt) -> list[Rate]:
    """Try other batches on one net, then more nets with the best of them; the own one is first.

    Args:
        own: One net with the bundle's own batch.
        threads: How many all nets share.
        model_bytes: The size of the model, which limits the number of nets.
        attempt: Judges and times one setting.

    Raises:
        NetError: The own batch cannot be timed.
    """
    found = [attempt(own)]
    if found[0].ratio is None:
        raise NetError(found[0].refused)
    found += [attempt(replace(own, batch=n)) for n in BATCHES if n != own.batch]
    best = found[chosen(found)]
    limit = min(threads, MAX_NETS, max(1, MAX_MODEL_BYTES // model_bytes))
    counts = [2**k for k in range(1, limit.bit_length()) if 2**k <= limit]
    return found + [attempt(Rate(n, threads // n, best.batch)) for n in counts]


def chosen(trials: Sequence[Trial | Rate]) -> int:
    """Return the number of the fastest trial that is surely faster than the first, or 0."""
    gains = {
        number: trial.ratio
        for number, trial in enumerate(trials)
        if trial.ratio is not None
        and trial.high is not None
        and trial.ratio <= MIN_GAIN
        and trial.high < 1
    }
    return min(gains, key=lambda number: gains[number], default=0)
