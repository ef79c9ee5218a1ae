"""One thing that a check found beside the outputs' numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keras2cv_export.parity.report import Verdict


@dataclass(frozen=True)
class CheckFinding:
    """A contradiction, a forgery, or something unlikely.

    Attributes:
        stage: Where it is: "preprocessing", "postprocessing", "before the net", "names",
            "self-test", "evidence".
        verdict: "fail", "inconclusive", or "pass" for what is only said.
        text: A sentence.
    """

    stage: str
    verdict: Verdict
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for `--json`."""
        return {"stage": self.stage, "verdict": self.verdict, "text": self.text}

    def __str__(self) -> str:
        """Show with its stage."""
        return f"{self.stage}: {self.text}"


@dataclass(frozen=True)
class Covered:
    """One part of the way from a file to an answer, and who is the reference for it.

    Attributes:
        name: The part.
        by: The reference; "" where only the bundle itself says it, so that nothing is compared.
        open: What of it only the bundle says.
    """

    name: str
    by: str
    open: tuple[str, ...] = ()

    @property
    def compared(self) -> bool:
        """Whether there is a reference."""
        return bool(self.by)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for `--json`."""
        return {
            "name": self.name,
            "compared": self.compared,
            "reference": self.by or None,
            "not_compared": list(self.open),
        }

    def __str__(self) -> str:
        """Return what is not compared; "" if everything is."""
        parts = f" ({', '.join(self.open)})" if self.open else ""
        if not self.compared:
            return f"{self.name}: not compared{parts}"
        return f"{self.name}: compared, but not its {', '.join(self.open)}" if self.open else ""
