"""Run an input that killed a child again, by the product's own runner for untrusted nets."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from keras2cv.bundle.reading import read_manifest
from keras2cv.errors import Keras2cvError
from keras2cv.trial.running import run_worker

from .children import Outcome, put
from .corpus import Files

TIMEOUT_S: Final = 20.0


def confirmed(outcome: Outcome, files: Files) -> Outcome:
    """Return "refused" if `run_worker` makes one of our errors of the same input, or an answer.

    This process calls it as `export`, `check` and `selftest` do, and must survive.
    """
    with tempfile.TemporaryDirectory(prefix="keras2cv-fuzz-") as folder:
        put(Path(folder, "in"), files)
        manifest = read_manifest(Path(folder, "in"))
        sample = [np.ones(t.keras_shape, t.dtype) for t in manifest.inputs]
        try:
            run_worker(Path(folder, "in"), [sample], timeout_s=TIMEOUT_S, threads=1)
        except Keras2cvError as error:
            if "\n" in str(error):
                return replace(
                    outcome, verdict="wrong", detail=f"not one line: {str(error)!r:.200}"
                )
            return replace(
                survived(outcome), detail=f"confirmed: {outcome.verdict} {outcome.detail}"
            )
        except Exception as error:
            return replace(outcome, verdict="exception", detail=f"{type(error).__name__}: {error}")
    return replace(outcome, verdict="answer", detail="")


def survived(outcome: Outcome) -> Outcome:
    """Return a refusal as the outcome of a child that the product expects to lose."""
    return replace(outcome, verdict="refused", detail=f"{outcome.verdict} {outcome.detail}")
