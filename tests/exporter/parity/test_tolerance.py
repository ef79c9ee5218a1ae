"""Tolerances: the limits of the presets, and the parsing of `--tolerance`."""

from __future__ import annotations

from typing import Any

import pytest

from keras2cv.cli import values
from keras2cv.errors import UsageError
from keras2cv_export.parity.tolerance import (
    PRESETS,
    Limits,
    Tolerance,
    parse_tolerance,
    parted,
    preset_of,
)


def test_presets_order_from_strict_to_half_precision() -> None:
    """Each preset allows more than the one before, by every limit."""
    strict, fp32, fp16 = (PRESETS[name] for name in ("strict", "fp32", "fp16"))
    assert strict.max_abs < fp32.max_abs < fp16.max_abs
    assert strict.mean_abs < fp32.mean_abs < fp16.mean_abs
    assert strict.roundoff == fp32.roundoff < fp16.roundoff


def test_fp32_is_the_bar_of_the_house() -> None:
    """At most 1e-4 of max |reference|, OpenCV's own bar, and integers equal."""
    assert PRESETS["fp32"].max_abs == 1e-4
    assert {limits.differing for limits in PRESETS.values()} == {0.0}


@pytest.mark.parametrize("preset", PRESETS)
def test_the_mean_over_few_elements_is_allowed_more(preset: str) -> None:
    """The limit on a mean falls with the elements in it, from the single element's limit down."""
    limits = PRESETS[preset]
    allowed = [limits.mean_abs_over(count) for count in (1, 4, 40, 1000, 10**9)]
    assert allowed == sorted(allowed, reverse=True)
    assert allowed[0] <= limits.max_abs
    assert allowed[1] == pytest.approx(limits.mean_abs * 2.13, rel=0.01)
    assert allowed[-1] == pytest.approx(limits.mean_abs, rel=1e-3)


@pytest.mark.parametrize(
    ("spec", "tolerance"),
    [
        ("fp16", Tolerance("fp16")),
        ("logits:1e-3", Tolerance("fp32", {"logits": 1e-3})),
        (["strict", "a:0.5", "b:0"], Tolerance("strict", {"a": 0.5, "b": 0.0})),
        ("block:0:2e-3", Tolerance("fp32", {"block:0": 2e-3})),
        ([], Tolerance("fp32")),
        (Tolerance("strict"), Tolerance("strict")),
    ],
)
def test_specs_are_read(spec: str | list[str] | Tolerance, tolerance: Tolerance) -> None:
    """A preset, an override whose name may hold colons, several, or a tolerance already read."""
    assert parse_tolerance(spec) == tolerance


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("fp64", "No tolerance is called 'fp64'. Choose one of strict, fp32, fp16"),
        ("", "No tolerance is called ''"),
        (["fp16", "strict"], "Two tolerance presets"),
        (["a:1e-3", "a:1e-4"], "twice"),
        ("a:x", "'a:x' is not OUTPUT:VALUE"),
        ("a:", "is not OUTPUT:VALUE"),
        (":1e-3", "is not OUTPUT:VALUE"),
        ("a:-1e-3", "from 0 to 1"),
        ("a:1.5", "from 0 to 1"),
        ("a:nan", "from 0 to 1"),
        ("a:inf", "from 0 to 1"),
        ([1e-3], "A tolerance is text such as logits:1e-3, got 0.001"),
    ],
)
def test_specs_that_mean_nothing_are_refused(spec: Any, message: str) -> None:
    """The error names the given value and a valid one."""
    with pytest.raises(UsageError) as caught:
        parse_tolerance(spec)
    assert message in str(caught.value)


