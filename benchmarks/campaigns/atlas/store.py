"""Results on the disk, a JSON map per line, so that a sweep of hours can be resumed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from campaigns.atlas.columns import PLAIN
from keras2cv.errors import UsageError

Verdict = Literal["pass", "refused", "fails", "wrong", "crash"]

# From good to bad. "refused" is an error when exporting, before anything is written; "fails" is an
# error when loading or running; "wrong" gives no error at all; a crash ends the program.
VERDICTS: Final[tuple[Verdict, ...]] = ("pass", "refused", "fails", "wrong", "crash")

_RESULTS: Final = "results.jsonl"


@dataclass(frozen=True, slots=True)
class Record:
    """How one case did in one column at one batch size.

    Attributes:
        case: The conformance case's name.
        column: The column's name.
        batch: Samples per run.
        verdict: The outcome.
        error: max|got - Keras| / max|Keras|, the worst of all outputs and samples; None if there
            was no output, or another shape.
        reason: Why it is no pass, in a sentence; "" for a pass.
        opencv: The `--opencv` that the bundle was exported with; "" is the portable default.
        rewrites: The legalising passes that changed something.
    """

    case: str
    column: str
    batch: int
    verdict: Verdict
    error: float | None = None
    reason: str = ""
    opencv: str = ""
    rewrites: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an unknown verdict, or one without its reason."""
        if self.verdict not in VERDICTS:
            raise ValueError(f"{self.verdict!r} is not one of {', '.join(VERDICTS)}.")
        if (self.verdict == "pass") == bool(self.reason):
            raise ValueError(f"{self.verdict} with the reason {self.reason!r}: give either.")

    @property
    def key(self) -> tuple[str, str, int]:
        """Case, column and batch; a later record with the same key replaces it."""
        return self.case, self.column, self.batch


class Store:
    """The records of one sweep in a folder, all measured with the same sources.

    `stamp` identifies the sources and versions. Records with another stamp are removed, unless
    `keep` declares that the change does not matter. If only `sources`, our packages, differs, the
    records of Keras' own export stay.

    Raises:
        UsageError: The folder cannot be written.
    """

    def __init__(self, folder: Path, stamp: Mapping[str, str], *, keep: bool = False) -> None:
        self._path = folder / _RESULTS
        self.records: dict[tuple[str, str, int], Record] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            before, records = _read(self._path)
            self.outdated = before is not None and before != dict(stamp)
            if before is None or (self.outdated and not keep):
                self._path.write_text(json.dumps({"stamp": dict(stamp)}) + "\n", encoding="utf-8")
                records = _lasting(records, before or {}, stamp)
                self._append([json.dumps(asdict(record)) for record in records])
            elif not self._path.read_bytes().endswith(b"\n"):
                self._append([""])  # the last run was killed in the middle of a line
        except OSError as error:
            raise UsageError(f"{folder} cannot be written: {error.strerror}. Use -w.") from error
        self.records = {record.key: record for record in records}

    def add(self, records: Iterable[Record]) -> None:
        """Append records, at once on the disk."""
        for record in records:
            self._append([json.dumps(asdict(record))])
            self.records[record.key] = record

    def _append(self, lines: Iterable[str]) -> None:
        with self._path.open("a", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{line}\n" for line in lines)


def _lasting(
    records: Iterable[Record], before: Mapping[str, str], stamp: Mapping[str, str]
) -> list[Record]:
    """Select the records that a change of the stamp does not concern."""
    changed = {key for key in {*before, *stamp} if before.get(key) != stamp.get(key)}
    plain = [record for record in records if record.column.startswith(PLAIN)]
    return plain if changed == {"sources"} else []


def _read(path: Path) -> tuple[dict[str, str] | None, list[Record]]:
    """Return the stamp and the records; a last line that was cut off is dropped."""
    if not path.exists():
        return None, []
    stamp: dict[str, str] | None = None
    records: list[Record] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            entry: dict[str, Any] = json.loads(line)
        except ValueError:
            continue
        if "stamp" in entry:
            stamp = entry["stamp"]
        else:
            records.append(Record(**{**entry, "rewrites": tuple(entry["rewrites"])}))
    return stamp, records


def fingerprint(folders: Iterable[Path]) -> str:
    """Return one number for every source file in `folders`: 12 hex digits of a sha256."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
