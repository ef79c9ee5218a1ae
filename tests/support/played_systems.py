"""Run the verbs on Windows or macOS, as played in a child process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from support.system_child import RESULTS

_TESTS = Path(__file__).parents[1]
_SOURCES = ("runtime", "exporter", "tests")


def run_played(system: str, steps: str, folder: Path) -> list[tuple[str, Any]]:
    """Return the outcome of each of some steps, "runtime" or "exporter", on a system.

    The console has Windows' code page.

    Raises:
        AssertionError: The child ends otherwise; what it printed is the message.
    """
    temporary = folder / "tmp"
    temporary.mkdir()
    paths = [_TESTS / "support/played_system", *(_TESTS.parent / name for name in _SOURCES)]
    variables = {
        **os.environ,
        "KERAS2CV_PLAYED_SYSTEM": system,
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "PYTHONIOENCODING": "cp1252",
        "TMPDIR": str(temporary),
    }
    script = str(_TESTS / "support/system_child.py")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", script, steps, str(folder)],
        env=variables,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="cp1252",
        errors="replace",
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    assert "Traceback" not in done.stdout, done.stdout[-5000:]
    found = json.loads((folder / RESULTS).read_text(encoding="utf-8"))
    return [(name, outcome) for name, outcome in found]
