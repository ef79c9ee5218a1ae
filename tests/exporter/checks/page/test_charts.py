"""Charts of numbers: a mark for each value at its place, red beyond the limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from keras2cv_export.bisecting import LayerError
from keras2cv_export.checks.page import charts
from keras2cv_export.checks.record import output_values
from keras2cv_export.end_to_end.stages import Limit, Stage
from keras2cv_export.pages.bars import Bar, bars
from keras2cv_export.pages.chart import Drawing
from keras2cv_export.speed.speed import SpeedReport

SHAPES = ("path", "use")


def parsed(drawing: Drawing) -> Any:
    """Return the chart as XML, which it has to be."""
    return ET.fromstring(f"<svg>{drawing.body}</svg>")  # noqa: S314 - our own


def classes(drawing: Drawing, name: str) -> list[Any]:
    """Return the shapes and the words of a class."""
    groups = [e for e in parsed(drawing).iter("g") if name in str(e.get("class", "")).split()]
    found = []
    for group in groups:
        defined = {id(path) for defs in group.iter("defs") for path in defs}
        found += [e for e in group.iter() if e.tag in (*SHAPES, "text") and id(e) not in defined]
    return found


def tips(drawing: Drawing, name: str) -> list[str]:
    """Return the tooltips of a class."""
    return [title.text for shape in classes(drawing, name) for title in shape.iter("title")]


def corners(path: Any) -> list[tuple[float, float]]:
    """Return the points of a path of straight lines."""
    numbers = [float(word) for word in path.get("d").split() if word[-1].isdigit()]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def width(path: Any) -> float:
    """Return how wide a path is."""
    xs = [x for x, _ in corners(path)]
    return max(xs) - min(xs)


def stage(name: Any, share: float) -> Stage:
    """Return a stage of which only its share is drawn."""
    return Stage(name, "", 0.0, 0.0, Limit(0.0, 0.0), share, "")


def layer(key: str, error: float) -> LayerError:
    """Return a layer's error."""
    return LayerError(key, key, "Conv2D", error, key)


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
    drawing = charts.histogram(values(3e-3), 1e-4, "y")
    told = tips(drawing, "bar")
    assert sorted(int(tip.split()[0]) for tip in told) == [1, 29]
    assert "29 elements: below 1e-9" in told
    assert len(classes(drawing, "bad")) == 1
    assert [e.tag for e in classes(drawing, "limit")] == ["path"]
    assert not classes(charts.histogram(values(3e-5), 1e-4, "y"), "bad")


def test_a_scatter_has_a_dot_per_element_on_the_diagonal() -> None:
    """And off it, in red, where they differ."""
    drawing = charts.scatter(values(0.5), 1e-4, "y")
    assert len(classes(drawing, "dot")) == 30
    (bad,) = classes(drawing, "bad")
    start, end = corners(classes(drawing, "ideal")[0])
    slope = (end[1] - start[1]) / (end[0] - start[0])
    place = (bad.get("x"), bad.get("y"))
    for dot in classes(drawing, "dot"):
        off = start[1] + slope * (float(dot.get("x")) - start[0]) - float(dot.get("y"))
        assert (abs(off) > 5) == ((dot.get("x"), dot.get("y")) == place)


def test_a_scatter_of_nan_and_of_one_value_can_be_drawn() -> None:
    """A value that is not finite has no place on it."""
    flat = {"reference": [1.0, 1.0, "nan"], "candidate": [1.0, 1.0, 2.0], "scale": 1.0}
    assert len(classes(charts.scatter(flat, None, "y"), "dot")) == 2
    nothing = {"reference": ["nan"], "candidate": ["inf"], "scale": 1.0}
    assert classes(charts.scatter(nothing, None, "y"), "dot") == []


def test_shares_divide_the_bar() -> None:
    """As wide as their shares; those of nothing are not drawn."""
    drawing = charts.shares([stage("resize", 0.75), stage("decode", 0.0), stage("net", 0.25)])
    assert not classes(drawing, "stage1")
    widths = [width(classes(drawing, f"stage{k}")[0]) for k in (0, 2)]
    assert widths == pytest.approx([718, 238], abs=0.3)
    assert "resize 75 %" in drawing.body


def test_layers_stand_in_their_order_and_the_first_wrong_one_is_named() -> None:
    """Red from the limit on, infinite errors at the top."""
    found = [layer(key, error) for key, error in (("a", 1e-7), ("b", 2e-3), ("c", np.inf))]
    drawing = charts.layers(found, 1e-4, "b")
    dots = {tip.text.split()[0]: e for e in classes(drawing, "stem") for tip in e.iter("title")}
    assert {e.text.split()[0] for e in parsed(drawing).iter("title")} == {"a", "b", "c"}
    assert tips(drawing, "bad") == ["b (Conv2D): 2.0e-03", "c (Conv2D): inf"]
    heights = [float(dots[key].get("y")) for key in "abc"]
    assert heights[0] > heights[1] > heights[2]
    assert [float(dots[key].get("x")) for key in "abc"] == sorted(
        float(dot.get("x")) for dot in dots.values()
    )
    assert [e.text for e in classes(drawing, "note")] == ["b"]


def test_durations_are_bars_from_zero_with_every_run() -> None:
    """Twice the median is twice the bar."""
    times = {"predict": (1e6, 1e6, 2e6), "tf.function": (2e6, 2e6, 2e6)}
    drawing = charts.durations(SpeedReport(times, "new", (2, 2), 1))
    bars = [width(path) for path in classes(drawing, "time")]
    assert bars[1] == pytest.approx(2 * bars[0], abs=0.2)
    assert len(classes(drawing, "run")) == 6


HOSTILE = 'a"<b>&$x_$ \x01\n猫\ud800'


@pytest.mark.parametrize("chart", ["histogram", "scatter"])
def test_names_are_escaped(chart: str) -> None:
    """An output may be called anything."""
    drawing = getattr(charts, chart)(values(1e-3), 1e-4, HOSTILE)
    assert "<b>" not in drawing.body
    assert HOSTILE not in drawing.label


def test_names_that_are_drawn_are_escaped() -> None:
    """No formula, no second line, and nothing that XML forbids."""
    hostile = replace(layer(HOSTILE, 1.0), kind=HOSTILE)
    drawings = (
        charts.layers([hostile], 1e-4, HOSTILE),
        charts.shares([stage(HOSTILE, 1.0)]),
        bars([Bar(HOSTILE, "ours", HOSTILE, (1.0,))], HOSTILE),
    )
    for drawing in drawings:
        assert "<b>" not in drawing.body
        assert {e.text.startswith('a"<b>&$x_$ 猫') for e in parsed(drawing).iter("title")} == {True}


def test_a_chart_is_the_same_every_time_and_follows_the_page() -> None:
    """No date, no colour of its own, no font of its own; and ids that no other chart has."""
    data = values(1e-3)
    first = charts.scatter(data, 1e-4, "y")
    assert first == charts.scatter(data, 1e-4, "y")
    ids = [
        {e.get("id") for e in parsed(drawing).iter() if e.get("id")}
        for drawing in (first, charts.scatter(data, 1e-4, "z"), charts.scatter(data, None, "y"))
    ]
    assert not ids[0] & ids[2]
    for found in ("#2a6fdb", "font-family", "http", "date"):
        assert found not in first.body
    assert "var(--main)" in first.body
