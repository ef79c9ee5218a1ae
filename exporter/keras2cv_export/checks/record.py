"""A check as plain values, for `--json` and for the page."""

from __future__ import annotations

import math
import os
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from keras2cv._version import VERSION

if TYPE_CHECKING:
    from keras2cv_export.verifying.question import Outputs

    from .check_report import CheckReport

Array = np.ndarray[Any, Any]

SCHEMA: Final = 1
_MAX_VALUES: Final = 4000  # of an output: enough for a scatter, and a mask stays a few hundred kB
_BINS: Final = 40
_LEAST_ERROR, _LARGEST_ERROR = 1e-9, 1.0  # the histogram's ends, of max |reference|
_TOOLS: Final = ("tensorflow", "keras", "numpy", "onnx", "onnx-ir")


def record(report: CheckReport) -> dict[str, Any]:
    """Return all results of a check, with the versions and the host."""
    found = {
        "schema": SCHEMA,
        "tool": "keras2cv check",
        "verdict": report.verdict,
        "reasons": list(report.reasons),
        "stages_at_fault": list(report.stages_at_fault),
        "bundle": str(report.bundle),
        "model": report.source,
        "reference": report.parity.judge,
        "task": report.manifest.task.kind,
        "seconds": round(report.seconds, 3),
        "versions": versions(),
        "host": host(),
        "parity": report.parity.to_dict(),
        "engines": {engine: parity.to_dict() for engine, parity in report.by_engine},
        "end_to_end": report.journey.report.to_dict() if report.journey else None,
        **_of_further_pictures(report),
        "covered": [part.to_dict() for part in report.covered],
        "not_compared": list(report.not_compared),
        "answers": report.answers.to_dict() if report.answers else None,
        "findings": [finding.to_dict() for finding in report.findings],
        "speed": report.speed.to_dict() if report.speed else None,
        "bisect": report.bisect.to_dict() if report.bisect else None,
        "values": {engine: _values(report, engine) for engine, _ in report.by_engine},
        "notes": list(report.notes),
    }
    plain = _without_nan(found)
    assert isinstance(plain, dict)  # noqa: S101 - for mypy; a dict stays one
    return plain


def _of_further_pictures(report: CheckReport) -> dict[str, Any]:
    """Return the comparison of the inputs that take pictures beside the first, if there are any."""
    further = {name: journey.report.to_dict() for name, journey in report.more_journeys}
    return {"end_to_end_of": further} if further else {}


def _without_nan(value: object) -> object:
    """Replace NaN and infinity, which JSON has no numbers for, by "nan", "inf" and "-inf"."""
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def versions() -> dict[str, str]:
    """Return the versions that the numbers depend on."""
    return {
        "keras2cv": VERSION,
        "python": platform.python_version(),
        "opencv": cv2.__version__,
        **{name: version(name) for name in _TOOLS},
    }


def host() -> dict[str, Any]:
    """Describe the machine, without its name."""
    return {
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
    }


def _values(report: CheckReport, engine: str) -> dict[str, Any]:
    """Return each output's errors as a histogram, and values of both sides, element by element."""
    candidates = report.verification.answers[engine]
    return {
        o.name: output_values(report.question.expected, candidates, o.name)
        for o in report.manifest.outputs
    }


def output_values(
    expected: list[Outputs] | Any, candidates: list[Outputs] | Any, name: str
) -> dict[str, Any]:
    """Return one output's values: every `stride`-th element of all samples, and all errors counted.

    Errors are in units of max |reference|. `edges` are the bins' limits; `below` and `above` count
    the errors outside of them, `not_finite` the NaN.
    """
    pairs = [
        (sample[name], other[name]) for sample, other in zip(expected, candidates, strict=True)
    ]
    reference = np.concatenate([one.ravel() for one, _ in pairs]).astype(np.float64)
    candidate = np.concatenate([two.ravel() for _, two in pairs]).astype(np.float64)
    finite = np.isfinite(reference) & np.isfinite(candidate)
    scale = float(np.abs(reference[finite]).max(initial=0.0)) or 1.0
    errors = np.abs(reference - candidate)[finite] / scale
    edges = np.geomspace(_LEAST_ERROR, _LARGEST_ERROR, _BINS + 1)
    counts, _ = np.histogram(errors, edges)
    stride = -(-reference.size // _MAX_VALUES)
    return {
        "shape": list(pairs[0][0].shape),
        "samples": len(pairs),
        "scale": scale,
        "errors": {
            "edges": edges.tolist(),
            "counts": counts.tolist(),
            "below": int((errors < edges[0]).sum()),
            "above": int((errors > edges[-1]).sum()),
            "not_finite": int((~finite).sum()),
        },
        "stride": stride,
        "reference": reference[::stride].tolist(),
        "candidate": candidate[::stride].tolist(),
    }
