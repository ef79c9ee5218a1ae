"""An entry that runs a whole program, a Python file, as the interpreter does."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable, Mapping
from typing import Any


def run_file(request: Mapping[str, Any], report: Callable[..., None]) -> dict[str, Any]:
    """Run the file "path" with "arguments"; return its exit code."""
    report(stage="running")
    sys.argv = [request["path"], *request.get("arguments", ())]
    try:
        runpy.run_path(request["path"], run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return {"exit_code": end.code if isinstance(end.code, int) else int(bool(end.code))}
    return {"exit_code": 0}
