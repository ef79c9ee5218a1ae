"""Load a bundle, which another process may replace meanwhile."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Literal

from keras2cv.bundle.reading import read_bundle
from keras2cv.errors import BundleError, NetError
from keras2cv.net.forms import form_for
from keras2cv.predictor import Predictor

_MAX_ATTEMPTS: Final = 10  # to load a bundle that is replaced each time


def load(
    path: str | os.PathLike[str],
    *,
    device: str = "cpu",
    engine: str | None = None,
    threads: int | None = None,
    batch: Literal["auto"] | None = None,
    check_hash: bool = True,
    check_device: bool = True,
    score: float | None = None,
    nms: float | None = None,
) -> Predictor:
    """Load the bundle at `path`; if it is replaced meanwhile, load the old one or the new one.

    Args:
        path: the bundle's folder.
        device: "cpu", "opencl", "cuda", "cuda-fp16" or "auto" (CUDA if it is there, else CPU).
            A device other than the CPU runs once before `load` returns, and must pass the
            bundle's self-test. "auto" falls back to the CPU if CUDA does not pass it.
        engine: "new" or "classic". None: the engine that `keras2cv tune` chose on this machine, or
            `export --tune` on one like it (`keras2cv.net.tuned`), else the verified one.
        threads: OpenCV's number of threads, for the whole process. None: the number that was
            chosen so, else unchanged.
        batch: "auto" runs as many samples at a time as were found fastest so; a single sample then
            costs as much as a full batch. None, or not tuned: the bundle's own batch.
        check_hash: False skips the sha256 and all checks of the model, on a disk that you trust.
        check_device: False skips the self-test of a device that passed it before.
        score: 0 to 1, the threshold of tasks that have one (boxes, binary masks). None: the
            bundle's.
        nms: 0 to 1, the overlap (IoU) above which the worse of two boxes is dropped. None: the
            bundle's.

    Raises:
        BundleError: no bundle, or one that is incomplete, altered or too new.
        MissingDependency: the device or engine is not there, or OpenCV is too old for the net.
        NetError: OpenCV does not load the net, or the device computes it wrongly.
        UsageError: an argument that means nothing.
    """
    held = True
    for _ in range(_MAX_ATTEMPTS):
        before = _identity(path)
        bundle = None
        try:
            bundle = read_bundle(
                path, check_hash=check_hash, held=held, choose=form_for(device, engine, Path(path))
            )
            model = Predictor(
                bundle,
                device=device,
                engine=engine,
                threads=threads,
                batch=batch,
                check_device=check_device,
                score=score,
                nms=nms,
            )
        except (BundleError, NetError):
            if _identity(path) == before and (bundle is None or bundle.let_go()):
                raise
            held = False
            continue
        finally:
            undisturbed = bundle is None or bundle.let_go()
        if _identity(path) == before and undisturbed:
            return model
        held = False
    raise BundleError(f"{path} is replaced again and again. Load it when it has come to rest.")


def _identity(path: str | os.PathLike[str]) -> tuple[int, int, int] | None:
    """Return the identity of the folder at `path`, which changes when it is replaced."""
    try:
        found = Path(path).stat()
    except OSError:  # reading the bundle raises a better error
        return None
    return found.st_dev, found.st_ino, found.st_ctime_ns
