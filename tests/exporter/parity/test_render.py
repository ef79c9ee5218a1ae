"""The report as people see it: complete, and within 80 columns."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from keras2cv_export.parity.parity import ParityReport, compare
from keras2cv_export.parity.render import render, summary

LONG = "a_very_long_output_name_of_a_model_nested_in_another/dense_1"


def shown(report: ParityReport, *, color: bool = False, width: int = 80) -> str:
    """Render to text."""
    console = Console(file=io.StringIO(), width=width, force_terminal=color)
    render(report, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def report(*, factor: float = 1.0, count: int = 4, drop: bool = False) -> ParityReport:
    """Compare two outputs, of which the long-named one is off by `factor`."""
    rng = np.random.default_rng(0)
    reference = [
        {
            LONG: rng.normal(size=(1, 9)).astype(np.float32),
            "probs": rng.dirichlet([1.0] * 4, size=1).astype(np.float32),
        }
        for _ in range(count)
    ]
    candidate = [
        {k: v * np.float32(factor if k == LONG else 1.0) for k, v in s.items()} for s in reference
    ]
    if drop:
        candidate = [{LONG: sample[LONG]} for sample in candidate]
    return compare(reference, candidate, scores={"probs": "softmax"})


def test_a_pass_shows_every_output_and_how_near_its_limit_is() -> None:
    """Name, verdict, metric, measured and limit with two digits, and top-1 where there is one."""
    text = shown(report(factor=1.00003))
    assert "parity: pass (2 outputs, 4 samples, tolerance fp32)" in text
    assert re.search(r"pass\s+(max|mean)_abs/max_ref\s+\d\.\de-05\s+\d\.\de-0[45]", text)
    assert re.search(r"probs\s+pass\s+max_abs/max_ref\s+0\s+1\.0e-04\s+100\.0%", text)
    assert "worst element" not in text


def test_a_fail_shows_reason_place_and_cost() -> None:
    """Reasons, the worst element with both values, and the tolerance that would pass."""
    failed = report(factor=1.001)
    flat = " ".join(shown(failed).split())
    assert "max_abs/max_ref is 1.0e-03, above 1.0e-04" in flat
    assert "is 1.001 times the reference" in flat
    worst = failed.outputs[0].worst
    assert worst is not None
    assert f"sample {worst.sample} at [0, {worst.index[1]}]: {worst.candidate:.7g} in" in flat
    assert f"{worst.reference:.7g} in TensorFlow" in flat
    assert failed.outputs[0].needed is not None


def test_the_tolerance_shown_suffices() -> None:
    """It is rounded up: typed back, it passes."""
    failed = report(factor=1.00123)
    match = re.search(r"tolerance needed: (\S+)", shown(failed, width=200))
    assert match is not None
    assert failed.outputs[0].needed is not None
    assert float(match[1].rpartition(":")[2]) >= failed.outputs[0].needed


@pytest.mark.parametrize("drop", [False, True])
def test_everything_fits_in_80_columns(*, drop: bool) -> None:
    """Only the summary line, which is for grep, may be longer; long names are folded, not cut."""
    text = shown(report(factor=1.01, drop=drop))
    lines = text.splitlines()[1:]
    assert max(map(len, lines)) <= 80
    column = "".join(re.split(r"\s{2,}", line)[0] for line in lines[1:6])
    assert LONG in column.replace("probs", "")


def test_a_missing_output_has_a_row_and_a_reason() -> None:
    """An output that was not compared is not left out."""
    text = shown(report(drop=True))
    assert re.search(r"probs\s+fail\s+-\s+-\s+-", text)
    assert "missing in the candidate, in 4 of 4 samples" in text


def test_reasons_that_belong_to_no_output_are_shown() -> None:
    """Too few samples, or none, are reported below the table."""
    assert "Pass at least 3 that differ" in " ".join(shown(report(count=2)).split())
    assert "no samples were compared" in shown(compare([], []))


def test_near_ties_are_told_apart_from_faults() -> None:
    """A class that lost a near-tie is mentioned on a passing output."""
    rows = np.float32([[[3, 1, 0]], [[1, 1.00005, 0]], [[0, 1, 2]]])
    swapped = rows.copy()
    swapped[1, 0, :2] = rows[1, 0, 1::-1]
    result = compare(
        [{"y": row} for row in rows], [{"y": row} for row in swapped], scores={"y": "logits"}
    )
    assert result.verdict == "pass"
    assert "1 near-tie ranked the other way" in shown(result)


def test_verdicts_are_coloured_on_a_terminal_only() -> None:
    """Green for pass, red for fail, yellow for inconclusive; plain text in a pipe."""
    for result, code in ((report(), "32"), (report(factor=2.0), "31"), (report(count=2), "33")):
        assert f"\x1b[1;{code}m" in shown(result, color=True)
        assert "\x1b" not in shown(result)


def test_output_names_are_not_markup() -> None:
    """A name in square brackets is shown as it is."""
    rng = np.random.default_rng(0)
    reference = [{"[red]y[/red]": rng.normal(size=(1, 5))} for _ in "abc"]
    assert "[red]y[/red]" in shown(compare(reference, reference))


@pytest.mark.parametrize(
    ("result", "line"),
    [
        (compare([], []), "parity: fail (0 outputs, 0 samples, tolerance fp32): no samples"),
        (report(factor=2.0), f"{LONG}: max_abs/max_ref is 1.0e+00, above 1.0e-04"),
        (report(count=1), "parity: inconclusive (2 outputs, 1 sample, tolerance fp32): "),
        (report(), "of 1.0e-04 allowed"),
    ],
)
def test_the_summary_is_one_line_with_what_decided(result: ParityReport, line: str) -> None:
    """Verdict, counts, and the first reason or the number nearest its limit."""
    assert line in summary(result)
    assert "\n" not in summary(result)


def test_a_metric_of_some_columns_leaves_room_for_the_name() -> None:
    """Its long label is folded, and not the output's name."""
    found = report(factor=1.00003)
    output = replace(found.outputs[0], name="boxes_and_scores")
    long = tuple(
        replace(check, metric=f"{check.metric} of 18 columns, 98 the first")
        for check in output.checks
    )
    text = shown(replace(found, outputs=(replace(output, checks=long),)))
    assert re.search(r"^boxes_and_scores  pass ", text, re.MULTILINE), text
    assert "columns, 98 the first" in text
    assert max(map(len, text.splitlines()[1:])) <= 80
