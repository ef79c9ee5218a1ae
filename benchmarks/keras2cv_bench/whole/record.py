"""What was measured from file to answer: raw samples, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

import numpy as np

from keras2cv.schema.fields import SchemaError
from keras2cv.tuning.interleave import Comparison, compare_blocks
from keras2cv_bench.records import Answers, Host, Missing

from .subjects import BUNDLE
from .task import STAGES

SCHEMA: Final = 1

Block = Mapping[str, tuple[float, ...]]
"""Stage -> the milliseconds of each picture."""


@dataclass(frozen=True)
class Many:
    """All files answered once: how many, by the clock, and by all cores together."""

    count: int
    wall_s: float
    cpu_s: float

    @property
    def per_s(self) -> float:
        """Images a second."""
        return self.count / self.wall_s

    @property
    def per_core_s(self) -> float:
        """Images for a second of a core's work."""
        return self.count / max(self.cpu_s, 1e-9)


@dataclass(frozen=True)
class WayRecord:
    """A way's measurements.

    Attributes:
        name: In `subjects.WAYS`.
        title: In tables.
        about: The versions and threads that really ran.
        answers: Whether they are those of the tutorials' loop.
        starts_s: From starting a process to its first answer, of each fresh process.
        blocks: Of pictures answered one by one, in turns with the others; none for a way that
            takes many files alone.
        many: All files answered, once in each round.
        peak_mb: The most memory that the process ever held.
        installed_mb: Of all that must be installed.
        file_mb: Of the model or bundle.
    """

    name: str
    title: str
    about: str
    answers: Answers
    starts_s: tuple[float, ...]
    blocks: tuple[Block, ...]
    many: tuple[Many, ...]
    peak_mb: float | None
    installed_mb: float
    file_mb: float

    @property
    def totals_ms(self) -> tuple[tuple[float, ...], ...]:
        """The milliseconds of each picture, block by block."""
        return tuple(
            tuple(sum(run) for run in zip(*(block[stage] for stage in STAGES), strict=True))
            for block in self.blocks
        )

    def quantile_ms(self, share: float) -> float | None:
        """Return a quantile of the pictures' times; None for a way that takes many files alone."""
        runs = [took for block in self.totals_ms for took in block]
        return float(np.quantile(runs, share)) if runs else None

    def stage_ms(self, stage: str) -> float | None:
        """Return a stage's median."""
        runs = [took for block in self.blocks for took in block[stage]]
        return float(np.median(runs)) if runs else None


@dataclass(frozen=True)
class WholeRecord:
    """A benchmark from file to answer.

    Attributes:
        tool: The program that wrote it, with its version.
        when: UTC, ISO 8601.
        argv: The command line.
        bundle, sha256: The folder's name, and the hash of its net.
        model: The Keras model's file.
        source: The files, in words.
        threads: Of every way.
        host: The machine.
        ways: Those that ran.
        missing: Those that did not, and why.
    """

    tool: str
    when: str
    argv: tuple[str, ...]
    bundle: str
    sha256: str
    model: str
    source: str
    threads: int
    host: Host
    ways: tuple[WayRecord, ...]
    missing: tuple[Missing, ...]

    def way(self, name: str) -> WayRecord | None:
        """Return a way, if it ran."""
        return next((way for way in self.ways if way.name == name), None)

    def one_by_one(self, theirs: WayRecord) -> Comparison | None:
        """Compare this bundle's time for a picture with another way's."""
        ours = self.way(BUNDLE)
        if ours is None or not ours.blocks or not theirs.blocks:
            return None
        return compare_blocks(ours.totals_ms, theirs.totals_ms)

    def of_many(self, theirs: WayRecord) -> Comparison | None:
        """Compare this bundle's time for all files with another way's."""
        ours = self.way(BUNDLE)
        if ours is None or not ours.many or not theirs.many:
            return None
        mine, other = ([[one.wall_s / one.count] for one in w.many] for w in (ours, theirs))
        return compare_blocks(mine, other)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> WholeRecord:
        """Read the types of `to_dict`, whose ratios follow from the samples.

        Raises:
            SchemaError: It is of another version.
        """
        if plain.get("schema") != SCHEMA:
            raise SchemaError("schema", f"must be {SCHEMA}, got {plain.get('schema')}")
        parts: dict[str, Any] = {
            "argv": tuple(plain["argv"]),
            "host": Host(**plain["host"]),
            "ways": tuple(_way_of(way) for way in plain["ways"]),
            "missing": tuple(Missing(**one) for one in plain["missing"]),
        }
        names = [field.name for field in fields(cls) if field.name not in parts]
        return cls(**{name: plain[name] for name in names}, **parts)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types, raw samples and the ratios that follow from them."""
        ratios = {
            way.name: {
                key: None if found is None else [found.ratio, found.low, found.high]
                for key, found in (
                    ("one_by_one", self.one_by_one(way)),
                    ("many", self.of_many(way)),
                )
            }
            for way in self.ways
            if way.name != BUNDLE
        }
        plain = {**asdict(self), "ways": [asdict(way) for way in self.ways]}
        return {"schema": SCHEMA, **plain, "our_time_over_theirs_with_95_percent": ratios}


def _way_of(plain: Mapping[str, Any]) -> WayRecord:
    parts: dict[str, Any] = {
        "answers": Answers(**plain["answers"]),
        "starts_s": tuple(plain["starts_s"]),
        "blocks": tuple({k: tuple(v) for k, v in block.items()} for block in plain["blocks"]),
        "many": tuple(Many(**one) for one in plain["many"]),
    }
    return WayRecord(**{**plain, **parts})
