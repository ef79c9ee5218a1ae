"""Charts as inline SVG: of numbers alone, in colours that the page's style gives their classes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from .svg import HEIGHT, WIDTH, line, svg, text

_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 14, 12, 34
_MAX_DOTS: Final = 1500


def histogram(errors: Mapping[str, Any], limit: float | None, name: str) -> str:
    """Draw how many elements have which error, both axes logarithmic; beyond `limit` in red.

    What is below the first edge, exact values mostly, is the bar at the left end.
    """
    edges: Sequence[float] = errors["edges"]
    counts = [errors["below"], *errors["counts"], errors["above"] + errors["not_finite"]]
    step = edges[1] / edges[0]
    lows = [edges[0] / step, *edges]
    top = math.log10(max(*counts, 1) + 1)
    width = (WIDTH - _LEFT - _RIGHT) / len(counts)
    floor = HEIGHT - _BOTTOM
    body = [line(_LEFT, floor, WIDTH - _RIGHT, floor, "axis")]
    for index, (count, low) in enumerate(zip(counts, lows, strict=True)):
        if not count:
            continue
        height = max((floor - _TOP) * math.log10(count + 1) / top, 1.5)
        beyond = limit is not None and low >= limit
        what = "below 1e-9" if index == 0 else f"{low:.1e} and more"
        body.append(
            f'<rect class="bar{" bad" if beyond else ""}" x="{_LEFT + index * width:.1f}" '
            f'y="{floor - height:.1f}" width="{width - 1:.1f}" height="{height:.1f}">'
            f"<title>{count} elements: {what}</title></rect>"
        )

    def x_of(value: float) -> float:
        return _LEFT + width * (1 + math.log(value / edges[0]) / math.log(step))

    body += [text(x_of(10.0**power), floor + 16, f"1e{power}") for power in range(-9, 1, 2)]
    body.append(text(_LEFT + width / 2, floor + 28, "≈ 0"))
    for count in (1, 10, 100, 1000, 10_000, 100_000, 1_000_000):
        if count <= max(counts):
            y = floor - (floor - _TOP) * math.log10(count + 1) / top
            body += [text(_LEFT - 6, y + 4, f"{count:,}", anchor="end")]
    if limit:
        body.append(line(x_of(limit), _TOP, x_of(limit), floor, "limit"))
        body.append(text(x_of(limit) + 4, _TOP + 9, f"limit {limit:.0e}", "note", "start"))
    body.append(text(WIDTH / 2, HEIGHT - 3, "|OpenCV - TensorFlow| / max |TensorFlow|", "title"))
    return svg(body, f"Errors of {name}")


def scatter(values: Mapping[str, Any], limit: float | None, name: str) -> str:
    """Draw OpenCV's value over TensorFlow's, a dot per element; the ideal is the diagonal."""
    pairs = [
        (float(r), float(c))
        for r, c in zip(values["reference"], values["candidate"], strict=True)
        if math.isfinite(float(r)) and math.isfinite(float(c))
    ]
    pairs = pairs[:: max(1, -(-len(pairs) // _MAX_DOTS))]
    ends = [v for pair in pairs for v in pair] or [0.0, 1.0]
    low, high = min(ends), max(ends)
    if high == low:
        low, high = low - 1, high + 1
    margin = (high - low) * 0.04
    low, high = low - margin, high + margin
    floor, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT

    def x_of(value: float) -> float:
        return _LEFT + (right - _LEFT) * (value - low) / (high - low)

    def y_of(value: float) -> float:
        return floor - (floor - _TOP) * (value - low) / (high - low)

    allowed = math.inf if limit is None else limit * float(values["scale"])
    body = [
        line(_LEFT, floor, right, floor, "axis"),
        line(_LEFT, floor, _LEFT, _TOP, "axis"),
        line(x_of(low), y_of(low), x_of(high), y_of(high), "ideal"),
    ]
    for r, c in pairs:
        kind = "dot bad" if abs(r - c) > allowed else "dot"
        body.append(f'<circle class="{kind}" cx="{x_of(r):.1f}" cy="{y_of(c):.1f}" r="2.2"/>')
    for value in (low + margin, high - margin):
        body += [
            text(x_of(value), floor + 15, f"{value:.3g}"),
            text(_LEFT - 6, y_of(value) + 4, f"{value:.3g}", anchor="end"),
        ]
    body.append(text(WIDTH / 2, HEIGHT - 3, "TensorFlow → · OpenCV ↑", "title"))
    return svg(body, f"OpenCV's {name} over TensorFlow's")


def shares(stages: Sequence[Mapping[str, Any]]) -> str:
    """Draw one bar, divided among the stages that the difference comes from."""
    width, height = 960, 54
    body, x = [], 0.0
    for index, stage in enumerate(stages):
        span = width * float(stage["share"])
        if span < 0.5:
            continue
        percent = f"{stage['name']} {100 * stage['share']:.0f} %"
        body.append(
            f'<rect class="stage{index}" x="{x:.1f}" y="0" width="{max(span - 2, 1):.1f}" '
            f'height="{height}" rx="4"><title>{escape(percent)}</title></rect>'
        )
        if span > 110:
            body.append(text(x + span / 2 - 1, height / 2 + 6, percent, "onbar"))
        x += span
    return svg(body, "Where the difference arises", width, height)


def layers(found: Sequence[Mapping[str, Any]], limit: float, first: str | None) -> str:
    """Draw each layer's error, in the order in which they run, on a logarithmic axis."""
    width, height = 960, 240
    floor = height - _BOTTOM
    low, high = -9.0, 0.5

    def y_of(error: float) -> float:
        power = high if not math.isfinite(error) else math.log10(max(error, 1e-9))
        return floor - (floor - _TOP) * (min(max(power, low), high) - low) / (high - low)

    step = (width - _LEFT - _RIGHT) / max(len(found), 1)
    body = [line(_LEFT, floor, width - _RIGHT, floor, "axis")]
    for index, layer in enumerate(found):
        error = float(layer["error"])
        x, y = _LEFT + (index + 0.5) * step, y_of(error)
        bad = " bad" if not error <= limit else ""
        name = f"{layer['key']} ({layer['kind']}): {error:.1e}"
        body.append(
            f'<g class="stem{bad}">{line(x, floor, x, y, "stem")}<circle cx="{x:.1f}" '
            f'cy="{y:.1f}" r="{max(1.5, min(5.0, step / 3)):.1f}"/>'
            f"<title>{escape(name)}</title></g>"
        )
        if layer["key"] == first:
            anchor = "start" if x < width / 2 else "end"
            body.append(text(x, max(y - 9, _TOP + 8), f"{layer['key']}", "note", anchor))
    body.append(line(_LEFT, y_of(limit), width - _RIGHT, y_of(limit), "limit"))
    body += [text(_LEFT - 6, y_of(10.0**p) + 4, f"1e{p}", anchor="end") for p in range(-9, 1, 3)]
    body.append(text(width / 2, height - 6, "layers, in the order in which they run →", "title"))
    return svg(body, "Error of each layer", width, height)


