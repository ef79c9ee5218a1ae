"""`evaluate --records FILE`: a line of JSON for each sample, from which `--resume` goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from keras2cv.cli.line_file import LineFile, is_record
from keras2cv.errors import InputError, UsageError
from keras2cv.schema.result_json import to_json

if TYPE_CHECKING:
    from keras2cv.bundle.manifest import Manifest
    from keras2cv.evaluation.labelled import LabelledData

_TASK: Final = "evaluate"


class RecordBook:
    """Records of samples: the first line names the bundle and the data."""

    def __init__(
        self,
        path: Path,
        *,
        resume: bool,
        manifest: Manifest,
        data: LabelledData,
        thresholds: tuple[float | None, float | None],
    ) -> None:
        """Open the file, emptied unless `resume`.

        Args:
            path: Of the file.
            resume: Whether to keep the records that it has.
            manifest: The bundle's.
            data: What is measured.
            thresholds: Score and IoU in place of the bundle's.

        Raises:
            InputError: it holds something else.
            UsageError: it cannot be written, or its records are of another bundle or data.
        """
        self._path = path
        self._head = {
            "source": "", "task": _TASK, "sha256": manifest.model.sha256, "data": data.place,
            "settings": _settings(manifest, data, thresholds),
        }  # fmt: skip
        self._lines = LineFile(path, append=resume)
        try:
            self.known, size = self._scan() if resume else (frozenset(), 0)
            self._lines.cut(size)
            if not size:
                self._lines.write(to_json(self._head))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._lines.__exit__(None, None, None)

    def write(self, name: str, record: Mapping[str, Any]) -> None:
        """Append the record of a sample.

        Raises:
            UsageError: the file cannot be written.
        """
        self._lines.write(to_json({"source": name, **record}))

    def earlier(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield (name, record) of every sample that is in the file already."""
        if self.known:
            for _, record in self._records():
                if record["source"] in self.known:
                    yield record["source"], record

    def _scan(self) -> tuple[frozenset[str], int]:
        """Return the names, and the size of the whole lines."""
        names, size, is_first = set(), 0, True
        for line, record in self._records():
            if is_first and record != self._head:
                raise UsageError(
                    f"{self._path} has the records of another bundle or other data, or by other "
                    "classes or thresholds. Name another file, or leave out --resume to begin anew."
                )
            if not is_first:
                names.add(record["source"])
            is_first = False
            size += len(line)
        return frozenset(names), size

    def _records(self) -> Iterator[tuple[bytes, dict[str, Any]]]:
        for number, (line, record) in enumerate(self._lines.whole_lines(), 1):
            if not is_record(record):
                raise InputError(
                    f"{self._path}, line {number} is no record of `keras2cv evaluate`. Name "
                    "another file, or leave out --resume to begin anew."
                )
            yield line, record


def _settings(
    manifest: Manifest, data: LabelledData, thresholds: tuple[float | None, float | None]
) -> str:
    """Return a mark of all that answers and numbers of classes depend on, past net and files."""
    found = [manifest.to_json(), data.form, data.classes, data.points, thresholds]
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()[:16]
