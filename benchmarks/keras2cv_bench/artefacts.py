"""Make the files that peers load: `python -m keras2cv_bench.artefacts JOB.json` makes one.

Each is made in a process of its own, under a limit of memory: Keras' own ONNX export of VGG16 takes
more than 24 GB. JOB.json holds {"kind", "model", "out", "shapes", "unsafe", "imports"}; the result
goes to OUT.json: {"inputs", "outputs"} by the file's names, or {"error"}.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import keras2cv
import keras2cv_export
from keras2cv.isolation.isolated import ending

from .memory_limit import Watch

TIMEOUT_S: Final = 600.0
_SHARE: Final = 0.8  # of the memory that is free


@dataclass(frozen=True)
class Artefact:
    """A file for a peer, or in `problem` the reason why there is none."""

    path: Path
    names: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    problem: str = ""

    @property
    def file_mb(self) -> float:
        """Its size in 2**20 bytes."""
        return self.path.stat().st_size / 2**20


def make(
    kind: str,
    model: Path,
    out: Path,
    shapes: Mapping[str, Sequence[int]],
    *,
    unsafe: bool = False,
    imports: Sequence[str] = (),
) -> Artefact:
    """Make the file `out` of `kind` "onnx" or "litert"; an existing one is kept.

    Args:
        kind: "onnx" or "litert".
        model: The Keras model's file.
        out: The new file.
        shapes: Input -> its shape with the batch, in Keras' order.
        unsafe: Let code inside the model file run.
        imports: Modules to import first, which register the model's own layers.
    """
    said = out.with_name(out.name + ".json")
    if not said.exists():
        job = out.with_name(out.name + ".job")
        facts = {"kind": kind, "model": str(model), "out": str(out), "shapes": dict(shapes)}
        job.write_text(json.dumps({**facts, "unsafe": unsafe, "imports": list(imports)}))
        problem = _run(job, free_gib() * _SHARE)
        job.unlink()
        if problem:
            said.write_text(json.dumps({"error": problem}), encoding="utf-8")
    facts = json.loads(said.read_text(encoding="utf-8"))
    names = (tuple(facts.get("inputs", ())), tuple(facts.get("outputs", ())))
    return Artefact(out, names, facts.get("error", ""))


def _run(job: Path, memory_gib: float) -> str:
    """Run the process; return an error message if it could not report one itself."""
    child = subprocess.Popen(
        [sys.executable, "-m", "keras2cv_bench.artefacts", str(job)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
    )
    watch = Watch(child, memory_gib, TIMEOUT_S)
    watch.start()
    try:
        code = child.wait()
    finally:
        child.kill()
    watch.join()
    if code == 0:
        return ""
    return f"Keras' export was {watch.why}" if watch.why else f"Keras' export: {ending(code)}"


def environment() -> dict[str, str]:
    """Return a child's environment, in which it finds these very packages."""
    homes = (keras2cv.__file__, keras2cv_export.__file__, __file__)
    inherited = os.environ.get("PYTHONPATH")
    path = [str(Path(p).resolve().parents[1]) for p in homes] + ([inherited] if inherited else [])
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path), "PYTHONSAFEPATH": "1"}


def free_gib() -> float:
    """Return how much memory is free, in 2**30 bytes; a lot where the system does not know."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
        line = next(x for x in lines if x.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return 64.0
    return int(line.split()[1]) / 2**20


def main(job_file: str) -> int:
    """Make one file, in this process."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    job = json.loads(Path(job_file).read_text(encoding="utf-8"))
    out = Path(job["out"])
    try:
        found = _MAKERS[job["kind"]](job, out)
    except Exception as error:  # any error of Keras, TensorFlow or tf2onnx is the answer
        found = {"error": " ".join(f"{type(error).__name__}: {error}".split())[:300]}
    out.with_name(out.name + ".json").write_text(json.dumps(found), encoding="utf-8")
    return 0


def _onnx(job: Mapping[str, Any], out: Path) -> dict[str, Any]:
    """Export as Keras does, for any batch size; return the file's names of inputs and outputs."""
    import keras
    import numpy as np
    import onnx

    model = _loaded(job, job["shapes"]).keras_model
    if model is None:
        return {"error": "a SavedModel has no Keras model to export"}
    shapes = [tuple(shape) for shape in job["shapes"].values()]
    zeros = [
        np.zeros(s, keras.backend.standardize_dtype(t.dtype))
        for s, t in zip(shapes, getattr(model, "inputs", None) or shapes, strict=True)
    ]
    from .calibrate import packed

    model(packed(model, zeros))  # Keras needs one call before the export
    model.export(str(out), format="onnx", verbose=False)
    graph = onnx.load(str(out), load_external_data=False).graph
    weights = {tensor.name for tensor in graph.initializer}
    names = [value.name for value in graph.input if value.name not in weights]
    wanted = [str(t.name) for t in getattr(model, "inputs", None) or ()]
    inputs = wanted if wanted and set(wanted) <= set(names) else names
    return {"inputs": inputs, "outputs": [value.name for value in graph.output]}


def _litert(job: Mapping[str, Any], out: Path) -> dict[str, Any]:
    """Convert for one batch size, with inputs whose names sort in Keras' order."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2 as freeze,
    )

    loaded = _loaded(job, job["shapes"])
    specs = [
        tf.TensorSpec(spec.shape, spec.dtype, name=f"input_{k:03}")
        for k, spec in enumerate(loaded.inputs)
    ]
    call = tf.function(lambda *tensors: [t for _, t in loaded.call(*tensors)], autograph=False)
    # LiteRT reads NaN from variables that are not frozen, or nothing at all.
    frozen = freeze(call.get_concrete_function(*specs))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
    out.write_bytes(converter.convert())
    return {}


def _loaded(job: Mapping[str, Any], shapes: Mapping[str, Sequence[int]]) -> Any:
    from keras2cv_export.model.load import load_model

    given: Any = next(iter(shapes.values())) if len(shapes) == 1 else shapes
    return load_model(
        job["model"], input_shapes=given, unsafe=job["unsafe"], imports=job["imports"]
    )


_MAKERS: Final = {"onnx": _onnx, "litert": _litert}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
