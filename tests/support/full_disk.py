"""Small disks, which are full at once: file systems in memory that only root may mount."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def disk(place: Path, kib: int) -> Iterator[Path]:
    """Give an empty file system of `kib` KiB at `place`, a new folder; skip where it cannot be."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("only root on Linux may mount a small file system")
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(place)]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {done.stderr.decode().strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)  # noqa: S607 - the system's


def read_only(place: Path) -> None:
    """Let nobody write to the file system at `place` any more, root included."""
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)  # noqa: S607
