"""What a machine's own Python measures of images: blobs, reads past their end, costs.

Each measurement is a file that the machine runs, and is kept as it comes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from keras2cv.errors import MissingDependency

_HERE: Final = Path(__file__).resolve().parent
_RUNTIME: Final = _HERE.parents[2] / "runtime"

Found = Mapping[str, Any]


def measured(
    kept: Path,
    python: Path,
    name: str,
    *words: str,
    suffices: Callable[[Found], bool] = lambda _: True,
) -> Found:
    """Return what `NAME_child.py` prints on that machine, from the file `kept` if it suffices.

    Args:
        kept: Where it is stored.
        python: The machine's.
        name: "blobs", "guards" or "costs".
        *words: The child's arguments.
        suffices: Whether what is stored was measured as these arguments say, or better.

    Raises:
        MissingDependency: It prints nothing: its last words are on stderr.
    """
    if not kept.exists() or not suffices(_read(kept)):
        print(f"{name} on {python.parent.name}", file=sys.stderr, flush=True)
        environment = {**os.environ, "PYTHONPATH": str(_RUNTIME)}
        command = [str(python), str(_HERE / f"{name}_child.py"), *words]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=False)
        if done.returncode:
            raise MissingDependency(f"{' '.join(command)} ended with {done.returncode}.")
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(done.stdout)
    return _read(kept)


def _read(kept: Path) -> Found:
    found: Found = json.loads(kept.read_text(encoding="utf-8"))
    return found


def covers(found: Found, targets: str, step: int) -> bool:
    """Return whether images were measured for these targets, and as many for each or more."""
    sides = {int(side) for side in targets.split(",")}
    return bool(found["step"] <= step and sides <= set(found["targets"]))


def wrong_blobs(found: Found, expected: Found) -> list[str]:
    """Return the names of the blobs that are not those of x86-64."""
    return [name for name, digest in expected["blobs"].items() if found["blobs"][name] != digest]


def own_crashes(guards: Found) -> list[str]:
    """Return keras2cv's own calls that read past the end of an image."""
    return [
        f"{kind}: {case}"
        for kind, calls in guards["kinds"].items()
        if kind != "cv2.resize"
        for case in calls["crashed"]
    ]
