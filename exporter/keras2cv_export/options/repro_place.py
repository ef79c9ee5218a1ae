"""The folder of a reproduction: whether its files may be written there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from keras2cv.errors import UsageError
from keras2cv.plain_files import read_plain

FILES: Final = ("repro.onnx", "repro.npz", "repro.py", "README.md")
SIGN: Final = 'readNetFromONNX(str(here / "repro.onnx")'  # in every repro.py of ours
_MOST_BYTES: Final = 2**20


def require_repro_place(folder: str | os.PathLike[str]) -> None:
    """Refuse a folder in which a file of another origin has the name of one to write.

    Raises:
        UsageError: It has, or cannot be read.
    """
    there = [name for name in FILES if os.path.lexists(Path(folder, name))]
    try:
        script = Path(folder, "repro.py")
        if not there or SIGN in read_plain(script, _MOST_BYTES).decode("utf-8", "replace"):
            return
    except OSError:
        pass  # no script: the files are somebody else's
    raise UsageError(
        f"{Path(folder, there[0])} exists, and no earlier --repro wrote it. Name another folder."
    )
