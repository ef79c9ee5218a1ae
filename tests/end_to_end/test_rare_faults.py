"""Faults that few inputs show, and right models that float32 cannot compute any better."""

from __future__ import annotations

from pathlib import Path

import pytest

from keras2cv_export import check, export
from support.engines import ONE_ENGINE
from support.rare_faults import RARE_FAULTS

FAST = ("NaN for black", "scores beside boxes", "one row of an embedding")


@pytest.mark.parametrize(
    "name", [n if n in FAST else pytest.param(n, marks=pytest.mark.slow) for n in RARE_FAULTS]
)
def test_a_fault_that_few_inputs_show_fails(name: str, tmp_path: Path) -> None:
    """The report names the kind of input that shows it; before the fault, the bundle passes."""
    fault = RARE_FAULTS[name]
    model, folder = fault.model(), tmp_path / "rare.cv"
    export(model, folder, check=False, task="raw", engine=ONE_ENGINE)
    right = check(folder, against=model, engine=ONE_ENGINE)
    assert right.verdict == "pass", right.reasons
    fault.apply(folder)
    report = check(folder, against=model, engine=ONE_ENGINE)
    assert report.verdict == "fail"
    assert fault.words in " ".join(report.reasons)
