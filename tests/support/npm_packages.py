"""Node, and the npm packages in ~/.cache/keras2cv/npm: those of support/npm/package.json.

`.ci/run` installs them. A test that finds none skips, and fails if CI=true.
"""

from __future__ import annotations

import filecmp
import shutil
import subprocess
from pathlib import Path
from typing import Final, NoReturn

from support.left_out import leave_out

OPENCV_JS: Final = {"4.12": "opencv-js-4", "5.0": "opencv-js-5"}  # version -> package

_OF_TESTS: Final = Path(__file__).with_name("npm")
_CACHE: Final = Path.home() / ".cache" / "keras2cv" / "npm"
_INSTALL: Final = (
    f"cp {_OF_TESTS}/*.json {_CACHE} && npm install --no-package-lock --prefix {_CACHE}"
)
_TIMEOUT_S: Final = 300


def package(name: str) -> Path:
    """Return the folder of an installed package; skip the test where there is none."""
    names = "package.json"
    folder = _CACHE / "node_modules" / name
    is_there = folder.is_dir() and (_CACHE / names).is_file()
    if is_there and filecmp.cmp(_CACHE / names, _OF_TESTS / names, shallow=False):
        return folder
    return _missing(f"the npm packages of tests/support/npm are not installed: {_INSTALL}")


def run_node(*arguments: object, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run Node, and return its output and errors; skip the test where there is none."""
    node = shutil.which("node") or _missing("there is no node. apt install nodejs")
    return subprocess.run(
        [str(node), *map(str, arguments)],
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=_TIMEOUT_S,
        cwd=folder,
    )


def _missing(problem: str) -> NoReturn:
    leave_out("node", problem)