def durations(nanoseconds: Mapping[str, Sequence[float]], medians: Mapping[str, float]) -> str:
    """Draw every timed run as a dot, and each side's median as a line, from zero on."""
    width, row = 960, 46
    height = row * len(nanoseconds) + 30
    ordered = sorted(v / 1e6 for times in nanoseconds.values() for v in times)
    most = max(ordered[int(0.98 * (len(ordered) - 1))], *medians.values()) * 1.1
    left = 130

    def x_of(value_ms: float) -> float:
        return left + (width - left - 90) * min(value_ms / most, 1.0)

    body = []
    for index, (side, times) in enumerate(nanoseconds.items()):
        y = row * index + row / 2
        body.append(text(left - 12, y + 5, side, "label", "end"))
        body.append(
            f'<rect class="pace{index}" x="{left}" y="{y - 9:.1f}" '
            f'width="{x_of(medians[side]) - left:.1f}" height="18" rx="4"/>'
        )
        body += [
            f'<circle class="run" cx="{x_of(v / 1e6):.1f}" cy="{y + (k % 5 - 2) * 2.5:.1f}" r="2"/>'
            for k, v in enumerate(times)
        ]
        body.append(text(width - 4, y + 5, f"{medians[side]:.3g} ms", "label", "end"))
    return svg(body, "Durations", width, height)
