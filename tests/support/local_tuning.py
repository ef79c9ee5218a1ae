"""Records as `keras2cv tune` writes them here, without measuring anything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2

from keras2cv.bundle.local_tuning import LocalTuning
from keras2cv.bundle.manifest import Manifest, Rate, Trial, Tuned
from keras2cv.bundle.reading import read_manifest
from keras2cv.net import machine
from keras2cv.net.engines import ENGINES
from keras2cv.net.local_choice import net_key
from keras2cv.tuning.noting import note

OTHERS: dict[str, dict[str, Any]] = {
    "opencv": {"tuned": {"opencv": "4.9.0"}},
    "processor": {"tuned": {"machine": "a Cray-1"}},
    "cores": {"tuned": {"cores": 77}},
    "build": {"build": "0" * 64},
    "system": {"system": "Plan 9 mips"},
    "features": {"features": "AVX1024"},
    "net": {"net": "1" * 64},
}


def record_for(
    manifest: Manifest, trial: Trial | None = None, file: str = "", rate: Rate | None = None
) -> LocalTuning:
    """Return a record of this machine that chose one way; by default one thread, `model.onnx`.

    Args:
        manifest: The bundle's.
        trial: The way.
        file: The file of the net.
        rate: The fastest rate.
    """
    chosen = trial or Trial(ENGINES[0], 1, True, True, 1.0, 0.5, 0.6)  # type: ignore[arg-type]
    first = replace(chosen, threads=machine.cores(), median_ms=2.0, ratio=1.0, high=1.0)
    rates = None if rate is None else (rate,)
    opencv, processor, cores = cv2.__version__, machine.processor(), machine.cores()
    number = None if rate is None else 0
    tuned = Tuned(opencv, processor, cores, 1, (first, chosen), rates, number)
    name = file or manifest.model.file
    build, system, features = machine.build(), machine.system(), machine.features()
    return LocalTuning(net_key(manifest), build, system, features, (name, name), tuned)


def elsewhere(record: LocalTuning, difference: str) -> LocalTuning:
    """Return a record of another machine, or of another net: a key of `OTHERS`."""
    change = dict(OTHERS[difference])
    tuned = replace(record.tuned, **change.pop("tuned", {}))
    return replace(record, tuned=tuned, **change)


def tune_by_hand(folder: Path, trial: Trial | None = None, file: str = "") -> Path:
    """Note a choice for a bundle, and return where."""
    manifest = read_manifest(folder)
    return note(folder, manifest, record_for(manifest, trial, file))
