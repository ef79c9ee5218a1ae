"""Apply the fastest settings of a bundle: those of `tune` here, or of `export --tune` if they hold.

`keras2cv tune` measures on the machine that runs the bundle, so its choice comes first. The one of
`export --tune`, which the manifest holds, is taken on the machine that it was found on alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import cv2

from keras2cv.bundle.manifest import Manifest, Rate, Trial
from keras2cv.net.forms import runs_on_cpu
from keras2cv.net.local_choice import local_choice
from keras2cv.net.machine import cores, most_threads, processor


@dataclass(frozen=True, slots=True)
class FastestSettings:
    """The settings that were found fastest, the file they are for, and the rate for many samples.

    `file` None: the bundle's `model.onnx` (or `model.pb`).
    """

    trial: Trial
    rate: Rate | None
    file: str | None = None


def why_not(manifest: Manifest) -> str | None:
    """Explain why the choice of `export --tune` does not hold here; None if it does."""
    tuned = manifest.tuned
    if tuned is None:
        return "it was not tuned"
    if tuned.opencv != cv2.__version__:
        return f"this is OpenCV {cv2.__version__}"
    if tuned.cores != cores():
        return f"this process may use {cores()} cores"
    if tuned.machine != processor():
        return f"this is {processor()}"
    rate = tuned.fastest
    if max(tuned.choice.threads, rate.nets * rate.threads if rate else 0) > most_threads():
        return "it asks for more threads than this machine has use for"
    return None


def choice_for(
    folder: Path, manifest: Manifest, device: str, engine: str | None
) -> FastestSettings | None:
    """Return the choice for a device, and for an engine if one was asked for, or None.

    Args:
        folder: The bundle's.
        manifest: The one in the folder.
        device: As `keras2cv.load` takes it.
        engine: As `keras2cv.load` takes it.
    """
    here = local_choice(folder, manifest).record
    if here is not None and runs_on_cpu(device):
        found = FastestSettings(here.choice, here.rate, here.file)
    elif device == "cpu" and manifest.tuned is not None and why_not(manifest) is None:
        found = FastestSettings(manifest.tuned.choice, manifest.tuned.fastest)
    else:
        return None
    return found if engine in (None, found.trial.engine) else None


@dataclass(frozen=True, slots=True)
class NetSettings:
    """The caller's settings of the net; None leaves one to the bundle."""

    engine: str | None
    threads: int | None
    fusion: bool | None
    winograd: bool | None

    def filled(self, choice: FastestSettings | None) -> NetSettings:
        """Fill in what was found fastest."""
        if choice is None:
            return self
        mine = {name: getattr(self, name) for name in ("threads", "fusion", "winograd")}
        found = {n: getattr(choice.trial, n) if v is None else v for n, v in mine.items()}
        return replace(self, engine=choice.trial.engine, **found)


def manifest_at(
    manifest: Manifest, batch: int | Literal["auto"] | None, choice: FastestSettings | None
) -> Manifest:
    """Return the manifest for runs of `batch` samples.

    Args:
        manifest: the bundle's manifest.
        batch: a number, "auto" for the fastest that was found, or None for no change.
        choice: what was found.
    """
    if batch == "auto":
        rate = None if choice is None else choice.rate
        batch = None if rate is None else rate.batch
    return manifest if batch is None else manifest.at_batch(batch)
