"""Which of a bundle's files of the same net runs here: the newest that this OpenCV was meant to.

Where `keras2cv tune` found another one of them fastest here, that one runs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from keras2cv.bundle.forms import Form
from keras2cv.bundle.manifest import Manifest
from keras2cv.net.device import choose_device
from keras2cv.net.local_choice import local_choice, runs_here


def form_for(
    device: str = "cpu", engine: str | None = None, folder: Path | None = None
) -> Callable[[Manifest], Form | None]:
    """Return the choice of `read_bundle` for a device and an engine, as `keras2cv.load` takes them.

    It gives the newest form that runs here on them; None stands for `model.onnx`. A form has its
    engine, and was verified on the CPU. With the bundle's folder, a file that was found fastest
    here comes first.
    """

    def choose(manifest: Manifest) -> Form | None:
        if not manifest.forms or not runs_on_cpu(device):
            return None
        tuned = None if folder is None else local_choice(folder, manifest).record
        if tuned is not None and engine in (None, tuned.choice.engine):
            return form_in(tuned.file)(manifest)
        fitting = (name for name, able in runs_here(manifest).items() if engine in (None, *able))
        return form_in(next(fitting, ""))(manifest)

    return choose


def form_in(file: str) -> Callable[[Manifest], Form | None]:
    """Return the choice of `read_bundle` of a file by its name."""
    return lambda manifest: next((f for f in manifest.forms or () if f.file == file), None)


def runs_on_cpu(device: str) -> bool:
    """Whether a device, as `load` takes it, means the CPU here."""
    return device == "cpu" or (device == "auto" and choose_device(device).runs == "cpu")
