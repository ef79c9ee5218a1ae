"""Apply the choice of `export --tune`, the fastest settings of a bundle, if it holds here too."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

import cv2

from keras2cv.bundle.manifest import Manifest, Rate, Trial


def why_not(manifest: Manifest) -> str | None:
    """Explain why the choice of `export --tune` does not hold here; None if it does."""
    tuned = manifest.tuned
    if tuned is None:
        return "it was not tuned"
    if tuned.opencv != cv2.__version__:
        return f"this is OpenCV {cv2.__version__}"
    if tuned.cores != cores():
        return f"this machine has {cores()} cores"
    return None


def choice_for(manifest: Manifest, device: str, engine: str | None) -> Trial | None:
    """Return the chosen trial for a device, and for an engine if one was asked for, or None."""
    if device != "cpu" or manifest.tuned is None or why_not(manifest) is not None:
        return None
    choice = manifest.tuned.choice
    return choice if engine in (None, choice.engine) else None


def rate_for(manifest: Manifest, device: str, engine: str | None) -> Rate | None:
    """Return the fastest rate for many samples with the settings of `choice_for`, or None."""
    choice = choice_for(manifest, device, engine)
    return manifest.tuned.fastest if choice is not None and manifest.tuned is not None else None


def cores() -> int:
    """Return how many processors the machine has."""
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class NetSettings:
    """The caller's settings of the net; None leaves one to the bundle."""

    engine: str | None
    threads: int | None
    fusion: bool | None
    winograd: bool | None

    def tuned(self, manifest: Manifest, device: str) -> NetSettings:
        """Fill in the choice of `export --tune`, if it holds on this machine."""
        choice = choice_for(manifest, device, self.engine)
        if choice is None:
            return self
        return NetSettings(
            choice.engine,
            choice.threads if self.threads is None else self.threads,
            choice.fusion if self.fusion is None else self.fusion,
            choice.winograd if self.winograd is None else self.winograd,
        )


def manifest_at(
    manifest: Manifest, batch: int | Literal["auto"] | None, device: str, engine: str | None
) -> Manifest:
    """Return the manifest for runs of `batch` samples.

    Args:
        manifest: the bundle's manifest.
        batch: a number, "auto" for the fastest that `export --tune` found, or None for no change.
        device: the device that was asked for.
        engine: the engine that was asked for or chosen; None: the verified one.
    """
    if batch == "auto":
        rate = rate_for(manifest, device, engine)
        batch = None if rate is None else rate.batch
    return manifest if batch is None else manifest.at_batch(batch)
