"""Plots that a reader can point at, in place of the pictures of `performance.md`.

The page as a file has pictures, which GitHub shows. On the site each of them becomes a plot by
Plotly of the same record, `performance/figures.json`: names can be switched off, a part enlarged,
and a value read by pointing at it.
"""

from __future__ import annotations

import functools
import html
import json
from pathlib import Path
from typing import Any, Final

from docutils import nodes
from plotly import graph_objects as go
from plotly.offline import get_plotlyjs

DOCS: Final = Path(__file__).parents[1]
SCRIPT: Final = "plotly.min.js"

_NAMES: Final = {
    "bundle": "keras2cv",
    "tf.function": "TensorFlow, tf.function",
    "model.predict": "TensorFlow, model.predict",
    "naive": "Keras' ONNX export in cv2",
    "onnxruntime": "onnxruntime",
    "openvino": "OpenVINO",
    "litert": "LiteRT",
}
# Of about equal lightness, and read on white and on black (3:1 at least on both).
_COLORS: Final = dict(
    zip(
        _NAMES,
        ("#1f83c4", "#c2610f", "#a8568f", "#7d7d20", "#2f8f5b", "#7c6fd0", "#c44a5c"),
        strict=True,
    )
)
_AXES: Final = {
    "size": "side of the image, pixels",
    "batch": "images in a batch",
    "depth": "blocks",
    "threads": "threads",
}
_TRANSPARENT: Final = "rgba(0,0,0,0)"
_GRID: Final = "rgba(128,128,128,0.35)"
# Plotly's own text is black: the page's colour, light or dark, takes its place.
_STYLE: Final = """<style>
figure.plot { margin: 1rem 0; } figure.plot figcaption { font-size: 0.85em; }
figure.plot text { fill: var(--color-foreground-primary) !important; }
figure.plot .hoverlayer text { fill: #fff !important; }
</style>"""


def replace_pictures(app: Any, doctree: nodes.document, page: str) -> None:
    """Put a plot where a picture of `performance/` stands, with the picture's words as its name."""
    if page != "performance" or app.builder.format != "html":
        return
    for image in list(doctree.findall(nodes.image)):
        figure = figure_of(Path(image["uri"]).stem)
        if figure is not None:
            image.replace_self(nodes.raw("", _html(figure, image["alt"]), format="html"))


def write_script(app: Any, error: Exception | None) -> None:
    """Put Plotly's script beside the pages; the site works without a network."""
    if error is None and app.builder.format == "html":
        (Path(app.outdir) / "_static" / SCRIPT).write_text(get_plotlyjs(), encoding="utf-8")


def figure_of(name: str) -> go.Figure | None:
    """Return the plot that stands for a picture of this name, or None."""
    if name == "speed":
        return _bars()
    return _lines(name) if name in _AXES else None


def _bars() -> go.Figure:
    """Return their time over ours for each model, with 95 % intervals."""
    models = _cases("models")
    models.sort(key=lambda case: -case["subjects"]["tf.function"]["our_time_over_it"][0])
    figure = go.Figure(layout=_layout("their time / our time"))
    for subject, name in list(_NAMES.items())[1:]:
        known = [case for case in models if _ratio(case, subject)]
        if not known:
            continue
        ratios = [[1 / value for value in _ratio(case, subject)] for case in known]
        figure.add_bar(
            name=name,
            orientation="h",
            y=[case["name"] for case in known],
            x=[times - 1 for times, _, _ in ratios],
            base=1,
            marker_color=_COLORS[subject],
            error_x={
                "array": [most - times for times, most, _ in ratios],
                "arrayminus": [times - least for times, _, least in ratios],
                "color": "gray",
            },
            customdata=[
                (times, least, most, *_times(case, subject))
                for case, (times, most, least) in zip(known, ratios, strict=True)
            ],
            hovertemplate="%{y}: %{customdata[0]:.2f} (%{customdata[1]:.2f} to "
            "%{customdata[2]:.2f})<br>keras2cv %{customdata[3]:.1f} ms, "
            + f"{name} %{{customdata[4]:.1f}} ms<extra></extra>",
            visible=True if subject in ("tf.function", "onnxruntime") else "legendonly",
        )
    figure.update_xaxes(type="log", tickvals=[0.4, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10])
    figure.update_layout(height=110 + 34 * len(models), bargap=0.25)
    return figure.add_vline(x=1, line_color="gray")


def _lines(group: str) -> go.Figure:
    """Return milliseconds over what grows: the image, the batch, the depth or the threads."""
    cases = sorted(_cases(group), key=lambda case: float(case["x"]))
    figure = go.Figure(layout=_layout(_AXES[group]))
    for subject, name in _NAMES.items():
        known = [case for case in cases if subject in case["subjects"]]
        if not known:
            continue
        figure.add_scatter(
            name=name,
            mode="lines+markers",
            x=[case["x"] for case in known],
            y=[case["subjects"][subject]["median_ms"] for case in known],
            line_color=_COLORS[subject],
            hovertemplate=f"{name}: %{{y:.2f}} ms at %{{x}}<extra></extra>",
        )
    figure.update_yaxes(title="milliseconds, median", type="log", rangemode="tozero")
    figure.update_layout(height=380)
    return figure


def _layout(axis: str) -> go.Layout:
    return go.Layout(
        template="none",
        paper_bgcolor=_TRANSPARENT,
        plot_bgcolor=_TRANSPARENT,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.01},
        xaxis={"title": axis, "gridcolor": _GRID, "automargin": True},
        yaxis={"gridcolor": _GRID, "automargin": True},
    )


def _html(figure: go.Figure, words: str) -> str:
    plot = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        config={"displayModeBar": False, "responsive": True},
    )
    script = f'<script src="_static/{SCRIPT}"></script>'
    how = "Point at a value to read it. A click on a name hides or shows it."
    opening = f'<figure class="plot" aria-label="{html.escape(words)}">'
    return f"{_STYLE}{script}{opening}{plot}<figcaption>{how}</figcaption></figure>"


def _cases(group: str) -> list[dict[str, Any]]:
    return [case for case in _record()["cases"] if case["group"] == group]


@functools.cache
def _record() -> dict[str, Any]:
    text = (DOCS / "performance" / "figures.json").read_text(encoding="utf-8")
    record: dict[str, Any] = json.loads(text)
    return record


def _ratio(case: dict[str, Any], subject: str) -> list[float]:
    """Return our time over theirs: the median, the low and the high end; nothing if unknown."""
    ratio: list[float] | None = case["subjects"].get(subject, {}).get("our_time_over_it")
    return ratio or []


def _times(case: dict[str, Any], subject: str) -> tuple[float, float]:
    return (
        case["subjects"]["bundle"]["median_ms"],
        case["subjects"][subject]["median_ms"],
    )
