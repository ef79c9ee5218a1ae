"""The bar chart of speed: each model beside TensorFlow, and onnxruntime beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

_OURS, _THEIRS, _INK, _SOFT = "#0b6aa6", "#b4530a", "#1c2128", "#535c68"
_SUBJECTS: Final = (
    ("tf.function", "TensorFlow (tf.function)", _OURS),
    ("onnxruntime", "onnxruntime", _THEIRS),
)
_THICKNESS: Final = 0.36
_TICKS: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100)


def draw_speed(figures: Mapping[str, Any]) -> Figure:
    """Return the figure, from the record that `campaigns.performance` wrote."""
    mpl.rcParams.update({"font.family": "DejaVu Sans", "svg.hashsalt": "keras2cv"})
    cases = [case for case in figures["cases"] if case["group"] == "models"]
    cases.sort(key=lambda case: -float(case["subjects"]["tf.function"]["our_time_over_it"][0]))
    figure = Figure(figsize=(9, 0.5 * len(cases) + 1.8), facecolor="#ffffff")
    axes = figure.add_axes((0.17, 0.14, 0.8, 0.72))
    for number, (subject, title, color) in enumerate(_SUBJECTS):
        _bars(axes, cases, subject, (0.5 - number) * _THICKNESS, color, f"against {title}")
    axes.axvline(1, color=_INK, lw=1.6)
    axes.set_yticks(range(len(cases)), [case["name"] for case in cases], color=_INK)
    low, high = _limits(cases)
    axes.set(xscale="log", xlim=(low, high), ylim=(-0.6, len(cases) - 0.4))
    ticks = [tick for tick in _TICKS if low <= tick <= high]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("their time / our time: right of 1.0, keras2cv is faster", color=_INK)
    axes.grid(axis="x", color="#dde1e7", lw=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.legend(loc="lower right", frameon=False)
    figure.text(0.02, 0.945, "Speed of one image, on a CPU", fontsize=14, weight="bold", color=_INK)
    figure.text(0.02, 0.902, _machine(cases), fontsize=9.5, color=_SOFT)
    return figure


def _bars(
    axes: Any,
    cases: Sequence[Mapping[str, Any]],
    subject: str,
    offset: float,
    color: str,
    label: str,
) -> None:
    """Draw a bar from 1.0 for each model, with its 95 % interval."""
    for row, case in enumerate(cases):
        ratio = case["subjects"].get(subject, {}).get("our_time_over_it")
        if not ratio:
            continue
        times, high, low = (1 / value for value in ratio)
        axes.barh(row + offset, times - 1, _THICKNESS, left=1, color=color, label=label)
        axes.plot([low, high], [row + offset] * 2, color=_INK, lw=1.3)
        label = "_"  # one line of the legend for all of them


def _limits(cases: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Return the ends of the axis, a little beyond all intervals."""
    subjects = [case["subjects"].get(name, {}) for case in cases for name, _, _ in _SUBJECTS]
    ends = [1 / value for one in subjects for value in one.get("our_time_over_it") or ()]
    return min(0.5, *ends) / 1.1, max(2.0, *ends) * 1.1


def _machine(cases: Sequence[Mapping[str, Any]]) -> str:
    case = cases[0]
    versions, host = case["versions"], case["host"]
    names = ("opencv", "tensorflow", "onnxruntime")
    found = ", ".join(f"{name} {versions[name]}" for name in names)
    return f"{host['cpu']}, {host['cores']} cores, {case['when'][:10]}; {found}; lines: 95 %"
