"""The result of a matrix: a row per OpenCV and engine."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from keras2cv.errors import MissingDependency, VerdictError

Verdict = Literal["pass", "fail", "missing"]


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """The self-test of a bundle on one engine of one OpenCV.

    Attributes:
        asked: The version that the user asked for, "4.6".
        wheel: The wheel of that version, "4.6.0.66"; None if there is none.
        opencv: The version that cv2 gives, "4.6.0"; None if it never imported.
        numpy: NumPy's version beside it.
        engine: "new" or "classic"; an OpenCV before 5.0 has the classic one alone.
        verdict: "pass", "fail", or "missing" if there is no environment to run it in.
        required: Whether the bundle claims to run there: one verified for the new engine alone
            may well fail on the classic one.
        seconds: How long the self-test took, Python's own start included; None if it did not run.
        measured: max|got - expected| / max|expected| of the comparison nearest to its limit.
        limit: The allowed value there.
        problem: The fault, in a sentence; None for a pass.
    """

    asked: str
    wheel: str | None
    opencv: str | None
    numpy: str | None
    engine: str
    verdict: Verdict
    required: bool = True
    seconds: float | None = None
    measured: float | None = None
    limit: float | None = None
    problem: str | None = None

    def __post_init__(self) -> None:
        """Refuse a verdict without its reason."""
        if (self.verdict == "pass") == bool(self.problem):
            raise ValueError(f"{self.verdict} with problem {self.problem!r}: give either.")

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types, without missing values."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True)
class MatrixReport:
    """Every row, in the order of the versions asked for."""

    bundle: Path
    rows: tuple[MatrixRow, ...]

    def __post_init__(self) -> None:
        """Refuse an empty matrix: it would be a pass of nothing."""
        if not self.rows:
            raise ValueError("A matrix has at least one row.")

    @property
    def verdict(self) -> Verdict:
        """Fail if a row that counts failed, otherwise missing if one was not there to run in."""
        counted = {row.verdict for row in self.rows if row.required}
        if "fail" in counted:
            return "fail"
        return "missing" if "missing" in counted or not counted else "pass"

    @property
    def exit_code(self) -> int:
        """Return 0, 1 for a failure, or 3 for an environment that could not be made."""
        codes = {"pass": 0, "fail": VerdictError.exit_code, "missing": MissingDependency.exit_code}
        return codes[self.verdict]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        rows = [row.to_dict() for row in self.rows]
        return {"bundle": str(self.bundle), "verdict": self.verdict, "rows": rows}
