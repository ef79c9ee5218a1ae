"""The oldest OpenCV that runs a graph, and why older ones do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from keras2cv_export.targets.importers import CLASSIC, IMPORTERS, since, version_of
from keras2cv_export.targets.target import Target, dotted

from .found import Unsupported


@dataclass(frozen=True)
class Oldest:
    """The oldest OpenCV that runs a graph.

    Attributes:
        opencv: "4.6", or the oldest that was asked for.
        because: The nodes that the version before it cannot run.
        classic: Whether the classic engine of 5.0 runs it.
    """

    opencv: str
    because: tuple[Unsupported, ...]
    classic: bool

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for the user; empty where every requested version runs the graph."""
        if not self.because:
            return ()
        first, more = self.because[0], len(self.because) - 1
        others = f" (and {more} more)" if more else ""
        which = f"OpenCV {self.opencv} or newer" + ("" if self.classic else ", new engine")
        return (f"It needs {which}: {first.op} in {first.layer}, {first.why}{others}.",)


def oldest(found: Sequence[Unsupported], target: Target) -> Oldest:
    """Return the oldest OpenCV that runs a graph in which `examine` found `found`.

    It is never older than the requested one: the graph was made for that and newer ones.
    """
    refusing = {importer for one in found for importer in one.importers}
    version = since(tuple(refusing)) or IMPORTERS[-1].partition(" ")[0]
    before = [one for one in IMPORTERS if version_of(one) < version_of(version)]
    because = tuple(one for one in found if before and before[-1] in one.importers)
    classic = refusing.isdisjoint(CLASSIC)
    if not classic and version_of(version) >= (5, 0):
        because = tuple(one for one in found if set(CLASSIC) & set(one.importers)) or because
    if version_of(version) < target.opencv:
        return Oldest(dotted(target.opencv), (), classic)
    return Oldest(version, because, classic)
