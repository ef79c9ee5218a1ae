"""`tuned.json`: what `keras2cv tune` measured, on each machine that it ran on.

It is no part of what was verified: whatever it says, it chooses among a bundle's own files, its
verified engines and a bounded number of threads, and a choice that does not fit is not followed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from keras2cv.bundle.tuned import Rate, Trial, Tuned
from keras2cv.schema.checks import check_range, check_sha256
from keras2cv.schema.fields import SchemaError, decode, encode, format_json, parse_json

SIDE_FILE: Final = "tuned.json"
MAX_SIDE_BYTES: Final = 2**20
MAX_MACHINES: Final = 32
_SCHEMA: Final = 1


@dataclass(frozen=True, slots=True)
class LocalTuning:
    """What was measured on one machine, and what that machine is.

    `net` is the sha256 of the bundle's files of the net and their engines, `build` that of OpenCV's
    build information, `files[i]` the file of `tuned.trials[i]`.
    """

    net: str
    build: str
    system: str
    features: str
    files: tuple[str, ...]
    tuned: Tuned

    def __post_init__(self) -> None:
        check_sha256("net", self.net)
        check_sha256("build", self.build)
        if len(self.files) != len(self.tuned.trials):
            raise SchemaError("files", f"must be one for each trial, got {len(self.files)}")

    @property
    def file(self) -> str:
        """The file of the chosen trial."""
        return self.files[self.tuned.chosen]

    @property
    def choice(self) -> Trial:
        """The trial that was chosen."""
        return self.tuned.choice

    @property
    def rate(self) -> Rate | None:
        """The fastest rate for many samples; None: it was not measured."""
        return self.tuned.fastest

    @property
    def machine(self) -> tuple[str, ...]:
        """What tells this machine from others; its number of cores is left out."""
        tuned = self.tuned
        return (self.build, self.system, self.features, tuned.opencv, tuned.machine)

    def __str__(self) -> str:
        return f"{self.choice}, {self.file}"


@dataclass(frozen=True, slots=True)
class _SideFile:
    """The whole file; `sha256` is that of the records, against accidents."""

    schema: int
    sha256: str
    machines: tuple[LocalTuning, ...]

    def __post_init__(self) -> None:
        check_range("schema", self.schema, _SCHEMA, _SCHEMA)
        check_range("machines (count)", len(self.machines), 0, MAX_MACHINES)
        if self.sha256 != _digest(self.machines):
            raise SchemaError("sha256", "is not that of the records: the file was changed")


def parse_side_file(data: bytes) -> tuple[LocalTuning, ...]:
    """Return the records of a `tuned.json`, the latest last.

    Raises:
        SchemaError: It is none, or was changed.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SchemaError("(root)", f"is not UTF-8: {error.reason}") from error
    return decode(_SideFile, parse_json(text)).machines


def format_side_file(records: Sequence[LocalTuning]) -> bytes:
    """Return a `tuned.json` of the last `MAX_MACHINES` records."""
    kept = tuple(records[-MAX_MACHINES:])
    return format_json(encode(_SideFile(_SCHEMA, _digest(kept), kept))).encode("utf-8")


def _digest(records: Sequence[LocalTuning]) -> str:
    return hashlib.sha256(format_json({"machines": encode(records)}).encode("utf-8")).hexdigest()
