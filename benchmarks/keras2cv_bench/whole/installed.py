"""How much of a disk must be installed for a way: distributions, and all that they require."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.metadata import packages_distributions as distributions_of_packages
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import keras2cv


def installed_mb(roots: Iterable[str]) -> float:
    """Return the size of distributions and of everything that they require, in 2**20 bytes.

    Args:
        roots: Names of distributions; "cv2" stands for whichever has it, and "keras2cv" for the
            runtime alone.
    """
    total, waiting, seen = 0, list(roots), set[str]()
    while waiting:
        name = waiting.pop()
        if name == "keras2cv":
            total += _folder_bytes(Path(str(keras2cv.__file__)).parent)
            continue
        for one in distributions_of_packages().get("cv2", []) if name == "cv2" else [name]:
            if (key := canonicalize_name(one)) in seen:
                continue
            seen.add(key)
            try:
                found = distribution(one)
            except PackageNotFoundError:
                continue
            total += _bytes_of(found)
            waiting += _required(found)
    return total / 2**20


def _bytes_of(found: Distribution) -> int:
    paths = (Path(str(found.locate_file(file))) for file in found.files or ())
    return sum(path.stat().st_size for path in paths if path.is_file())


def _required(found: Distribution) -> list[str]:
    wanted = [Requirement(text) for text in found.requires or ()]
    return [r.name for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})]


def _folder_bytes(folder: Path) -> int:
    files = (p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return sum(p.stat().st_size for p in files)
