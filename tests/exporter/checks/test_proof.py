"""A bundle's own figures, held against what is seen."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from keras2cv.net.engines import ENGINES
from keras2cv_export.checks.proof import ProofLimits, check_evidence
from keras2cv_export.parity.parity import compare
from keras2cv_export.parity.tolerance import parse_tolerance
from support.tiny_bundle import Classifier

ENGINE = ENGINES[0]


def findings(*, said: float, seen: float, again: float) -> tuple[str, ...]:
    """Return what is found where the evidence says one error, and others are seen."""
    manifest = Classifier().manifest()
    name, evidence = manifest.outputs[0].name, manifest.evidence
    assert evidence is not None
    measured = replace(evidence.runs[0].outputs[0], measured=said)
    run = replace(evidence.runs[0], opencv=cv2.__version__, engine=ENGINE, outputs=(measured,))
    shape = manifest.outputs[0].keras_shape
    right = [np.random.default_rng(k).uniform(0.1, 1, shape) for k in range(4)]
    right[0].flat[0] = 1.0
    wrong = [array + seen for array in right]
    report = compare([{name: a} for a in right], [{name: a} for a in wrong])
    limits = ProofLimits(parse_tolerance("fp32"), (report,))
    claimed = manifest.replace(evidence=replace(evidence, runs=(run,)))
    found = check_evidence(claimed, limits, {ENGINE: report}, lambda _: {name: again})
    return tuple(str(finding) for finding in found)


def test_figures_are_held_against_the_samples_that_they_were_measured_on() -> None:
    """1e-11 on saturated samples of the export may be 1e-7 on others; 1e-7 on both is forged."""
    assert findings(said=4e-11, seen=1e-7, again=3e-11) == ()
    [forged] = findings(said=4e-11, seen=1e-7, again=1e-7)
    assert "is off by 4e-11 on this OpenCV's" in forged
    assert findings(said=1e-7, seen=1e-6, again=1.0) == ()
