"""How many files a range of commits touched, by part of the checkout."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

SOURCE_ROOTS = ("runtime", "exporter", "benchmarks")


def touched_files(root: Path, commits: str) -> list[str]:
    """Return the files that differ between two commits, given as `OLD..NEW`.

    Raises:
        ValueError: If git does not know the commits.
    """
    command = ["git", "-C", str(root), "diff", "--name-only", "--no-renames", commits, "--"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(f"git cannot compare {commits!r}: {done.stderr.strip()}")
    return done.stdout.splitlines()


def count_by_part(files: Iterable[str]) -> dict[str, int]:
    """Count source, templates, tests, docs and the rest."""
    return dict(sorted(Counter(part_of(file) for file in files).items()))


def part_of(file: str) -> str:
    """Return to which part of the checkout a file belongs."""
    path = PurePosixPath(file)
    if path.parts[0] == "tests":
        return "tests"
    if path.parts[0] in SOURCE_ROOTS:
        return "source" if path.suffix == ".py" else "templates"
    return "docs" if path.parts[0] == "docs" or path.suffix == ".md" else "other"
