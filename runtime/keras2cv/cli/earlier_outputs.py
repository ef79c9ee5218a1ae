"""Recognise a file that an earlier command of this project wrote, by what is in it.

JSON is known by its keys, a page by its `generator`, a picture or a video by a mark that `run`
leaves in it, where its format has a place for notes or ends before the file does.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from pathlib import Path
from typing import Any, Final

from keras2cv.plain_files import open_plain

_MARK: Final = b"drawn by keras2cv"
_MARK_AREA: Final = 256  # bytes at a file's end in which the mark is
_MOST_JSON: Final = 2**28
_HTML_START: Final = 4096
GENERATOR: Final = b'<meta name="generator" content="keras2cv">'
# The keys of each verb's JSON, any one set of which is enough.
_KEYS: Final = (
    {"verdict", "rows", "opencv"},  # selftest
    {"keras2cv", "python", "missing_for_export"},  # doctor
    {"keras2cv", "python", "opencv", "numpy"},  # version
    {"bundle", "standing", "manifest"},  # info
    {"bundle", "verdict", "rows"},  # matrix
    {"bundle", "status", "parity"},  # export
    {"parity"},  # export, where OpenCV's predictions are others
    {"name", "supported", "targets", "findings"},  # inspect
)
_TOOLS: Final = ("keras2cv ",)  # the start of "tool", in the records of check, bench and evaluate


def is_our_json(path: Path) -> bool:
    """Return whether a verb's `--json` wrote the file."""
    with open_plain(path) as file:
        first = file.readline(_MOST_JSON)
        if first.startswith(b'{"source": '):
            record = _parsed(first)
            was_cut_off = record is None and not first.endswith(b"\n")
            return was_cut_off or _is_answer(record)
        text = first + file.read(_MOST_JSON)
    record = _parsed(text)
    if not isinstance(record, dict):
        return False
    if str(record.get("tool", "")).startswith(_TOOLS):
        return True
    if set(record) == {"parity"}:
        return isinstance(record["parity"], dict) and "verdict" in record["parity"]
    return any(keys <= set(record) for keys in _KEYS)


def is_our_html(path: Path) -> bool:
    """Return whether a verb's `--html` wrote the file."""
    with open_plain(path) as file:
        return GENERATOR in file.read(_HTML_START)


def is_drawn(path: Path) -> bool:
    """Return whether `run --save` drew the picture or video."""
    with open_plain(path) as file:
        file.seek(0, os.SEEK_END)
        file.seek(-min(_MARK_AREA, file.tell()), os.SEEK_END)
        return _MARK in file.read()


def marked_picture(data: bytes, suffix: str) -> bytes:
    """Return an encoded picture with the mark: a PNG's text, or after the end of another format."""
    if suffix != ".png":
        return data + _MARK
    text = b"tEXt" + b"Software\0" + _MARK
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    end = data.rindex(b"IEND") - 4
    return data[:end] + chunk + data[end:]


def mark_video(path: Path) -> None:
    """Append the mark to a finished video, in a box or chunk that players skip.

    Raises:
        OSError: it cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix in (".mp4", ".m4v", ".mov"):
        mark = struct.pack(">I", 8 + len(_MARK)) + b"free" + _MARK
    elif suffix in (".mkv", ".webm"):
        mark = b"\xec" + bytes([0x80 | len(_MARK)]) + _MARK  # EBML's Void
    else:
        padded = _MARK + b"\0" * (len(_MARK) % 2)
        mark = b"JUNK" + struct.pack("<I", len(padded)) + padded
    with path.open("ab") as file:
        file.write(mark)


def _is_answer(record: Any) -> bool:
    return isinstance(record, dict) and ("task" in record or "error" in record)


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
