"""The picture of the whole way: a Keras model, its bundle, OpenCV's boxes."""

from __future__ import annotations

from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from numpy.typing import NDArray

_PAPER, _CARD, _EDGE = "#f6f7f9", "#ffffff", "#cfd5dd"
_INK, _SOFT, _MAIN = "#1c2128", "#535c68", "#0b5c8f"
_WIDTH, _HEIGHT = 12.0, 4.15  # inches
_TOP, _BOTTOM = 3.3, 0.95  # of the cards

_FILES: Final = (
    ("model.onnx", "the network"),
    ("manifest.json", "preprocessing, labels"),
    ("selftest.npz", "TensorFlow's answers"),
)


def draw_way(drawn_bgr: NDArray[Any]) -> Figure:
    """Return the figure; `drawn_bgr` is the photo with its boxes."""
    mpl.rcParams.update({"font.family": "DejaVu Sans"})
    figure = Figure(figsize=(_WIDTH, _HEIGHT), dpi=160, facecolor=_PAPER)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, _WIDTH), ylim=(0, _HEIGHT))
    axes.axis("off")
    _card(axes, 0.3, 2.9, "Keras", "keras2cv export")
    _text(axes, 1.75, 2.45, "detector.h5", size=17, weight="bold")
    _text(axes, 1.75, 1.95, "your trained model", color=_SOFT)
    _text(axes, 1.75, 1.5, "(.keras, .h5, SavedModel)", color=_SOFT, size=10)
    _card(axes, 4.1, 3.3, "The bundle: a folder", "copy it to the device")
    for row, (name, what) in enumerate(_FILES):
        _text(axes, 4.4, 2.9 - 0.66 * row, name, align="left", size=12, weight="bold")
        _text(axes, 4.4, 2.63 - 0.66 * row, what, align="left", size=10, color=_SOFT)
    _card(axes, 8.3, 3.4, "OpenCV, without TensorFlow", "keras2cv run, or C++")
    _picture(figure, drawn_bgr)
    for start, end in ((3.25, 4.05), (7.45, 8.25)):
        axes.add_patch(
            FancyArrowPatch(
                (start, 2.12), (end, 2.12), arrowstyle="-|>", mutation_scale=24, lw=2.5, color=_MAIN
            )
        )
    return figure


def _card(axes: Any, left: float, width: float, title: str, command: str) -> None:
    height = _TOP - _BOTTOM
    style = "round,pad=0.02,rounding_size=0.12"
    axes.add_patch(
        FancyBboxPatch((left, _BOTTOM), width, height, style, fc=_CARD, ec=_EDGE, lw=1.2)
    )
    _text(axes, left + width / 2, _TOP + 0.32, title, size=13, weight="bold")
    _text(axes, left + width / 2, _BOTTOM - 0.38, command, color=_MAIN, family="DejaVu Sans Mono")


def _text(
    axes: Any,
    x: float,
    y: float,
    text: str,
    *,
    color: str = _INK,
    size: float = 11.5,
    align: str = "center",
    **font: str,
) -> None:
    axes.text(x, y, text, color=color, fontsize=size, ha=align, va="center", **font)


def _picture(figure: Figure, drawn_bgr: NDArray[Any]) -> None:
    height = _TOP - _BOTTOM - 0.16
    width = height * drawn_bgr.shape[1] / drawn_bgr.shape[0]
    left = 8.3 + (3.4 - width) / 2
    place = (left / _WIDTH, (_BOTTOM + 0.08) / _HEIGHT, width / _WIDTH, height / _HEIGHT)
    axes = figure.add_axes(place)
    axes.imshow(drawn_bgr[..., ::-1], interpolation="lanczos", aspect="auto")
    axes.axis("off")
