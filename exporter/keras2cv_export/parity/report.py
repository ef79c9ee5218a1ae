"""The result of a comparison: a verdict per output and overall, with every number behind it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any, Final, Literal

from .exactness import TENSORFLOW, Distances
from .metrics import Metrics, Worst
from .power import power_of
from .scores import Ranking
from .tolerance import Tolerance

Verdict = Literal["pass", "fail", "inconclusive"]

SCHEMA = 1
EXIT_CODES: Mapping[Verdict, int] = MappingProxyType({"pass": 0, "fail": 1, "inconclusive": 4})
_FROM_BEST: Final[tuple[Verdict, ...]] = ("pass", "inconclusive", "fail")


def worst_verdict(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict on several things together."""
    return max(verdicts, key=_FROM_BEST.index)


def worst_report(reports: Iterable[ParityReport]) -> ParityReport:
    """Return the report with the worst verdict, the first of several."""
    return max(reports, key=lambda report: _FROM_BEST.index(report.verdict))


@dataclass(frozen=True)
class Check:
    """One number against its limit.

    Attributes:
        metric: The name of the number, such as "max_abs/max_ref".
        limit: The most it may be.
        measured: Its value.
        needed: The VALUE with which `--tolerance OUTPUT:VALUE` would let it pass.
    """

    metric: str
    limit: float
    measured: float
    needed: float

    @property
    def passed(self) -> bool:
        """Whether the measured value keeps the limit; a NaN does not."""
        return self.measured <= self.limit

    @property
    def strain(self) -> float:
        """How much of the limit is used up: 1 is all of it."""
        return self.measured / self.limit if self.limit > 0.0 else math.inf * self.measured


@dataclass(frozen=True)
class OutputParity:
    """The comparison of one output.

    Attributes:
        name: Keras' name.
        verdict: "pass", "fail" or "inconclusive".
        reasons: Why it is not "pass", and what may explain it; a passing output has none.
        checks: Every number that has a limit; empty where nothing could be compared.
        metrics: All other measurements of a floating-point output.
        top1: Agreement on the first class, where the output is known to hold class scores.
        top5: The same for the first five, from six classes up.
        near_ties: Integer elements that differ where the scores behind them hardly do.
        worst: The element furthest off.
        nonfinite_reference: NaN and infinite elements of TensorFlow's output.
        nonfinite_candidate: NaN and infinite elements of OpenCV's output.
        exact: Both sides' distances to the exact answer, where float32's limit was exceeded.
    """

    name: str
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    metrics: Metrics | None = None
    top1: Ranking | None = None
    top5: Ranking | None = None
    near_ties: int = 0
    worst: Worst | None = None
    nonfinite_reference: int = 0
    nonfinite_candidate: int = 0
    exact: Distances | None = None

    def __post_init__(self) -> None:
        if (self.verdict == "pass") == bool(self.reasons):
            raise ValueError(f"{self.name}: every verdict but a pass has reasons.")
        passed = bool(self.checks) and all(check.passed for check in self.checks)
        if self.verdict == "pass" and not passed:
            raise ValueError(f"{self.name}: a pass needs checks, and all of them passed.")

    @property
    def tightest(self) -> Check | None:
        """The check nearest to, or furthest beyond, its limit."""
        return max(self.checks, key=lambda check: check.strain, default=None)

    @property
    def needed(self) -> float | None:
        """The VALUE with which `--tolerance OUTPUT:VALUE` would let every check pass."""
        return max((check.needed for check in self.checks), default=None)


@dataclass(frozen=True)
class ParityReport:
    """The comparison of all outputs over all samples.

    Attributes:
        verdict: "fail" if anything fails, else "inconclusive" if anything is, else "pass".
        outputs: One per output, in the reference's order; those only the candidate has come last.
        reasons: Why the verdict is not "pass", those of the outputs included.
        samples: How many were compared.
        tolerance: The tolerance of the comparison.
        stress: What was compared besides them that the model was not made for, such as "black".
        judge: Who gave the reference's outputs.
    """

    verdict: Verdict
    outputs: tuple[OutputParity, ...]
    reasons: tuple[str, ...]
    samples: int
    tolerance: Tolerance
    stress: tuple[str, ...] = ()
    judge: str = TENSORFLOW

    def __post_init__(self) -> None:
        if (self.verdict == "pass") == bool(self.reasons):
            raise ValueError("Every verdict but a pass has reasons.")
        passed = self.samples > 0 and {output.verdict for output in self.outputs} == {"pass"}
        if self.verdict == "pass" and not passed:
            raise ValueError("A pass needs samples and outputs, and all outputs passed.")

    def with_failures(self, reasons: tuple[str, ...]) -> ParityReport:
        """Return this report, failed for more reasons, such as those of `unrepeatable`, if any."""
        if not reasons:
            return self
        return replace(self, verdict="fail", reasons=self.reasons + reasons)

    @property
    def lost(self) -> bool:
        """Whether the judge's float32 is too far off on too many samples: others may tell more."""
        return self.verdict == "inconclusive" and any(
            o.exact is not None and sum(k < self.samples for k in o.exact.silent) > self.samples - 3
            for o in self.outputs
        )

    @property
    def exit_code(self) -> int:
        """The process' exit code for this verdict: 0, 1, or 4 for inconclusive."""
        return EXIT_CODES[self.verdict]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-able values; unknowns are left out, NaN is the string "nan"."""
        return {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "reference": self.judge,
            "samples": self.samples,
            "stress": list(self.stress),
            "power": power_of(self.samples),
            "tolerance": str(self.tolerance),
            "reasons": list(self.reasons),
            "outputs": [_output_dict(output) for output in self.outputs],
        }


def _output_dict(output: OutputParity) -> dict[str, Any]:
    values = asdict(output)
    if output.needed is not None:
        values["needed"] = output.needed
    plain = _jsonable(values)
    assert isinstance(plain, dict)  # noqa: S101 - tells mypy; a dict stays one
    return plain


def _jsonable(value: object) -> object:
    if isinstance(value, dict):
        return {key: _jsonable(item) for key, item in value.items() if item is not None}
    if isinstance(value, (tuple, list)):
        return [_jsonable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
