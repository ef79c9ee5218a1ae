"""The notebooks of the docs run from top to bottom, and hold no outputs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "docs" / "notebooks").glob("*.ipynb"))


def cells(notebook: Path) -> list[dict[str, object]]:
    """Return the code cells."""
    found = json.loads(notebook.read_text(encoding="utf-8"))
    return [cell for cell in found["cells"] if cell["cell_type"] == "code"]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs(notebook: Path, tmp_path: Path) -> None:
    """All cells, in order, in a fresh Python and an empty folder."""
    code = "\n".join("".join(cell["source"]) for cell in cells(notebook))  # type: ignore[arg-type]
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout


def test_there_are_two_and_they_are_clean() -> None:
    """What they print is made by whoever runs them."""
    assert [path.stem for path in NOTEBOOKS] == ["first_minute", "from_keras"]
    for notebook in NOTEBOOKS:
        assert all(not c["outputs"] and c["execution_count"] is None for c in cells(notebook))
