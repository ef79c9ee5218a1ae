"""A small file that holds a huge picture is refused before memory is taken for it."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

from keras2cv.cli.picture_limit import MAX_PIXELS, VARIABLE
from support.tiny_bundle import Classifier

SIDE = 16_400  # its square is just above MAX_PIXELS


def test_a_picture_of_too_many_pixels_is_named_and_the_rest_runs(tmp_path: Path) -> None:
    """By default; OpenCV itself would take up to 2^30 of them."""
    assert SIDE**2 > MAX_PIXELS
    bundle = Classifier().write(tmp_path / "cat.cv")
    bomb, small = _white(tmp_path / "bomb.png", SIDE), _white(tmp_path / "small.png", 32)
    ran = _run(bundle, bomb, small)
    assert "bomb.png has more pixels than OpenCV may decode here" in ran.stderr, ran.stderr
    assert VARIABLE in ran.stderr
    assert "small.png" in ran.stdout


def test_the_limit_is_the_users_where_they_set_it(tmp_path: Path) -> None:
    """Lower as well as higher."""
    bundle = Classifier().write(tmp_path / "cat.cv")
    ran = _run(bundle, _white(tmp_path / "small.png", 32), limit="1000")
    assert "small.png has more pixels" in ran.stderr


def _run(bundle: Path, *pictures: Path, limit: str = "") -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    return subprocess.run(
        [sys.executable, "-m", "keras2cv", "run", str(bundle), *map(str, pictures)],
        env={**environment, **({VARIABLE: limit} if limit else {})},
        capture_output=True,
        text=True,
        check=False,
    )


def _white(path: Path, side: int) -> Path:
    """Write a PNG of one bit a pixel."""
    row = b"\0" + b"\xff" * -(-side // 8)
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(row * side, 1)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    return path
