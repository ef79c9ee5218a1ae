"""The measured importers: the probes, their table, and the rules that read it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import onnx_ir as ir
import pytest

from campaigns.importers import measure
from campaigns.importers.faults import faults
from campaigns.importers.forms import forms, neighbours
from campaigns.importers.plain import plain
from campaigns.importers.probe import Probe, probe, x
from campaigns.importers.table import source, tables
from keras2cv.errors import MissingDependency
from keras2cv_export.targets.importer_support import RULES, examine, unsupported
from keras2cv_export.targets.importer_support.measured import FAULTS, FORMS, OPS
from keras2cv_export.targets.importers import IMPORTERS
from keras2cv_export.targets.target import Target

pytest.importorskip("onnxruntime")

PLAIN, FORMED, NEAR = tuple(plain()), tuple(forms()), tuple(neighbours())
FAULTY = tuple(faults())
PROBES = (*PLAIN, *FORMED, *FAULTY, *NEAR)
TABLES = (OPS, FORMS, FAULTS)
VERSIONS = ("4.6", "4.8", "4.10", "4.12", "4.14", "5.0")


def name_of(item: Probe) -> str:
    """Return the subject of a probe, as the test's name."""
    return f"{item.op}-{item.about or 'neighbour'}"


def refusing(item: Probe) -> set[str]:
    """Return the importers that do not run a probe, by the support report."""
    return {one for found in examine(ir.from_proto(item.model)) for one in found.importers}


def test_every_op_and_every_form_has_a_probe() -> None:
    """Every row of the table can be measured again."""
    assert {item.about for item in PLAIN} == OPS.keys() - {"Constant"}
    assert {item.about for item in FORMED} == FORMS.keys() == {rule.name for rule in RULES}
    assert {item.about for item in FAULTY} == FAULTS.keys()


@pytest.mark.parametrize("item", PLAIN, ids=name_of)
def test_an_op_is_refused_for_whom_the_table_says(item: Probe) -> None:
    """An op in its plainest form is refused for those alone, or else a rule knows that form."""
    assert refusing(item) >= set(OPS[item.about])
    if not any(rule.fits(node) for node in ir.from_proto(item.model).graph for rule in RULES):
        assert refusing(item) == set(OPS[item.about])


@pytest.mark.parametrize("item", FORMED, ids=name_of)
def test_a_form_is_refused_for_the_versions_that_do_not_run_it(item: Probe) -> None:
    """With a reason, for a target that includes such a version; for the others it passes.

    "4.10" includes all newer ones: a form that only 5.0's classic engine refuses is refused too.
    """
    model = ir.from_proto(item.model)
    fitting = {rule.name for node in model.graph for rule in RULES if rule.fits(node)}
    assert item.about in fitting
    expected = set(OPS[item.op]).union(*(FORMS[name] for name in fitting))
    for version in VERSIONS:
        target = Target.parse(version)
        found = unsupported(model, target)
        assert bool(found) == bool(expected & set(target.importers)), version
        assert all(one.why and one.hint for one in found)


@pytest.mark.parametrize("item", NEAR, ids=name_of)
def test_a_neighbour_of_a_form_is_let_through(item: Probe) -> None:
    """It runs everywhere, which the measurement confirms."""
    assert unsupported(ir.from_proto(item.model), Target()) == []


def test_the_table_is_made_of_what_failed(tmp_path: Path) -> None:
    """An op fails by its own probe, a form by any of its probes; the written module agrees."""
    several = [
        probe("Abs", "Abs", x(2, 3)),
        probe("cubic", "Abs", x(2, 3)),
        probe("cubic", "Neg", x(2, 3)),
        probe("no rule knows it", "Neg", x(2, 3)),
        probe("", "Neg", x(2, 3)),
    ]
    runs = dict.fromkeys(IMPORTERS, True)
    first = [runs | {"4.8": False}, runs, runs | {"4.10": False, "4.6": False}]
    found = tables(several, [*first, runs | {"5.0 new": False}, runs])
    assert found.ops == {"Abs": ("4.8",), "Constant": ()}
    assert found.forms == {"cubic": ("4.6", "4.10")}
    assert found.faults == {"no rule knows it": ("5.0 new",)}
    module: dict[str, object] = {}
    exec(source(found), module)  # noqa: S102 - it is our own
    assert tuple(module[name] for name in ("OPS", "FORMS", "FAULTS")) == found


def test_a_crash_is_one_probe_that_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The probes behind it are still tried."""
    child = tmp_path / "child.py"
    child.write_text(
        "import os\ndef answer(job, tell):\n"
        " if job['stem'].endswith('1'): os._exit(3)\n return {'error': 1e-07}\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(measure, "_CHILD", f"{child}:answer")
    assert measure._run(Path(sys.executable), tmp_path, "classic", 3) == [1e-7, "crash", 1e-7]


@pytest.mark.skipif(not cv2.__version__.startswith("5.0"), reason="the table has 5.0's columns")
def test_the_installed_opencv_runs_what_the_table_says(tmp_path: Path) -> None:
    """Every probe that the table calls right is right here, on both engines of 5.0."""
    measure.write(PROBES, tmp_path)
    for engine in ("new", "classic"):
        replies = measure._run(Path(sys.executable), tmp_path, engine, len(PROBES))
        _compare(f"5.0 {engine}", [isinstance(w, float) and w <= measure.LIMIT for w in replies])


@pytest.mark.slow
def test_every_opencv_runs_what_the_table_says(tmp_path: Path) -> None:
    """In the environments of `keras2cv matrix`, a new measurement equals the table."""
    measure.write(PROBES, tmp_path)
    try:
        outcomes = measure.measure(tmp_path, len(PROBES))
    except MissingDependency as error:
        pytest.skip(str(error))
    assert tables(PROBES, outcomes) == TABLES
    assert all(all(o.values()) for p, o in zip(PROBES, outcomes, strict=True) if not p.about)


def _compare(importer: str, runs: Sequence[bool]) -> None:
    right = {True: "runs", False: "does not run"}
    for item, ran in zip(PROBES, runs, strict=True):
        failing = next((rows[item.about] for rows in TABLES if item.about in rows), ())
        if importer not in failing:
            assert ran, f"{name_of(item)} {right[ran]} on {importer}"
