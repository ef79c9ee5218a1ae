"""A detector's anchors, from an array or a file."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from keras2cv.bundle.npz import read_npy
from keras2cv.errors import InputError, UsageError
from keras2cv.tasks.detect.record import Anchors

from .options import DetectOptions


def anchors_of(options: DetectOptions) -> Anchors | None:
    """Return the anchors, each number by its shortest decimals that are the same float32.

    Raises:
        InputError: The file cannot be read.
        UsageError: They are no table of boxes.
    """
    if options.anchors is None:
        return None
    table = options.anchors
    if isinstance(table, str | os.PathLike):
        try:
            table = read_npy(Path(table))
        except InputError as error:
            raise InputError(
                f"The anchors {table} cannot be read ({error}). Give an .npy file of (M, 4)."
            ) from error
    table = np.asarray(table, np.float32)
    if table.ndim != 2 or table.shape[1] != 4 or not np.isfinite(table).all():
        raise UsageError(f"Anchors must be (M, 4) finite numbers cx, cy, w, h, got {table.shape}.")
    variances = (1.0, 1.0, 1.0, 1.0) if options.variances is None else tuple(options.variances)
    return Anchors(tuple(float(str(x)) for x in table.ravel()), tuple(map(float, variances)))
