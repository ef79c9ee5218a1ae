"""The result of an export, as users get it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras2cv.bundle.manifest import Manifest

from .parity.report import ParityReport
from .passes.left_alone import LeftAlone


@dataclass(frozen=True)
class ExportReport:
    """What an export did.

    Attributes:
        bundle: The folder that was written.
        manifest: What it says about itself.
        parity: OpenCV against TensorFlow, on the preferred engine; None with `check=False`.
        notes: Sentences that the user should hear: what was guessed, recognised, or changed.
        passes: (name, how often it fired), in the order of first use.
        seconds: Whole duration, TensorFlow's own import excluded.
        left_alone: What passes looked at and did not rewrite, with their reasons.
    """

    bundle: Path
    manifest: Manifest
    parity: ParityReport | None
    notes: tuple[str, ...]
    passes: tuple[tuple[str, int], ...]
    seconds: float
    left_alone: tuple[LeftAlone, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for `--json`."""
        return {
            "bundle": str(self.bundle),
            "status": self.manifest.status,
            "seconds": round(self.seconds, 3),
            "parity": self.parity.to_dict() if self.parity else None,
            "notes": list(self.notes),
            "passes": dict(self.passes),
            "left_alone": [dataclasses.asdict(one) for one in self.left_alone],
        }
