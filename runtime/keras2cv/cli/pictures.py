"""Drawn results, written to a file or a folder, or shown in a window."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
from numpy.typing import NDArray

from keras2cv.cli.earlier_outputs import is_drawn, marked_picture
from keras2cv.cli.output import cannot_write
from keras2cv.diagnosis.doctor import has_windows, with_windows
from keras2cv.errors import MissingDependency, UsageError
from keras2cv.net.opencv import installed_version
from keras2cv.plain_files import real_path
from keras2cv.streams.frames import Source

Array = NDArray[Any]

WRITTEN: Final = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
_QUIT: Final = (ord("q"), 27)  # 27: Esc


class Pictures:
    """Where `--save PATH` puts each picture: PATH itself for one image, a folder for several.

    Pictures keep their image's file name (frames of a video get .jpg); a name that is taken
    gets a number. Nothing that was given as a source is ever overwritten.
    """

    def __init__(self, where: Path, sources: Sequence[Source]) -> None:
        """Decide whether `where` is a file or a folder, and create the folder.

        Raises:
            UsageError: it does not fit the sources, cannot be written, or would overwrite them.
        """
        self._where = where
        self._is_file = where.suffix.lower() in WRITTEN and not where.is_dir()
        self._taken: set[str] = set()
        check_not_read(where, sources, inside=not self._is_file)
        if self._is_file and (len(sources) != 1 or sources[0].is_stream):
            raise UsageError(
                f"--save {where} names one picture, and there are several. Name a folder."
            )
        try:
            if not self._is_file and where.is_dir():
                for source in sources:
                    _require_ours(where / self._first_name(source.name), is_frame=source.is_stream)
            (where.parent if self._is_file else where).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(where, error) from error

    def keep(self, names: Iterable[str]) -> None:
        """Take the names of pictures that an earlier run has written."""
        for name in names:
            self._free_name(name)

    def place(self, name: str) -> Path:
        """Return where the picture of the frame `name` belongs; call it in the frames' order."""
        return self._where if self._is_file else self._where / self._free_name(name)

    def write(self, path: Path, picture: Array) -> None:
        """Write the picture (H, W, 3) uint8 BGR; several threads may.

        Raises:
            UsageError: it cannot be written.
        """
        encoded, data = cv2.imencode(path.suffix, picture)
        if not encoded:
            raise UsageError(f"OpenCV cannot encode {path}. Choose another suffix, such as .png.")
        try:
            _require_ours(path)
            path.write_bytes(marked_picture(data.tobytes(), path.suffix.lower()))
        except OSError as error:
            with contextlib.suppress(OSError):  # half a picture is none
                path.unlink(missing_ok=True)
            raise cannot_write(path, error) from error

    def _first_name(self, name: str) -> str:
        """Return the name of a picture, if it is free."""
        path = Path(Path(name).name.replace(":", "-"))
        suffix = path.suffix.lower()
        return f"{path.stem}{suffix}" if suffix in WRITTEN else f"{path.name}.jpg"

    def _free_name(self, name: str) -> str:
        found, number = self._first_name(name), 1
        stem, suffix = Path(found).stem, Path(found).suffix
        while found.casefold() in self._taken:
            number += 1
            found = f"{stem}-{number}{suffix}"
        self._taken.add(found.casefold())
        return found


class Window:
    """A window for `--show`: a key goes on, q or Esc ends it; a video goes on by itself."""

    def __init__(self) -> None:
        """Make sure that a window can be opened.

        Raises:
            MissingDependency: this OpenCV has no windows, or this session no display.
        """
        if not has_windows(cv2):
            raise MissingDependency(
                f"OpenCV {cv2.__version__} is built without windows, so there is no --show. "
                f"Use --save, or {with_windows(installed_version)}."
            )
        # Asked for here, since the windows' own library ends the process when there is none.
        if sys.platform.startswith("linux") and not _display():
            raise MissingDependency(
                "There is no display (DISPLAY and WAYLAND_DISPLAY are not set), so there is no "
                "--show. Use --save."
            )

    def show(self, picture: Array, *, wait: bool) -> bool:
        """Show the picture; return whether to go on."""
        cv2.imshow("keras2cv", picture)
        return cv2.waitKey(0 if wait else 1) & 0xFF not in _QUIT

    def close(self) -> None:
        """Close the window."""
        cv2.destroyAllWindows()


def _require_ours(path: Path, *, is_frame: bool = False) -> None:
    """Raise if there is a file at `path` that an earlier run has not drawn.

    Raises:
        UsageError: there is.
    """
    if not is_frame and os.path.lexists(path) and not is_drawn(path):
        raise UsageError(
            f"{path} exists, and `keras2cv run` has not drawn it. Name another folder with --save, "
            "or remove it."
        )


def check_not_read(where: Path, sources: Sequence[Source], *, inside: bool) -> None:
    """Raise if writing to `where`, or inside it, would overwrite a source, or draw on arrays.

    Raises:
        UsageError: it would, or there are arrays, on which nothing can be drawn.
    """
    arrays = [source.name for source in sources if not _has_image(source)]
    if arrays:
        raise UsageError(f"--save draws on images, and {arrays[0]} holds arrays. Use --json.")
    files = [part for source in sources for part in (source.parts.values() or (source,))]
    at = [real_path(file.path) for file in files if not file.is_live]
    if real_path(where) in ([path.parent for path in at] if inside else at):
        raise UsageError(f"--save {where} would overwrite what it reads. Name another place.")


def _has_image(source: Source) -> bool:
    parts = source.parts.values() or (source,)
    return any(part.kind != "arrays" for part in parts)


def _display() -> bool:
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
