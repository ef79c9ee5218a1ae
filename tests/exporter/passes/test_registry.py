"""The registry of rewrites: the passes for a target follow from measurements."""

from __future__ import annotations

from itertools import pairwise

import pytest

from keras2cv_export.passes import STAGES, Rewrite, pipeline, registry
from keras2cv_export.passes.fixpoint import name_of
from keras2cv_export.passes.legalise.windows.crop_transposed_conv import crop_transposed_conv
from keras2cv_export.passes.registry import MEASURED, RegistryError, anywhere, favours_new
from keras2cv_export.targets.importer_support.measured import FAULTS, FORMS, OPS
from keras2cv_export.targets.importers import IMPORTERS
from keras2cv_export.targets.target import Target

ROWS = [row for rows in STAGES for row in rows]
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)

# Forms that no pass removes: a graph that keeps one is refused for the importers that fail it.
NOT_REMOVED = {
    "antialiased", "automatic line", "automatic volume", "computed kernel", "computed power",
    "computed state", "counted border", "full slope", "gates backwards", "half constant",
    "last of gates", "last of reversed", "list of indices", "moved vector", "no first state",
    "no kernel shape", "nothing reduced", "old corners", "reduced vector", "reset before",
    "shared indices", "state of gates", "six axes", "unusual recurrence", "vector product",
}  # fmt: skip


def selected(opencv: tuple[int, int], engine: str = "any") -> set[str]:
    """Return the names of the passes for a target, the optional ones aside."""
    return {name_of(one) for stage in pipeline(Target(opencv, engine), ()) for one in stage}


def test_the_tables_share_no_word() -> None:
    """A row names an op, a form or a fault, and need not state which."""
    assert len(MEASURED) == len(OPS) + len(FORMS) + len(FAULTS)


@pytest.mark.parametrize("version", ["4.6", "4.8", "4.10", "4.12", "4.14"])
def test_a_pass_runs_where_an_importer_fails_what_it_removes(version: str) -> None:
    """From a version on, that is the same as: there or in a newer one, on either engine."""
    target = Target.parse(version)
    for row in (row for row in ROWS if row.fits is None):
        failing = {importer for word in row.removes for importer in MEASURED[word]}
        assert row.runs_for(target) == bool((failing | set(row.also_for)) & set(target.importers))


def test_a_measurement_moves_the_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but the table is changed, as a new OpenCV would."""
    row = Rewrite(crop_transposed_conv, removes=("uneven crop",))
    assert row.runs_for(Target((4, 14)))
    assert not row.runs_for(Target((5, 0)))
    monkeypatch.setattr(registry, "MEASURED", {"uneven crop": ("4.6", "5.0 new")})
    assert not row.runs_for(Target((4, 14), "classic"))
    assert row.runs_for(Target((5, 0)))


def test_newer_targets_need_no_more() -> None:
    """Each importer that joins an older target brings passes, and takes none away but by name."""
    needing = [{row.name for row in ROWS if row.failing & {one}} for one in IMPORTERS]
    assert all(needing)
    versions = [(4, 6), (4, 8), (4, 10), (4, 12), (4, 14), (5, 0)]
    chosen = [selected(version) - {"name_layer_normalization"} for version in versions]
    assert all(newer < older for older, newer in pairwise(chosen))


@pytest.mark.parametrize(("asked", "stands_for"), [((4, 7), (4, 6)), ((4, 13), (4, 12))])
def test_a_version_in_between_counts_as_the_one_before(
    asked: tuple[int, int], stands_for: tuple[int, int]
) -> None:
    """A fault there was mended at some later version."""
    assert selected(asked) == selected(stands_for)


def test_the_engines_of_5_0_need_different_passes() -> None:
    """A form that only one of them fails costs the other nothing."""
    new, classic = selected((5, 0), "new"), selected((5, 0), "classic")
    assert {"scalars_to_rows", "widen_windows", "truncate_casts"} <= classic - new
    assert {"bound_exponents", "resize_last_axes", "keep_hard_sigmoid"} <= classic & new
    assert new < classic


@every_row
def test_what_a_row_removes_is_measured(row: Rewrite) -> None:
    """Some importer fails each thing that it removes; `also_for` has the others, with a reason."""
    assert all(MEASURED[word] for word in row.removes)
    measured = {importer for word in row.removes for importer in MEASURED[word]}
    assert not measured & set(row.also_for), "measured by now: the reason can go"
    reasons = [*row.also_for.values(), *row.after.values(), *row.before.values()]
    assert all(reason and not reason.endswith(".") for reason in reasons)


def test_every_fault_and_form_has_a_pass_or_is_known_to_have_none() -> None:
    """A fault is measured for a pass; a form that gets one leaves the list above."""
    removed = {word for row in ROWS for word in row.removes}
    assert FAULTS.keys() <= removed
    assert {name for name, failing in FORMS.items() if failing} - removed == NOT_REMOVED


def test_a_word_that_is_not_measured_is_refused() -> None:
    """With the page that explains how to measure it."""
    with pytest.raises(RegistryError, match=r"crop_transposed_conv names 'crop'.*writing_passes"):
        Rewrite(crop_transposed_conv, removes=("crop",))
    with pytest.raises(RegistryError, match=r"names '4\.7'.*importers\.py"):
        Rewrite(crop_transposed_conv, removes=("uneven crop",), also_for={"4.7": "it may"})


def test_a_pass_that_would_never_run_is_refused() -> None:
    """It removes nothing that fails anywhere."""
    with pytest.raises(RegistryError, match="runs for no target"):
        Rewrite(crop_transposed_conv)
    with pytest.raises(RegistryError, match="runs for no target"):
        Rewrite(crop_transposed_conv, removes=("Abs",))


def test_optional_passes_are_those_for_speed_on_one_engine() -> None:
    """The search for a bundle's fastest form tries them by name."""
    assert Rewrite(crop_transposed_conv, fits=favours_new).is_optional
    assert not Rewrite(crop_transposed_conv, fits=anywhere).is_optional
    with_none = {name_of(one) for stage in pipeline(Target((5, 0)), ()) for one in stage}
    with_one = {name_of(one) for stage in pipeline(Target((4, 6)), ["pair_rows"]) for one in stage}
    assert "pair_rows" in with_one - with_none
    far = pipeline(Target((4, 6)), ["multiply_tiles"])
    assert "multiply_tiles" not in {name_of(one) for stage in far for one in stage}
