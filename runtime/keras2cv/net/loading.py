"""Load a file into OpenCV's dnn, and report the engine that took it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.held_file import HeldFile
from keras2cv.bundle.leftovers import temporary_folder
from keras2cv.bundle.private_copy import PrivateCopy
from keras2cv.errors import NetError
from keras2cv.net.engine_options import openable
from keras2cv.net.engines import OPTIONS, check_engine, engine_of
from keras2cv.net.error_messages import condensed
from keras2cv.net.importers import importer_of

_ENDINGS: Final = {"onnx": ".onnx", "frozen": ".pb"}


def load_net(
    path: Path, copy: PrivateCopy | HeldFile | None, file_format: str, engines: Sequence[str]
) -> tuple[Any, str]:
    """Return the net, and the engine that really holds it.

    Args:
        path: The file.
        copy: Its bytes that were checked, which are loaded; None: those at `path` now.
        file_format: "onnx" or "frozen".
        engines: Those to try, in order.

    Raises:
        MissingDependency: This OpenCV reads no files of that format.
        NetError: OpenCV does not load the file.
        UsageError: Another engine than one of these took it, or a temporary file is needed and
            cannot be written.
    """
    source = _path_or_bytes(path) if copy is None else _copied(copy)
    problems = []
    for engine in engines:
        try:
            net = _read(source, file_format, engine)
        except (cv2.error, SystemError) as error:
            problems.append(f"{engine} engine: {condensed(error)}")
            continue
        if net.empty():
            problems.append(f"{engine} engine: the net is empty")
            continue
        check_engine(found := engine_of(net), engines)
        return net, found
    raise NetError(
        f"OpenCV {cv2.__version__} does not load {path.name} ({'; '.join(problems)}). "
        "Export it for this OpenCV, with --opencv."
    )


def _read(source: str | NDArray[np.uint8], file_format: str, engine: str) -> Any:
    importer = importer_of(cv2, file_format)
    if isinstance(source, str) or not _needs_a_file(engine):
        return importer(source, **OPTIONS[engine])
    with temporary_folder() as folder:
        path = folder / f"net{_ENDINGS[file_format]}"
        path.write_bytes(source.data)
        named = openable(str(path))
        return importer(source if _is_closed_to_cv2(named) else named, **OPTIONS[engine])


def _needs_a_file(engine: str) -> bool:
    """Whether only a file reaches an engine: 5.0 loads bytes into the new one, asked or not."""
    return engine == "classic" and bool(OPTIONS[engine])


def _path_or_bytes(path: Path) -> str | NDArray[np.uint8]:
    """Return the path, or the file's bytes where cv2 cannot open it."""
    named = openable(str(path))
    return np.fromfile(path, np.uint8) if _is_closed_to_cv2(named) else named


def _is_closed_to_cv2(path: str) -> bool:
    return sys.platform == "win32" and not path.isascii()


def _copied(copy: PrivateCopy | HeldFile) -> str | NDArray[np.uint8]:
    return copy.array() if copy.path is None else str(copy.path)
