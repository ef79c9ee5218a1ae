"""The atlas as one self-contained HTML file, in colour."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import jinja2

from campaigns.atlas.cells import Atlas, Row
from campaigns.atlas.markdown import MIXED, error, percent
from campaigns.atlas.store import VERDICTS

_FOLDER: Final = Path(__file__).parent


def webpage(atlas: Atlas) -> str:
    """Return the whole page."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER, encoding="utf-8"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"error": error, "percent": percent}
    template = environment.get_template("compatibility.html.jinja")
    facts = {"verdicts": VERDICTS, "flaw": _flaw, "about": _ABOUT, "mixed": MIXED}
    return template.render(atlas=atlas, **facts) + "\n"


def _flaw(row: Row, ours: int) -> str:
    """Return the worst verdict of our own columns, by which a row is filtered."""
    cells = row.cells[:ours] or row.cells
    return max((cell.verdict for cell in cells), key=VERDICTS.index)


_ABOUT: Final[dict[str, Any]] = {
    "pass": "max abs error / max abs Keras output at most 1e-4, float32, worst of two samples, "
    "all outputs and all batch sizes",
    "refused": "export says why, and writes nothing",
    "fails": "OpenCV says that it cannot, when loading or running",
    "wrong": "numbers or a shape that are not Keras'",
    "crash": "the program ends",
}
