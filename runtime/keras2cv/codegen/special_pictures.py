"""The kinds of pictures that not every language prepares."""

from __future__ import annotations

from keras2cv.bundle.manifest import Manifest


def special_pictures(manifest: Manifest) -> list[str]:
    """Return what is special about a bundle's pictures, in words; nothing for one plain picture."""
    found = []
    if len(manifest.pictures) > 1:
        found.append(f"{len(manifest.pictures)} images a sample")
    for rules in manifest.pictures:
        if rules.clip is not None:
            found.append(f"clips of {rules.clip.window} frames")
        if rules.depth is not None:
            found.append(f"images of {rules.depth} bits")
        if rules.color not in ("RGB", "BGR", "GRAY"):
            found.append(f"images of {rules.channels} channels")
    return list(dict.fromkeys(found))
