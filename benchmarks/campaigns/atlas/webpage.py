"""The atlas as one self-contained HTML file, in colour."""

from __future__ import annotations

from typing import Final

from campaigns.atlas.cells import Atlas, Row
from campaigns.atlas.markdown import MIXED, error, percent
from campaigns.atlas.store import VERDICTS
from keras2cv_export.pages.templating import render


def webpage(atlas: Atlas) -> str:
    """Return the whole page."""
    functions = {"error": error, "percent": percent, "flaw": _flaw}
    values = {"atlas": atlas, "verdicts": VERDICTS, "about": _about(atlas), "mixed": MIXED}
    return render(__package__, "compatibility.html.jinja", **values, **functions)


def _flaw(row: Row, ours: int) -> str:
    """Return the worst verdict of our own columns, by which a row is filtered."""
    cells = row.cells[:ours] or row.cells
    return max((cell.verdict for cell in cells), key=VERDICTS.index)


def _about(atlas: Atlas) -> dict[str, str]:
    return {"pass": f"{_RIGHT} all outputs and {atlas.batches}", **_ABOUT}


_RIGHT: Final = "max abs error / max abs Keras output at most 1e-4, float32, worst of two samples,"
_ABOUT: Final[dict[str, str]] = {
    "refused": "export writes nothing and gives the reason",
    "fails": "OpenCV reports an error while it loads or runs the file",
    "wrong": "the numbers or a shape differ from Keras'",
    "crash": "OpenCV ends the program",
}
