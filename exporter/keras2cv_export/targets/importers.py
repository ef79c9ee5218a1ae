"""The known importers of OpenCV: one for each measured version, and two for 5.0."""

from __future__ import annotations

from typing import Final

from keras2cv.net.opencv import version_tuple

# Oldest first. A version in between counts as the older of its neighbours: its faults were mended
# at some later version, which is not measured.
IMPORTERS: Final[tuple[str, ...]] = ("4.6", "4.8", "4.10", "4.12", "4.14", "5.0 classic", "5.0 new")

# The engines of the OpenCVs that have two.
CLASSIC: Final = tuple(one for one in IMPORTERS if one.endswith(" classic"))
NEW: Final = tuple(one for one in IMPORTERS if one.endswith(" new"))


def importer_of(opencv: str, engine: str = "classic") -> str:
    """Return the importer that stands for an OpenCV, "4.9" or "5.0.0", and an engine of 5.0's."""
    asked = version_tuple(opencv)[:2]
    older = [one for one in IMPORTERS if version_of(one) <= asked] or [IMPORTERS[0]]
    same = [one for one in older if version_of(one) == version_of(older[-1])]
    return next((one for one in same if one.endswith(f" {engine}")), same[0])


def version_of(importer: str) -> tuple[int, ...]:
    """Return (4, 6) of "4.6", and (5, 0) of "5.0 new"."""
    return version_tuple(importer.partition(" ")[0])


def since(refusing: tuple[str, ...]) -> str | None:
    """Return the version from which on no importer refuses; of 5.0, one engine is enough.

    None if both engines of 5.0 refuse too.
    """
    found = None
    for version in dict.fromkeys(one.partition(" ")[0] for one in reversed(IMPORTERS)):
        having = [one for one in IMPORTERS if one.partition(" ")[0] == version]
        if all(one in refusing for one in having):
            break
        found = version
    return found
