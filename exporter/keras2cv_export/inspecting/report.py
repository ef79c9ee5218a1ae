"""The result of an inspection: the nodes that a target cannot run, and the graph's ops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keras2cv.errors import UnsupportedError
from keras2cv_export.targets.importer_support import Unsupported
from keras2cv_export.verifying.trial import Trial


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of node in one Keras layer that some targets cannot run.

    Attributes:
        problem: The op, the layer, the reason, and advice.
        count: How many such nodes there are.
        targets: The targets that cannot run it: "4.6", "5.0 classic".
    """

    problem: Unsupported
    count: int
    targets: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        p = self.problem
        words = {"op": p.op, "layer": p.layer, "why": p.why, "hint": p.hint}
        return {**words, "count": self.count, "targets": list(self.targets)}


@dataclass(frozen=True, slots=True)
class Inspection:
    """The result for one model.

    Attributes:
        name: The file's or folder's.
        targets: Every inspected target, in the user's order.
        findings: Nodes that are known to be unsupported, in graph order.
        trials: The outcome in each OpenCV that was tried.
        ops: Op -> how many of it, most first.
        transposes: How many Transposes of computed values; each copies its tensor.
        notes: Sentences for the user.
    """

    name: str
    targets: tuple[str, ...]
    findings: tuple[Finding, ...]
    trials: tuple[Trial, ...]
    ops: Mapping[str, int]
    transposes: int
    notes: tuple[str, ...] = ()

    def unsupported(self, target: str) -> int:
        """Return how many nodes a target is known not to run."""
        return sum(finding.count for finding in self.findings if target in finding.targets)

    @property
    def failures(self) -> tuple[Trial, ...]:
        """The trials that went wrong on a requested target."""
        return tuple(t for t in self.trials if t.problem and _asked(t, self.targets))

    @property
    def exit_code(self) -> int:
        """Return 1 if anything is unsupported on a target, otherwise 0."""
        return UnsupportedError.exit_code if self.findings or self.failures else 0

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "name": self.name,
            "supported": self.exit_code == 0,
            "targets": {target: self.unsupported(target) for target in self.targets},
            "findings": [finding.to_dict() for finding in self.findings],
            "trials": [trial.to_dict() for trial in self.trials],
            "ops": dict(self.ops),
            "transposes": self.transposes,
            "notes": list(self.notes),
        }


def _asked(trial: Trial, targets: tuple[str, ...]) -> bool:
    """Whether a trial's OpenCV and engine are among the targets: 5.0.0 is one of 5.0."""
    for target in targets:
        version, _, engine = target.partition(" ")
        if f"{trial.opencv}.".startswith(f"{version}.") and engine in ("", trial.engine):
            return True
    return False
