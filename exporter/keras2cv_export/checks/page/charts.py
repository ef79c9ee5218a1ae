"""The charts of a check: errors, values, the stages' shares, and errors layer by layer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from keras2cv_export.pages.bars import WIDE, Bar, bars
from keras2cv_export.pages.chart import Chart, Drawing, chart, printable
from keras2cv_export.pages.palette import light
from keras2cv_export.speed.speed import OURS

_SMALL_WH: Final = (460, 220)
_MOST_DOTS: Final = 1500
_LEAST, _LARGEST = 1e-9, 10**0.5  # the errors that a chart of layers has room for
_EMPTY: Final = 0.7  # where bars on a logarithmic axis begin, so that 1 has a height
_LIMIT: Final = {"color": light("bad"), "linestyle": (0, (4, 3)), "linewidth": 1.5}
_NOTE: Final = {"color": light("bad"), "weight": "bold"}


def histogram(errors: Mapping[str, Any], limit: float | None, name: str) -> Drawing:
    """Draw how many elements have which error, both axes logarithmic; beyond `limit` in red.

    What is below the first edge, exact values mostly, is the bar at the left end.

    Args:
        errors: The record's: edges, counts, below, above, not_finite.
        limit: The largest error that is allowed.
        name: The output's.
    """
    edges: Sequence[float] = errors["edges"]
    step = edges[1] / edges[0]
    lows = [edges[0] / step, *edges]
    counts = [errors["below"], *errors["counts"], errors["above"] + errors["not_finite"]]
    with chart(f"Errors of {name}", _SMALL_WH, bottom=46) as drawn:
        drawn.frame("bottom")
        drawn.axes.set(xscale="log", yscale="log", xlim=(lows[0], lows[-1] * step))
        top = max(*counts, 3) * 1.5
        drawn.axes.set_ylim(_EMPTY, top)
        for low, count in zip(lows, counts, strict=True):
            if count:
                bad = limit is not None and low >= limit
                span = "below 1e-9" if low < edges[0] else f"{low:.1e} and more"
                _column(drawn, low, count, step, bad, f"{count} elements: {span}")
        drawn.axes.set_xticks([lows[0] * step**0.5, *(10.0**p for p in range(-7, 1, 2))])
        drawn.axes.set_xticklabels(["≈ 0", *(f"1e{p}" for p in range(-7, 1, 2))])
        ticks = [n * 10**p for p in range(10) for n in ((1, 2, 5) if top < 50 else (1,))]
        ticks = [tick for tick in ticks if tick <= top]
        drawn.axes.set_yticks(ticks, [f"{tick:,}" for tick in ticks])
        drawn.axes.minorticks_off()
        drawn.axes.set_xlabel("|OpenCV - TensorFlow| / max |TensorFlow|", color=light("soft"))
        if limit:
            drawn.line([limit, limit], [_EMPTY, top], "limit", **_LIMIT)
            where = {"transform": drawn.axes.get_xaxis_transform(), "va": "top"}
            drawn.text(limit * 1.2, 1, f"limit {limit:.0e}", "note halo", **where, **_NOTE)
        return drawn.drawing()


def _column(drawn: Chart, low: float, count: int, step: float, bad: bool, tip: str) -> None:
    colour = light("bad" if bad else "main")
    width = low * (step**0.93 - 1)
    (patch,) = drawn.axes.bar(low, count - _EMPTY, width, _EMPTY, align="edge", color=colour)
    drawn.mark(patch, "bar bad" if bad else "bar", tip)


def scatter(values: Mapping[str, Any], limit: float | None, name: str) -> Drawing:
    """Draw OpenCV's value over TensorFlow's, a dot per element; the ideal is the diagonal.

    Args:
        values: The record's: reference and candidate element by element, scale.
        limit: The largest error that is allowed, of `scale`.
        name: The output's.
    """
    both = np.array([values["reference"], values["candidate"]], np.float64)
    both = both[:, np.isfinite(both).all(axis=0)]
    both = both[:, :: max(1, -(-both.shape[1] // _MOST_DOTS))]
    low, high = (float(both.min()), float(both.max())) if both.size else (0.0, 1.0)
    if high == low:
        low, high = low - 1, high + 1
    margin = (high - low) * 0.04
    ends = (low - margin, high + margin)
    beyond = np.abs(both[0] - both[1]) > (math.inf if limit is None else limit * values["scale"])
    with chart(f"OpenCV's {name} over TensorFlow's", _SMALL_WH, bottom=46) as drawn:
        drawn.frame("bottom", "left")
        drawn.line(ends, ends, "ideal", color=light("soft"), linestyle=(0, (2, 3)), linewidth=1)
        for chosen, kind, colour, alpha in (
            (~beyond, "dot", "main", 0.55),
            (beyond, "dot bad", "bad", 0.8),
        ):
            if chosen.any():
                style = {"color": light(colour), "alpha": alpha, "markersize": 4.4}
                drawn.dots(both[0, chosen], both[1, chosen], kind, **style)
        ticks = {"ticks": (low, high), "labels": (f"{low:.3g}", f"{high:.3g}")}
        drawn.axes.set(xlim=ends, ylim=ends)
        drawn.axes.set_xticks(**ticks)
        drawn.axes.set_yticks(**ticks)
        drawn.axes.set_xlabel("TensorFlow → · OpenCV ↑", color=light("soft"))
        return drawn.drawing()


def shares(stages: Sequence[tuple[str, float]]) -> Drawing:
    """Draw one bar, divided among the stages that the difference comes from.

    Args:
        stages: (name, share) in the pipeline's order; shares add up to one.
    """
    with chart(
        "Where the difference arises", (WIDE, 54), left=0, right=0, top=0, bottom=0
    ) as drawn:
        drawn.frame()
        drawn.axes.set(xlim=(0, 1), ylim=(-0.5, 0.5))
        start = 0.0
        for index, (name, share) in enumerate(stages):
            if share < 0.0005:
                continue
            words = f"{name} {100 * share:.0f} %"
            (patch,) = drawn.axes.barh(0, share - 0.002, 1, start, color=light(f"s{index % 4}"))
            drawn.mark(patch, f"stage{index}", words)
            if share > 0.12:
                style = {"fontsize": 17, "weight": "bold", "color": light("card")}
                drawn.text(start + share / 2, 0, words, "onbar", ha="center", va="center", **style)
            start += share
        return drawn.drawing()


def layers(found: Sequence[tuple[str, str, float]], limit: float, first: str | None) -> Drawing:
    """Draw each layer's error, in the order in which they run, on a logarithmic axis.

    Args:
        found: (key, kind, error) of each layer; what is no number is at the top.
        limit: The largest error that is allowed.
        first: The key of the first layer that is wrong, which is named.
    """
    heights = [min(max(e, _LEAST), _LARGEST) if math.isfinite(e) else _LARGEST for _, _, e in found]
    with chart("Error of each layer", (WIDE, 250), bottom=30) as drawn:
        drawn.frame("bottom")
        drawn.axes.set(yscale="log", ylim=(_LEAST, _LARGEST), xlim=(-0.5, len(found) - 0.5))
        for wrong, colour in ((False, "main"), (True, "bad")):
            places = [k for k, (_, _, e) in enumerate(found) if (not e <= limit) == wrong]
            tops = [heights[k] for k in places]
            kind = "stem bad" if wrong else "stem"
            stems = drawn.axes.vlines(places, _LEAST, tops, color=light(colour), alpha=0.35)
            drawn.mark(stems, kind)
            tips = ["{} ({}): {:.1e}".format(*found[k]) for k in places]
            size = max(3.0, min(10.0, 600 / max(len(found), 1)))
            drawn.dots(places, tops, kind, *tips, color=light(colour), markersize=size)
        drawn.line([-0.5, len(found) - 0.5], [limit, limit], "limit", **_LIMIT)
        for place, (key, _, _) in enumerate(found):
            if key == first:
                side = "left" if place < len(found) / 2 else "right"
                height = min(heights[place] * 2, _LARGEST / 3)
                drawn.text(place, height, printable(key, 50), "note halo", ha=side, **_NOTE)
        ticks = [10.0**p for p in range(-9, 1, 3)]
        drawn.axes.set_yticks(ticks, [f"1e{p}" for p in range(-9, 1, 3)])
        drawn.axes.set_xticks([])
        drawn.axes.minorticks_off()
        drawn.axes.set_xlabel("layers, in the order in which they run →", color=light("soft"))
        return drawn.drawing()


def durations(nanoseconds: Mapping[str, Sequence[float]], medians: Mapping[str, float]) -> Drawing:
    """Draw every timed run as a dot, and each side's median in milliseconds as a bar."""
    found = [
        Bar(
            side,
            "ours" if side == OURS else "theirs",
            medians[side],
            f"{medians[side]:.3g} ms",
            tuple(time / 1e6 for time in times),
        )
        for side, times in nanoseconds.items()
    ]
    return bars(found, "Durations")
