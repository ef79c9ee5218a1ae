"""How far a bundle is proven: verified, inconclusive, or never compared."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from keras2cv.bundle.manifest import Manifest
from keras2cv.bundle.reading import SELFTEST
from keras2cv.errors import BundleError

Standing = Literal["verified", "inconclusive", "unverified"]

_WHY: Final = {
    "inconclusive": (
        "it was compared with TensorFlow, and its outputs on those samples say too little to tell "
        "right from wrong. Give inputs like those it is for: export it again with --samples, or "
        "run `keras2cv check` with --samples."
    ),
    "unverified": (
        "nobody compared it with TensorFlow. Export it without --no-check, or run `keras2cv check`."
    ),
}


def standing_of(folder: Path, manifest: Manifest) -> Standing:
    """Return what is known of the bundle in `folder`.

    An export that compares writes golden vectors, whatever it finds; one that does not has none.
    """
    if manifest.status == "verified":
        return "verified"
    return "inconclusive" if (folder / SELFTEST).is_file() else "unverified"


def unproven(folder: Path, manifest: Manifest) -> str:
    """Return a sentence on a bundle that is not verified; "" for one that is."""
    standing = standing_of(folder, manifest)
    return "" if standing == "verified" else f"{folder} is {standing}: {_WHY[standing]}"


def require_same(folder: str, found: str, sha256: str) -> None:
    """Raise if the model that was found in a folder is not the one of that sha256.

    Raises:
        BundleError: it is another.
    """
    if found != sha256:
        raise BundleError(
            f"{folder} holds another model (sha256 {found[:12]}...) than the one that was meant "
            f"({sha256[:12]}...). Give every machine the same bundle."
        )
