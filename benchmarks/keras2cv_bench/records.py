"""The results of a benchmark as frozen records: raw durations, and all that is needed to read them.

    Record
    |-- host        Host              the machine, and its other load
    |-- subjects    SubjectRecord...  TensorFlow three ways, the bundle, its peers
    |-- timings     Timing...         a subject at a batch size: load, first run, memory, answers
    |   `-- blocks  Block...          raw durations of every run, block by block
    `-- missing     Missing...        the subjects that did not run, and why

Nothing is averaged or left out here. The strict codec of the bundles reads and writes it
(`keras2cv.schema.fields`), so that an old file is either understood in full or refused by name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from keras2cv.errors import InputError
from keras2cv.plain_files import read_plain
from keras2cv.schema.fields import SchemaError, decode, encode, parse_json

_MAX_BYTES: Final = 2**28  # of a baseline

SCHEMA: Final = 1
LEAD_IN: Final = 1  # runs at a block's start that find the caches as another subject left them

Stage = Literal["preprocessing", "forward", "postprocessing", "end to end"]
STAGES: Final[tuple[Stage, ...]] = ("preprocessing", "forward", "postprocessing", "end to end")


@dataclass(frozen=True, slots=True)
class Block:
    """Runs of one subject, one after the other; run i is the same sample in all three tuples.

    Attributes:
        preprocessing_ms: From pictures to the net's input; zeros where the bundle takes arrays.
        forward_ms: From that input, ready in the layout that the net takes, to NumPy outputs.
        postprocessing_ms: From those to the task's results.
        cores: How many cores the process kept busy meanwhile: CPU time over wall time.
    """

    preprocessing_ms: tuple[float, ...]
    forward_ms: tuple[float, ...]
    postprocessing_ms: tuple[float, ...]
    cores: float

    def __post_init__(self) -> None:
        counts = {len(self.preprocessing_ms), len(self.forward_ms), len(self.postprocessing_ms)}
        if len(counts) != 1 or counts <= {0}:
            raise SchemaError("forward_ms", f"every stage needs as many runs, got {sorted(counts)}")
        if not min(self.forward_ms) > 0:
            raise SchemaError("forward_ms", f"takes time, got {min(self.forward_ms)}")

    def steady(self, stage: Stage) -> tuple[float, ...]:
        """Return a stage's durations in milliseconds, without the lead-in if there is more."""
        runs = zip(self.preprocessing_ms, self.forward_ms, self.postprocessing_ms, strict=True)
        chosen = list(runs)[LEAD_IN if len(self.forward_ms) > LEAD_IN else 0 :]
        if stage == "end to end":
            return tuple(sum(run) for run in chosen)
        place = STAGES.index(stage)
        return tuple(run[place] for run in chosen)


@dataclass(frozen=True, slots=True)
class Answers:
    """Whether a subject answers as TensorFlow does; a fast wrong answer is not a result.

    Attributes:
        verdict: "reference" for TensorFlow's own; "unclear" where outputs carry too little
            information.
        error: max|got - TensorFlow| / max|TensorFlow|, the worst output; left out where it cannot
            be computed.
        reason: Why it is not the same, in a sentence.
    """

    verdict: Literal["reference", "same", "different", "unclear"]
    error: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """One subject at one batch size, in a process of its own.

    Attributes:
        subject: Its name.
        batch: Samples per run.
        about: The version, engine and threads that really ran.
        import_ms: Of the framework.
        load_ms: From the file to a net that is ready; imports excluded.
        first_ms: The first forward, which compiles, allocates and repacks.
        warm_up_runs: How many uncounted runs followed.
        peak_mb: Most memory that the process ever held, in 2**20 bytes; imports included.
        answers: Whether they are TensorFlow's.
        blocks: One per round; round i of all subjects of a batch was run in turn.
    """

    subject: str
    batch: int
    about: str
    import_ms: float
    load_ms: float
    first_ms: float
    warm_up_runs: int
    answers: Answers
    blocks: tuple[Block, ...]
    peak_mb: float | None = None

    def steady(self, stage: Stage) -> tuple[tuple[float, ...], ...]:
        """Return a stage's durations, block by block, in milliseconds per run."""
        return tuple(block.steady(stage) for block in self.blocks)

    @property
    def cores(self) -> float:
        """How many cores it kept busy on average."""
        return sum(block.cores for block in self.blocks) / max(len(self.blocks), 1)


