"""The bundle's answers to all samples beside the reference's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keras2cv_export.parity.report import Verdict
from keras2cv_export.tasks.answer_match import AnswerMatch


@dataclass(frozen=True)
class AnswersReport:
    """How many of the bundle's answers are the reference's.

    Attributes:
        reference: Who answers on the other side.
        names: Of the samples.
        matches: One for each.
        labels: Whether the reference names classes, so that the labels are compared.
    """

    reference: str
    names: tuple[str, ...]
    matches: tuple[AnswerMatch, ...]
    labels: bool = False

    @property
    def same(self) -> int:
        """How many answers are the same; a near-tie is not."""
        return sum(not match.difference for match in self.matches)

    @property
    def near_ties(self) -> int:
        """How many answers differ by rounding alone."""
        return sum(bool(match.difference) and match.near_tie for match in self.matches)

    @property
    def changed(self) -> tuple[tuple[str, str], ...]:
        """(sample, difference) of all answers that differ by more than rounding."""
        pairs = zip(self.names, self.matches, strict=True)
        return tuple((name, match.difference) for name, match in pairs if match.changed)

    @property
    def verdict(self) -> Verdict:
        """A fail if any answer differs; inconclusive if all are near-ties."""
        if self.changed or not self.matches:
            return "fail"
        return "pass" if self.same else "inconclusive"

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is no pass; the first changed picture is named."""
        if self.changed:
            name, difference = self.changed[0]
            more = len(self.changed) - 1
            others = f", and {more} more differ ({self._named()})" if more else ""
            return (f"answers: in {name}, {difference}{others}.",)
        if self.verdict == "inconclusive":
            return ("answers: every one is a near-tie, which rounding may decide either way.",)
        return ()

    def _named(self) -> str:
        names = [name for name, _ in self.changed[1:4]]
        return ", ".join(names) + (", ..." if len(self.changed) > 4 else "")

    def __str__(self) -> str:
        """Return the comparison as a line."""
        ties = f", {self.near_ties} near-ties" if self.near_ties else ""
        count = len(self.matches)
        return f"{self.same} of {count} answers are the same as by {self.reference}{ties}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for `--json`."""
        return {
            "verdict": self.verdict,
            "reference": self.reference,
            "samples": len(self.matches),
            "same": self.same,
            "near_ties": self.near_ties,
            "changed": [{"sample": name, "difference": text} for name, text in self.changed],
            "reasons": list(self.reasons),
        }