def test_an_override_scales_the_limits_of_its_output_alone() -> None:
    """The named output gets VALUE, with the preset's ratio of mean to max; others are as before."""
    tolerance = parse_tolerance(["fp16", "mask:1e-3"])
    mask, preset = tolerance.limits("mask"), PRESETS["fp16"]
    assert tolerance.limits("other") == preset
    assert (mask.max_abs, mask.differing) == (1e-3, 1e-3)
    assert mask.mean_abs / mask.max_abs == pytest.approx(preset.mean_abs / preset.max_abs)
    assert mask.roundoff == preset.roundoff


def test_overrides_must_name_outputs() -> None:
    """A mistyped name would leave the output at the preset unnoticed; it is refused."""
    tolerance = parse_tolerance("logist:1e-3")
    with pytest.raises(UsageError, match=r"'logist'.*The outputs are: 'logits', 'mask'"):
        tolerance.require_outputs(["mask", "logits"])
    parse_tolerance("logits:1e-3").require_outputs(["mask", "logits"])


@pytest.mark.parametrize("spec", ["fp16", ["strict", "b:0.5", "a:1e-05"]])
def test_a_tolerance_is_written_as_it_is_read(spec: str | list[str]) -> None:
    """`--tolerance` accepts the text of `str`."""
    tolerance = parse_tolerance(spec)
    assert parse_tolerance(str(tolerance).split()) == tolerance


def test_a_tolerance_does_not_follow_the_mapping_it_was_made_of() -> None:
    """Overrides are copied, so that a frozen tolerance cannot change."""
    overrides = {"a": 1e-3}
    tolerance = Tolerance("fp32", overrides)
    overrides["a"] = 1.0
    assert tolerance.limits("a").max_abs == 1e-3


@pytest.mark.parametrize("bad", [-1e-9, 1.1, float("nan")])
def test_limits_are_shares(bad: float) -> None:
    """No limit outside 0..1 can be made."""
    with pytest.raises(UsageError, match="from 0 to 1"):
        Limits(max_abs=bad, mean_abs=1e-5)


def test_the_command_line_takes_every_preset() -> None:
    """It keeps a list of its own, since it starts without the exporter."""
    assert [values.tolerance(preset) for preset in PRESETS] == list(PRESETS)


def test_each_storage_of_weights_has_a_preset() -> None:
    """Which allows more for coarser weights, and nothing for arithmetic."""
    exact, halves, octets = (PRESETS[preset_of(kind)] for kind in ("fp32", "fp16", "int8"))
    assert exact.max_abs < halves.max_abs < octets.max_abs
    assert exact.mean_abs < halves.mean_abs < octets.mean_abs
    assert exact.roundoff == halves.roundoff == octets.roundoff


def test_what_no_weights_are_in_is_held_to_float32() -> None:
    """The pictures' way to the net, and a second run of it."""
    stored = Tolerance("int8-weights", {"mask": 0.2, "box": 0.0})
    assert stored.arithmetic == PRESETS["fp32"]
    assert [stored.steadiness(name) for name in ("scores", "mask", "box")] == [1e-4, 1e-4, 0.0]
    assert Tolerance("fp16").arithmetic == PRESETS["fp16"]
    assert Tolerance("fp16").steadiness("scores") == PRESETS["fp16"].max_abs


@pytest.mark.parametrize(
    ("spec", "weights", "graph", "file"),
    [
        (None, "fp32", "fp32", "fp32"),
        (None, "int8", "fp32", "int8-weights"),
        ("strict", "fp16", "strict", "fp16-weights"),
        (["a:1e-3"], "int8", "fp32 a:0.001", "int8-weights"),
        (["int8-weights", "a:0.2"], "int8", "fp32", "int8-weights a:0.2"),
        (["strict", "a:1e-3"], "fp32", "strict a:0.001", "strict a:0.001"),
    ],
)
def test_a_tolerance_is_for_the_graph_unless_it_is_about_weights(
    spec: list[str] | None, weights: str, graph: str, file: str
) -> None:
    """An export with smaller weights compares twice, and the first time nothing is forgiven."""
    assert tuple(map(str, parted(spec, weights))) == (graph, file)