@dataclass(frozen=True, slots=True)
class SubjectRecord:
    """A subject that ran: its name in this record, its title in tables, and its file's size."""

    name: str
    title: str
    file_mb: float | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """A subject that did not run, and why; `batch` is left out where that holds for all of them."""

    subject: str
    reason: str
    batch: int | None = None


@dataclass(frozen=True, slots=True)
class Host:
    """The machine.

    Attributes:
        cpu: The processor's name.
        cores: How many this process may use.
        memory_gb: In 2**30 bytes.
        system: Operating system and machine.
        governor: Name of the policy that sets the clock rate; left out where unknown.
        opencv_build: 12 hex digits of the sha256 of cv2.getBuildInformation().
        load_average: Of the last minute, before the start.
        others: Cores that other processes used while it was measured; left out where unknown.
        versions: Package -> version.
        vectors: The instruction sets that compute vectors, by commas; left out where unknown.
    """

    cpu: str
    cores: int
    system: str
    opencv_build: str
    versions: Mapping[str, str]
    memory_gb: float | None = None
    governor: str | None = None
    load_average: float | None = None
    others: float | None = None
    vectors: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A benchmark.

    Attributes:
        schema: Of this file.
        tool: The program that wrote it, with its version.
        when: UTC, ISO 8601.
        argv: The command line, for repeating it.
        bundle, sha256: The folder's name, and the hash of the net in it.
        model: The Keras model's file.
        task: The bundle's.
        takes: The kind of inputs: "pictures of 1280x720" or "arrays".
        threads: The number that every subject computes with.
    """

    schema: int
    tool: str
    when: str
    argv: tuple[str, ...]
    bundle: str
    sha256: str
    model: str
    task: str
    takes: str
    threads: int
    host: Host
    subjects: tuple[SubjectRecord, ...]
    timings: tuple[Timing, ...]
    missing: tuple[Missing, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.schema != SCHEMA:
            raise SchemaError("schema", f"must be {SCHEMA}, got {self.schema}")
        known = {subject.name for subject in self.subjects}
        for timing in self.timings:
            if timing.subject not in known:
                raise SchemaError("timings", f"{timing.subject!r} is none of the subjects")
        keys = [(timing.subject, timing.batch) for timing in self.timings]
        if len(set(keys)) != len(keys):
            raise SchemaError("timings", "a subject has two timings of one batch size")

    @property
    def batches(self) -> tuple[int, ...]:
        """The batch sizes, ascending."""
        return tuple(sorted({timing.batch for timing in self.timings}))

    def timing(self, subject: str, batch: int) -> Timing | None:
        """Return a subject's timing at a batch size, if it ran."""
        keyed = {(timing.subject, timing.batch): timing for timing in self.timings}
        return keyed.get((subject, batch))

    def title(self, subject: str) -> str:
        """Return a subject's title."""
        return next(s.title for s in self.subjects if s.name == subject)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        plain: dict[str, Any] = encode(self)
        return plain


def from_json(text: str) -> Record:
    """Parse a record.

    Raises:
        SchemaError: The text is no record, or one of another version.
    """
    return decode(Record, parse_json(text))


def read_record(path: Path) -> Record:
    """Read a file that `--json` wrote.

    Raises:
        InputError: It cannot be read, or is something else.
    """
    try:
        return from_json(read_plain(path, _MAX_BYTES).decode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path} cannot be read: {reason}. Check the path.") from error
    except SchemaError as error:
        raise InputError(
            f"{path} is no file of this version's `keras2cv bench --json`: {error}. "
            "Measure it again."
        ) from error


def to_json(record: Record) -> str:
    """Return the record as JSON, a timing's raw durations on as few lines as they fit."""
    return json.dumps(record.to_dict(), allow_nan=False) + "\n"
