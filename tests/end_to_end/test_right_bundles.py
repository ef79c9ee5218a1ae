"""No false alarm: right bundles whose numbers are hard on a comparison pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaigns.right_bundles.models import RIGHT_MODELS
from keras2cv_export import export

FAST = {
    ("picture statistics", 0), ("around 1000", 1), ("two sizes", 2), ("features, some dead", 9),
    ("a class that is ruled out", 0),
}  # fmt: skip
SEEDS = range(10)


@pytest.mark.parametrize(
    ("name", "seed"),
    [
        (name, seed) if (name, seed) in FAST else pytest.param(name, seed, marks=pytest.mark.slow)
        for name in RIGHT_MODELS
        for seed in SEEDS
    ],
)
def test_a_right_bundle_passes(name: str, seed: int, tmp_path: Path) -> None:
    """On both engines, with its stress and in other circumstances."""
    report = export(RIGHT_MODELS[name](seed), tmp_path / "right.cv", task="raw")
    assert report.parity is not None
    assert report.parity.verdict == "pass", report.parity.reasons
    assert report.manifest.engine.name == "any"
