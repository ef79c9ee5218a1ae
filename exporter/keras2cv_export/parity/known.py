"""What is known about an output beyond its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from .exactness import TENSORFLOW, ExactAnswer, NearAnswers
from .metrics import Array
from .report import Verdict
from .tolerance import Limits


@dataclass(frozen=True)
class Behind:
    """The reference's scores of which an integer output is the argmax.

    Attributes:
        scores: (samples, *output shape, classes), float64.
        allowed: Absolute error that these scores may have.
    """

    scores: Array
    allowed: float


@dataclass(frozen=True)
class Known:
    """Knowledge about an output beyond its numbers; see `parity.compare`.

    Attributes:
        limits: The limits.
        score: The kind of scores that it holds.
        behind: The scores of which it is the argmax.
        constant: Whether it is known not to depend on the input.
        exact: Gives a sample's answer in float64; None where only float32 is compared.
        near: Gives both answers to inputs beside a sample's; None where they are not asked for.
        stress: Samples far from what the model was made for, the last ones: index -> what it is.
        judge: Who gave the reference's answers.
    """

    limits: Limits
    score: str | None = None
    behind: Behind | None = None
    constant: bool = False
    exact: ExactAnswer | None = None
    near: NearAnswers | None = None
    stress: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    judge: str = TENSORFLOW


def verdict_of(passed: bool, reasons: tuple[str, ...]) -> Verdict:
    """Return the verdict on an output: a pass that has reasons is inconclusive."""
    if not passed:
        return "fail"
    return "inconclusive" if reasons else "pass"
