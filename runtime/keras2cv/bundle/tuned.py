"""The manifest's section on speed: the ways to run the net, measured, and the fastest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from keras2cv.schema.checks import check_range, check_unique
from keras2cv.schema.fields import SchemaError
from keras2cv.schema.vocabulary import RunEngine

MAX_REWRITES: Final = 100
MAX_NETS: Final = 64  # at a time: each holds the weights


@dataclass(frozen=True, slots=True)
class Trial:
    """One way to run the net, and how long that took: `ratio` of the first trial's time.

    `high` is the upper end of the ratio's 95 % interval. `refused` is the reason why it was not
    timed. `rewrites` are the optional rewrites of its file; the file of the chosen trial ships.
    """

    engine: RunEngine
    threads: int
    fusion: bool
    winograd: bool
    median_ms: float | None = None
    ratio: float | None = None
    high: float | None = None
    refused: str | None = None
    rewrites: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        check_range("threads", self.threads, 1, 65_536)
        _check_rewrites(self.rewrites or ())
        _check_times("median_ms", (self.median_ms, self.ratio, self.high), self.refused)

    def __str__(self) -> str:
        off = [name for name in ("fusion", "winograd") if not getattr(self, name)]
        without = f", without {' and '.join(off)}" if off else ""
        plural = "" if self.threads == 1 else "s"
        return f"{self.engine} engine, {self.threads} thread{plural}{without}"


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast many samples are answered: by so many nets at a time, with so many in a run.

    `sample_ms` is the time divided by the samples, `ratio` that of the first rate's; `high` and
    `refused` are as in `Trial`.
    """

    nets: int
    threads: int
    batch: int
    sample_ms: float | None = None
    ratio: float | None = None
    high: float | None = None
    refused: str | None = None

    def __post_init__(self) -> None:
        check_range("nets", self.nets, 1, MAX_NETS)
        check_range("threads", self.threads, 1, 65_536)
        check_range("batch", self.batch, 1, 65_536)
        _check_times("sample_ms", (self.sample_ms, self.ratio, self.high), self.refused)

    def __str__(self) -> str:
        nets, threads = ("" if n == 1 else "s" for n in (self.nets, self.threads))
        return (
            f"{self.nets} net{nets} on {self.threads} thread{threads}, "
            f"{self.batch} sample{'' if self.batch == 1 else 's'} a run"
        )


@dataclass(frozen=True, slots=True)
class Tuned:
    """The measurements of `export --tune`, and the number of the trial that it chose.

    It holds for that OpenCV on that many processor cores. The first trial uses OpenCV's defaults.
    `rates` are for many samples, with the chosen trial's settings, the first one with the bundle's
    own batch; `rate` is the number of the fastest.
    """

    opencv: str
    machine: str
    cores: int
    chosen: int
    trials: tuple[Trial, ...]
    rates: tuple[Rate, ...] | None = None
    rate: int | None = None

    def __post_init__(self) -> None:
        check_range("cores", self.cores, 1, 65_536)
        check_range("trials (count)", len(self.trials), 1, 1000)
        check_range("chosen", self.chosen, 0, len(self.trials) - 1)
        if self.choice.ratio is None:
            raise SchemaError("chosen", "must be a trial that was timed")
        if (self.rates is None) != (self.rate is None):
            raise SchemaError("rate", "belongs to rates, and they to it")
        if self.rates is not None and self.rate is not None:
            check_range("rates (count)", len(self.rates), 1, 1000)
            check_range("rate", self.rate, 0, len(self.rates) - 1)
            if self.rates[self.rate].ratio is None:
                raise SchemaError("rate", "must be one that was timed")

    @property
    def fastest(self) -> Rate | None:
        """The fastest rate for many samples; None: it was not measured."""
        return None if self.rates is None or self.rate is None else self.rates[self.rate]

    @property
    def choice(self) -> Trial:
        """The trial that was chosen."""
        return self.trials[self.chosen]


def _check_times(key: str, times: tuple[float | None, ...], refused: str | None) -> None:
    if any(time is not None and time <= 0 for time in times):
        raise SchemaError(key, f"times must be positive, got {times}")
    if refused is not None and any(time is not None for time in times):
        raise SchemaError("refused", "belongs to a trial that was not timed")


def _check_rewrites(names: tuple[str, ...]) -> None:
    check_range("rewrites (count)", len(names), 0, MAX_REWRITES)
    check_unique("rewrites", "name", list(names))
    for name in names:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name):
            raise SchemaError("rewrites", f"must be names of rewrites, got {name[:80]!r}")
