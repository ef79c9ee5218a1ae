"""The outcomes so far, in a file with a line each, from which a campaign goes on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from .fault import Fault
from .trying import Outcome

_FIELDS = ("effect", "alone", "with_answers", "reason")


class Results:
    """Outcomes in memory, and in a file where there is one."""

    def __init__(self, path: Path | None, faults: Sequence[Fault]) -> None:
        """Read the outcomes of these faults; others in the file are left aside."""
        self._path, self._faults = path, {_key(fault): fault for fault in faults}
        self.outcomes: list[Outcome] = []
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                record = json.loads(line)
                if (fault := self._faults.get(record["fault"])) is not None:
                    self.outcomes.append(Outcome(fault, *(record[f] for f in _FIELDS)))

    def __contains__(self, fault: Fault) -> bool:
        """Whether the fault was tried."""
        return any(one.fault is fault for one in self.outcomes)

    def add(self, outcome: Outcome) -> None:
        """Keep an outcome."""
        self.outcomes.append(outcome)
        if self._path is not None:
            record = {"fault": _key(outcome.fault)} | {f: getattr(outcome, f) for f in _FIELDS}
            with self._path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(json.dumps(record) + "\n")

    def in_order(self) -> list[Outcome]:
        """Return the outcomes in the order of the faults."""
        places = {key: k for k, key in enumerate(self._faults)}
        return sorted(self.outcomes, key=lambda one: places[_key(one.fault)])


def _key(fault: Fault) -> str:
    return f"{fault.group}, {fault.name}"
