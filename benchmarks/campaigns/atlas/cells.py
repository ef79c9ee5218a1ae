"""The cells of the atlas, one per case and column, and their counts by verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from campaigns.atlas.columns import Kind
from campaigns.atlas.store import VERDICTS, Record, Verdict
from campaigns.atlas.sweep import Listed


@dataclass(frozen=True, slots=True)
class Cell:
    """How a case did in a column: the worst of its batch sizes.

    Attributes:
        verdict: The outcome.
        error: The largest error of all batch sizes; None if one gave no number.
        reason: Why it is no pass.
        opencv: The `--opencv` that it takes; "" for the portable default.
    """

    verdict: Verdict
    error: float | None
    reason: str
    opencv: str


@dataclass(frozen=True, slots=True)
class Row:
    """A case with its cells, one per column."""

    case: str
    cells: tuple[Cell, ...]
    rewrites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """The cases of one module of the suite."""

    name: str
    about: str
    rows: tuple[Row, ...]

    @property
    def title(self) -> str:
        """The first part of `about`, as in "Pooling: windows and strides that do not divide"."""
        title, colon, _ = self.about.partition(":")
        return title if colon else self.name

    @property
    def details(self) -> str:
        """The rest of `about`."""
        return self.about.partition(":")[2].strip() or self.about

    def reasons(self, headings: Sequence[Heading]) -> dict[str, list[str]]:
        """Return every reason for not passing, with the places ("case on 4.6") that have it."""
        found: dict[str, list[str]] = {}
        for row in self.rows:
            for heading, cell in zip(headings, row.cells, strict=True):
                if cell.reason:
                    found.setdefault(cell.reason, []).append(f"{row.case} on {heading.name}")
        return found


@dataclass(frozen=True, slots=True)
class Heading:
    """A column as it is shown: whose export, and the versions that ran.

    Attributes:
        name: The column's.
        kind: The column's.
        runtime: "5.0.0" of OpenCV, or "onnxruntime 1.23.2".
        numpy: NumPy's version.
        python: Python's version.
    """

    name: str
    kind: Kind
    runtime: str
    numpy: str
    python: str


@dataclass(frozen=True, slots=True)
class Total:
    """How many cells of a column have each verdict."""

    heading: Heading
    counts: Mapping[Verdict, int]

    @property
    def cases(self) -> int:
        """All of them."""
        return sum(self.counts.values())

    def share(self, verdict: Verdict) -> float:
        """Return the part that has a verdict, 0 to 1."""
        return self.counts.get(verdict, 0) / self.cases if self.cases else 0.0


@dataclass(frozen=True, slots=True)
class Atlas:
    """Everything that the pages show.

    Attributes:
        headings: The columns.
        families: The rows, by family.
        date: Of the measurement, ISO 8601.
        command: The command that regenerates it.
        versions: Tool -> version.
        suite_size: How many cases the suite has; more than there are rows if a part was measured.
        mixed: Whether some results come from earlier sources, kept on request.
        batches: Which batch sizes of a case were measured.
    """

    headings: tuple[Heading, ...]
    families: tuple[Family, ...]
    date: str
    command: str
    versions: Mapping[str, str]
    suite_size: int
    mixed: bool = False
    batches: str = "all batch sizes"

    @property
    def rows(self) -> Iterator[Row]:
        """Every row of every family."""
        return (row for family in self.families for row in family.rows)

    @property
    def size(self) -> int:
        """How many cases were measured."""
        return sum(len(family.rows) for family in self.families)

    @property
    def totals(self) -> tuple[Total, ...]:
        """The counts of each column."""
        return tuple(
            Total(heading, Counter(row.cells[k].verdict for row in self.rows))
            for k, heading in enumerate(self.headings)
        )

    @property
    def rewrites(self) -> dict[str, int]:
        """Rewrite -> in how many cases it changed something, most first."""
        counts = Counter(name for row in self.rows for name in row.rewrites)
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def families_of(
    cases: Sequence[Listed],
    headings: Sequence[Heading],
    records: Mapping[tuple[str, str, int], Record],
) -> Iterator[Family]:
    """Yield the families with every case that was measured in all columns."""
    for name in dict.fromkeys(case.family for case in cases):
        members = [case for case in cases if case.family == name]
        rows = tuple(filter(None, (_row(case, headings, records) for case in members)))
        if rows:
            yield Family(name, members[0].about, rows)


def _row(
    case: Listed,
    headings: Sequence[Heading],
    records: Mapping[tuple[str, str, int], Record],
) -> Row | None:
    cells: list[Cell] = []
    rewrites: dict[str, None] = {}
    for heading in headings:
        found = [records.get((case.name, heading.name, batch)) for batch in case.batches]
        known = [record for record in found if record is not None]
        if len(known) < len(case.batches):
            return None
        cells.append(cell_of(known))
        rewrites |= dict.fromkeys(name for record in known for name in record.rewrites)
    return Row(case.name, tuple(cells), tuple(rewrites))


def cell_of(records: Sequence[Record]) -> Cell:
    """Return the worst of the batch sizes; its reason names the batch if another passed."""
    worst = max(records, key=lambda record: VERDICTS.index(record.verdict))
    errors = [record.error for record in records if record.error is not None]
    complete = len(errors) == len(records)
    reason = worst.reason
    if worst.verdict != "pass" and any(record.verdict == "pass" for record in records):
        reason = f"batch {worst.batch}: {reason}"
    opencv = next((record.opencv for record in records if record.opencv), "")
    return Cell(worst.verdict, max(errors) if complete else None, reason, opencv)
