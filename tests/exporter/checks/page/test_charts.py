"""Charts of numbers: a mark for each value, where the numbers say, red beyond the limits."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from keras2cv_export.checks.page import charts
from keras2cv_export.checks.record import output_values


def parsed(svg: str) -> Any:
    """Return the chart as XML, which it has to be."""
    return ET.fromstring(svg)  # noqa: S314 - our own


def classes(svg: str, name: str) -> list[Any]:
    """Return the elements of a class."""
    return [e for e in parsed(svg).iter() if name in str(e.get("class", "")).split()]


def values(error: float) -> dict[str, Any]:
    """Return the record of an output of 30 values, one of them off by `error` of the largest."""
    rng = np.random.default_rng(0)
    reference = [{"y": rng.uniform(-2, 2, (1, 10)).astype(np.float64)} for _ in range(3)]
    reference[0]["y"][0, 0] = 2.0
    candidate = [{"y": sample["y"].copy()} for sample in reference]
    candidate[1]["y"][0, 4] += error * 2.0
    return output_values(reference, candidate, "y")


def test_a_histogram_counts_every_error_once() -> None:
    """Exact values at the left end, the one beyond the limit in red."""
    svg = charts.histogram(values(3e-3)["errors"], 1e-4, "y")
    told = re.findall(r"<title>(\d+) elements: ([^<]*)</title>", svg)
    assert sorted(int(count) for count, _ in told) == [1, 29]
    assert ("29", "below 1e-9") in told
    assert len(classes(svg, "bad")) == 1
    assert len(classes(svg, "limit")) == 1
    assert not classes(charts.histogram(values(3e-5)["errors"], 1e-4, "y"), "bad")


def test_a_scatter_has_a_dot_per_element_on_the_diagonal() -> None:
    """And off it, in red, where they differ."""
    svg = charts.scatter(values(0.5), 1e-4, "y")
    assert len(classes(svg, "dot")) == 30
    (bad,) = classes(svg, "bad")
    ideal = classes(svg, "ideal")[0]
    corners = [float(ideal.get(key)) for key in ("x1", "y1", "x2", "y2")]
    slope = (corners[3] - corners[1]) / (corners[2] - corners[0])
    for dot in classes(svg, "dot"):
        off = corners[1] + slope * (float(dot.get("cx")) - corners[0]) - float(dot.get("cy"))
        assert (abs(off) > 5) == (dot.get("class") == bad.get("class"))


def test_a_scatter_of_nan_and_of_one_value_can_be_drawn() -> None:
    """What is not finite has no place on it."""
    flat = {"reference": [1.0, 1.0, "nan"], "candidate": [1.0, 1.0, 2.0], "scale": 1.0}
    assert len(classes(charts.scatter(flat, None, "y"), "dot")) == 2
    nothing = {"reference": ["nan"], "candidate": ["inf"], "scale": 1.0}
    assert classes(charts.scatter(nothing, None, "y"), "dot") == []


def test_shares_divide_the_bar() -> None:
    """As wide as their shares; those of nothing are not drawn."""
    stages = [{"name": "resize", "share": 0.75}, {"name": "decode", "share": 0.0},
              {"name": "net", "share": 0.25}]  # fmt: skip
    svg = charts.shares(stages)
    widths = [float(e.get("width")) for e in parsed(svg) if e.tag.endswith("rect")]
    assert widths == [718, 238]
    assert "resize 75 %" in svg


def test_layers_stand_in_their_order_and_the_first_wrong_one_is_named() -> None:
    """Red from the limit on, infinite errors at the top."""
    found = [
        {"key": key, "kind": "Conv2D", "error": error}
        for key, error in (("a", 1e-7), ("b", 2e-3), ("c", "inf"))
    ]
    svg = charts.layers(found, 1e-4, "b")
    assert len(classes(svg, "bad")) == 2
    heights = [float(e.get("cy")) for e in parsed(svg).iter() if e.tag.endswith("circle")]
    assert heights[0] > heights[1] > heights[2]
    assert [e.text for e in classes(svg, "note")] == ["b"]


def test_durations_are_bars_from_zero_with_every_run() -> None:
    """Twice the median is twice the bar."""
    svg = charts.durations(
        {"predict": [1e6, 1e6, 2e6], "tf.function": [2e6, 2e6, 2e6]},
        {"predict": 1.0, "tf.function": 2.0},
    )
    bars = [float(e.get("width")) for e in parsed(svg) if e.tag.endswith("rect")]
    assert bars[1] == pytest.approx(2 * bars[0], abs=0.2)
    assert len(classes(svg, "run")) == 6


@pytest.mark.parametrize("chart", ["histogram", "scatter"])
def test_names_are_escaped(chart: str) -> None:
    """An output may be called anything."""
    data = values(1e-3)
    part = data["errors"] if chart == "histogram" else data
    assert "<b>" not in getattr(charts, chart)(part, 1e-4, 'a"<b>&')
