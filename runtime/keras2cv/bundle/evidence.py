"""The manifest's sections on the proof: the engine, and how well each output was predicted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from keras2cv.schema.checks import check_range
from keras2cv.schema.fields import SchemaError
from keras2cv.schema.vocabulary import EngineName, RunEngine

MAX_RUNS: Final = 1000  # of the evidence, and of the versions in it


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine that was verified ("any": each one, OpenCV's choice), and its two options."""

    name: EngineName
    fusion: bool
    winograd: bool


@dataclass(frozen=True, slots=True)
class Measured:
    """The measured error of one output against TensorFlow's, and its limit."""

    name: str
    metric: str
    limit: float
    measured: float

    def __post_init__(self) -> None:
        if not 0 <= self.measured <= self.limit:
            raise SchemaError("measured", f"must be 0 to {self.limit:g}, got {self.measured:g}")


@dataclass(frozen=True, slots=True)
class Run:
    """One OpenCV (version and engine) on which every output was measured."""

    opencv: str
    engine: RunEngine
    outputs: tuple[Measured, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The proof of the bundle: the runs that passed, and the versions they were made with."""

    tolerance: str
    samples: int
    verdict: Literal["pass"]
    runs: tuple[Run, ...]
    versions: Mapping[str, str]

    def __post_init__(self) -> None:
        check_range("samples", self.samples, 1, 1_000_000)
        if not self.runs:
            raise SchemaError("runs", "must hold at least one run")
        check_range("runs (count)", len(self.runs), 1, MAX_RUNS)
        check_range("versions (count)", len(self.versions), 0, MAX_RUNS)
