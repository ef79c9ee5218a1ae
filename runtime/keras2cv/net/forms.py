"""Which of a bundle's files of the same net runs here: the newest that this OpenCV was meant to."""

from __future__ import annotations

from collections.abc import Callable

import cv2

from keras2cv.bundle.forms import Form
from keras2cv.bundle.manifest import Manifest
from keras2cv.net.device import choose_device
from keras2cv.net.engines import ENGINES
from keras2cv.net.opencv import version_tuple


def form_for(device: str = "cpu", engine: str | None = None) -> Callable[[Manifest], Form | None]:
    """Return the choice of `read_bundle` for a device and an engine, as `keras2cv.load` takes them.

    It gives the newest form that runs here on them; None stands for `model.onnx`. A form has its
    engine, and was verified on the CPU.
    """

    def choose(manifest: Manifest) -> Form | None:
        here = version_tuple(cv2.__version__)
        fitting = [
            form
            for form in manifest.forms or ()
            if version_tuple(form.opencv) <= here
            and form.engine in ENGINES
            and engine in (None, form.engine)
        ]
        newest = max(fitting, key=lambda form: version_tuple(form.opencv), default=None)
        return newest if newest is not None and _runs_on_cpu(device) else None

    return choose


def form_in(file: str) -> Callable[[Manifest], Form | None]:
    """Return the choice of `read_bundle` of a file by its name."""
    return lambda manifest: next((f for f in manifest.forms or () if f.file == file), None)


def _runs_on_cpu(device: str) -> bool:
    """Whether a device, as `load` takes it, means the CPU here."""
    return device == "cpu" or (device == "auto" and choose_device(device).runs == "cpu")
