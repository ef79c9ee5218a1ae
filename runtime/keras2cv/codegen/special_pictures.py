"""The kinds of pictures that not every language prepares."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from keras2cv.bundle.manifest import Manifest

# "several" pictures a sample, "clips" of frames, 16 bits of "depth", other "channels".
PREPARATIONS: Final = frozenset(("several", "clips", "depth", "channels"))


def special_pictures(manifest: Manifest, known: Collection[str] = ()) -> list[str]:
    """Return what is special about a bundle's pictures, in words; nothing for one plain picture.

    Args:
        manifest: The bundle's.
        known: Those of `PREPARATIONS` that are left out.
    """
    found = []
    if len(manifest.pictures) > 1 and "several" not in known:
        found.append(f"{len(manifest.pictures)} images a sample")
    for rules in manifest.pictures:
        if rules.clip is not None and "clips" not in known:
            found.append(f"clips of {rules.clip.window} frames")
        if rules.depth is not None and "depth" not in known:
            found.append(f"images of {rules.depth} bits")
        if rules.color not in ("RGB", "BGR", "GRAY") and "channels" not in known:
            found.append(f"images of {rules.channels} channels")
    return list(dict.fromkeys(found))
