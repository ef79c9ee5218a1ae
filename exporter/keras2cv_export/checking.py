"""Is this bundle still the model that it was made from?"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras2cv.bundle import read_bundle
from keras2cv.errors import UsageError
from keras2cv.manifest import Manifest

from .load import LoadedModel, load_model
from .parity import ParityReport
from .verify import ask, verify

Step = Callable[[str], None]


@dataclass(frozen=True)
class CheckReport:
    """What a check found.

    Attributes:
        bundle: The folder.
        parity: On the engine that the bundle asks for.
        by_engine: (engine, report) for each engine that was tried and ran.
        notes: Sentences that the user should hear.
        seconds: Whole duration, TensorFlow's own import excluded.
    """

    bundle: Path
    parity: ParityReport
    by_engine: tuple[tuple[str, ParityReport], ...]
    notes: tuple[str, ...]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for `--json`."""
        return {
            "bundle": str(self.bundle),
            "seconds": round(self.seconds, 3),
            "parity": self.parity.to_dict(),
            "engines": {engine: report.to_dict() for engine, report in self.by_engine},
            "notes": list(self.notes),
        }


def check(
    bundle: str | os.PathLike[str],
    against: Any,
    *,
    samples: str | os.PathLike[str] | None = None,
    tolerance: str | Sequence[str] = "fp32",
    engine: str | None = None,
    unsafe: bool = False,
    imports: Sequence[str] = (),
    progress: Step = lambda _: None,
) -> CheckReport:
    """Compare a bundle's predictions in OpenCV with the model's own in TensorFlow.

    Args:
        bundle: The folder.
        against: A keras.Model, a .keras or .h5 file, or a SavedModel folder.
        samples: .npz, .npy or a folder of images; None: drawn ones.
        tolerance: "strict", "fp32", "fp16", and "OUTPUT:VALUE".
        engine: "new" or "classic"; None: what the bundle asks for.
        unsafe: Let code inside the model file (Lambda layers) run.
        imports: Modules to import first, which register the model's own layers.
        progress: Called with a few words before each step.

    Raises:
        NetError: OpenCV refuses the bundle or crashes on it.
        UsageError: The bundle, the model, a file or an argument is not right, or the model has
            other inputs or outputs than the bundle.
    """
    started = time.perf_counter()
    found = read_bundle(bundle)
    progress("loading the model")
    shapes = {t.name: t.keras_shape for t in found.manifest.inputs}
    loaded = load_model(against, input_shapes=_fitting(shapes), unsafe=unsafe, imports=imports)
    _require_same_interface(found.manifest, loaded)
    progress("asking TensorFlow")
    question = ask(
        loaded,
        found.manifest,
        samples=samples,
        tolerance=tolerance,
        scores=_scores(found.manifest),
        constant=frozenset(o.name for o in found.manifest.outputs if not o.batched),
    )
    progress("asking OpenCV, in a process of its own")
    wanted = engine or found.manifest.engine.name
    result = verify(found.folder, found.manifest, question, wanted)
    reports = tuple(result.by_engine.items())
    worst = max(reports, key=lambda pair: _SEVERITY[pair[1].verdict])[1]
    return CheckReport(found.folder, worst, reports, result.notes, time.perf_counter() - started)


_SEVERITY = {"pass": 0, "inconclusive": 1, "fail": 2}


def _fitting(shapes: dict[str, tuple[int, ...]]) -> Any:
    """One input is given by its shape alone: a live model may call it otherwise than its file."""
    return next(iter(shapes.values())) if len(shapes) == 1 else shapes


def _scores(manifest: Manifest) -> dict[str, str]:
    task = manifest.task
    if task.output is None or task.scores is None:
        return {}
    return {task.output: task.scores}


def _require_same_interface(manifest: Manifest, loaded: LoadedModel) -> None:
    ours = [(t.keras_shape, t.dtype) for t in manifest.inputs]
    theirs = [(s.shape, s.dtype) for s in loaded.inputs]
    if ours != theirs:
        raise UsageError(
            f"The model takes {', '.join(map(str, loaded.inputs))}, and the bundle was made for "
            f"{', '.join(f'{t.name} {t.keras_shape} {t.dtype}' for t in manifest.inputs)}. "
            "Give the model that the bundle was made from."
        )
