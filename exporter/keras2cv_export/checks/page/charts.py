"""The charts of a check: errors, values, the stages' shares, errors by layer, durations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from keras2cv_export.pages.bars import WIDE, Bar, bars
from keras2cv_export.pages.chart import Drawing, chart, printable
from keras2cv_export.pages.palette import light
from keras2cv_export.parity.exactness import TENSORFLOW
from keras2cv_export.speed.speed import OURS, SpeedReport

if TYPE_CHECKING:
    from keras2cv_export.bisecting import LayerError
    from keras2cv_export.end_to_end.stages import Stage

_SMALL_WH: Final = (460, 220)
_MOST_DOTS: Final = 1500
_LEAST, _LARGEST = 1e-9, 10**0.5  # the errors that a chart of layers has room for
_EMPTY: Final = 0.7  # where bars on a logarithmic axis begin, so that 1 has a height


def histogram(
    values: Mapping[str, Any], limit: float | None, name: str, judge: str = TENSORFLOW
) -> Drawing:
    """Draw how many elements have which error, both axes logarithmic; beyond `limit` in red.

    Errors below the first edge, exact values mostly, are the bar at the left end.

    Args:
        values: An output's, of the record.
        limit: The limit of its error; None: there is none.
        name: The output's.
        judge: Who gave the reference's values.
    """
    errors = values["errors"]
    step = errors["edges"][1] / errors["edges"][0]
    lows = [errors["edges"][0] / step, *errors["edges"]]
    counts = [errors["below"], *errors["counts"], errors["above"] + errors["not_finite"]]
    top = max(*counts, 3) * 1.5
    powers = {10.0**p: f"1e{p}" for p in range(-7, 1, 2)}
    ticks = [n * 10**p for p in range(10) for n in ((1, 2, 5) if top < 50 else (1,))]
    with chart(f"Errors of {name}", _SMALL_WH, bottom=46) as drawn:
        axes = drawn.axes
        axes.set(xscale="log", yscale="log", xlim=(lows[0], lows[-1] * step), ylim=(_EMPTY, top))
        drawn.frame(
            "bottom",
            x={lows[0] * step**0.5: "≈ 0", **powers},
            y={tick: f"{tick:,}" for tick in ticks if tick <= top},
            title=f"|OpenCV - {judge}| / max |{judge}|",
        )
        for index, (low, count) in enumerate(zip(lows, counts, strict=True)):
            bad = limit is not None and low >= limit
            style = {"align": "edge", "color": light("bad" if bad else "main")}
            if count:
                width = low * (step**0.93 - 1)
                (patch,) = axes.bar(low, count - _EMPTY, width, _EMPTY, **style)
                span = f"{low:.1e} and more" if index else "below 1e-9"
                drawn.mark(patch, "bar bad" if bad else "bar", f"{count} elements: {span}")
        if limit:
            drawn.limit([limit, limit], [_EMPTY, top])
            drawn.note(limit * 1.2, top, f"limit {limit:.0e}", va="top")
        return drawn.drawing()


def scatter(
    values: Mapping[str, Any], limit: float | None, name: str, judge: str = TENSORFLOW
) -> Drawing:
    """Draw OpenCV's value over the judge's, a dot per element; the ideal is the diagonal.

    Args:
        values: An output's, of the record.
        limit: The limit of its error; None: there is none.
        name: The output's.
        judge: Who gave the reference's values.
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
    with chart(f"OpenCV's {name} over {judge}'s", _SMALL_WH, bottom=46) as drawn:
        drawn.axes.set(xlim=ends, ylim=ends)
        ticks = {low: f"{low:.3g}", high: f"{high:.3g}"}
        drawn.frame("bottom", "left", x=ticks, y=ticks, title=f"{judge} → · OpenCV ↑")
        drawn.line(ends, ends, "ideal", color="soft", linestyle=(0, (2, 3)), linewidth=1)
        kinds = (("dot", ~beyond, "main", 0.55), ("dot bad", beyond, "bad", 0.8))
        for kind, chosen, colour, alpha in kinds:
            drawn.dots(*both[:, chosen], kind, color=colour, alpha=alpha, markersize=4.4)
        return drawn.drawing()


def shares(stages: Sequence[Stage]) -> Drawing:
    """Draw one bar, divided among the stages that the difference comes from."""
    frame = {"left": 0, "right": 0, "top": 0, "bottom": 0}
    with chart("Where the difference arises", (WIDE, 54), **frame) as drawn:
        drawn.frame()
        drawn.axes.set(xlim=(0, 1), ylim=(-0.5, 0.5))
        start = 0.0
        for index, stage in enumerate(stages):
            words = f"{stage.name} {100 * stage.share:.0f} %"
            if stage.share >= 0.0005:
                colour = light(f"s{index % 4}")
                (patch,) = drawn.axes.barh(0, stage.share - 0.002, 1, start, color=colour)
                drawn.mark(patch, f"stage{index}", words)
            if stage.share > 0.12:
                style = {"ha": "center", "va": "center", "fontsize": 17, "weight": "bold"}
                drawn.text(start + stage.share / 2, 0, words, "onbar", color="card", **style)
            start += stage.share
        return drawn.drawing()


def layers(found: Sequence[LayerError], limit: float, first: str | None) -> Drawing:
    """Draw each layer's error, in the order in which they run; `first` is the wrong one's key."""
    errors = [one.error if math.isfinite(one.error) else math.inf for one in found]
    heights = np.clip(errors, _LEAST, _LARGEST)
    wrong = ~(np.array(errors) <= limit)
    ends = (-0.5, len(found) - 0.5)
    with chart("Error of each layer", (WIDE, 250), bottom=30) as drawn:
        drawn.axes.set(yscale="log", ylim=(_LEAST, _LARGEST), xlim=ends)
        powers = {10.0**p: f"1e{p}" for p in range(-9, 1, 3)}
        drawn.frame("bottom", y=powers, title="layers, in the order in which they run →")
        for kind, chosen, colour in (("stem", ~wrong, "main"), ("stem bad", wrong, "bad")):
            places = np.flatnonzero(chosen).tolist()
            stems = drawn.axes.vlines(places, _LEAST, heights[places], light(colour), alpha=0.35)
            drawn.mark(stems, kind)
            tips = [f"{found[k].key} ({found[k].kind}): {found[k].error:.1e}" for k in places]
            size = max(3.0, min(10.0, 600 / len(found)))
            drawn.dots(places, heights[places], kind, *tips, color=colour, markersize=size)
        drawn.limit(ends, [limit, limit])
        for place, one in enumerate(found):
            if one.key == first:
                side = "left" if place < len(found) / 2 else "right"
                drawn.note(place, min(heights[place] * 2, 1), printable(one.key, 50), ha=side)
        return drawn.drawing()


def durations(speed: SpeedReport) -> Drawing:
    """Draw every timed run as a dot, and each side's median as a bar."""
    found = [
        Bar(
            side,
            "ours" if side == OURS else "theirs",
            f"{speed.median_ms(side):.3g} ms",
            (speed.median_ms(side),),
            tuple(time / 1e6 for time in times),
        )
        for side, times in speed.nanoseconds.items()
    ]
    return bars(found, "Durations")
