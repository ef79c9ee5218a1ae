"""Make the files that peers load.

Each is made in a process of its own, under a limit of memory: Keras' own ONNX export of VGG16 takes
more than 24 GB. The result is kept in OUT.json: {"inputs", "outputs"} by the file's names, and
{"fault"} where it breaks ONNX' rules; or {"error"}.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from keras2cv.isolation import ChildLost, Entry, Limits, run_once

from .process import PACKAGES

TIMEOUT_S: Final = 600.0


@dataclass(frozen=True)
class Artefact:
    """A file for a peer, or in `problem` the reason why there is none.

    `fault` is why nothing that keeps to the standard can run it.
    """

    path: Path
    names: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    problem: str = ""
    fault: str = ""

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
    signature: str | None = None,
) -> Artefact:
    """Make the file `out` of `kind` "onnx" or "litert"; an existing one is kept.

    Args:
        kind: "onnx" or "litert".
        model: The Keras model's file.
        out: The new file.
        shapes: Input -> its shape with the batch, in Keras' order.
        unsafe: Let code inside the model file run.
        imports: Modules to import first, which register the model's own layers.
        signature: The signature of a SavedModel that has several.
    """
    kept = out.with_name(out.name + ".json")
    if not kept.exists():
        job = {"kind": kind, "model": str(model), "out": str(out), "shapes": dict(shapes)}
        opened = {"unsafe": unsafe, "imports": list(imports), "signature": signature}
        found = _made({**job, **opened})
        kept.write_text(json.dumps(found), encoding="utf-8")
    record = json.loads(kept.read_text(encoding="utf-8"))
    names = (tuple(record.get("inputs", ())), tuple(record.get("outputs", ())))
    return Artefact(out, names, record.get("error", ""), record.get("fault", ""))


def _made(job: Mapping[str, Any]) -> dict[str, Any]:
    """Run a job in a process of its own; return its result, or the error of the process."""
    try:
        return run_once(Entry("keras2cv_bench.artefacts:answer", PACKAGES), job, Limits(TIMEOUT_S))
    except ChildLost as lost:
        return {"error": f"Keras' export {lost.how}"}


def answer(job: Mapping[str, Any], _: Callable[..., None]) -> dict[str, Any]:
    """Make one file, in this process."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    try:
        return _MAKERS[job["kind"]](job, Path(job["out"]))
    except Exception as error:  # any error of Keras, TensorFlow or tf2onnx is the answer
        return {"error": " ".join(f"{type(error).__name__}: {error}".split())[:300]}


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
    made = onnx.load(str(out), load_external_data=False)
    weights = {tensor.name for tensor in made.graph.initializer}
    names = [value.name for value in made.graph.input if value.name not in weights]
    wanted = [str(t.name) for t in getattr(model, "inputs", None) or ()]
    inputs = wanted if wanted and set(wanted) <= set(names) else names
    found = {"inputs": inputs, "outputs": [value.name for value in made.graph.output]}
    fault = onnx_fault(made, [name for name in names if name not in inputs[: len(shapes)]])
    return {**found, "fault": fault} if fault else found


def onnx_fault(made: Any, more: Sequence[str]) -> str:
    """Return why a file cannot be run: inputs that the model has not, or ops that ONNX has not."""
    import onnx

    if more:
        return f"Keras' export leaves constants as inputs of its file: {', '.join(more)}"
    own = {(function.domain, function.name) for function in made.functions}
    unknown = {
        node.op_type
        for node in made.graph.node
        if node.domain in ("", "ai.onnx")
        and (node.domain, node.op_type) not in own
        and not onnx.defs.has(node.op_type)
    }
    if unknown:
        return f"Keras' export writes ops that ONNX has not: {', '.join(sorted(unknown))}"
    return ""


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
    from keras2cv_export.model.load import import_modules, load_model
    from keras2cv_export.model.untrusted.confined import confine_child

    if not job["unsafe"]:
        import_modules(job["imports"])
        confine_child(Path(job["out"]).parent, network=bool(job["imports"]))
    given: Any = next(iter(shapes.values())) if len(shapes) == 1 else shapes
    return load_model(
        job["model"],
        input_shapes=given,
        unsafe=job["unsafe"],
        imports=job["imports"],
        signature=job["signature"],
    )


_MAKERS: Final = {"onnx": _onnx, "litert": _litert}
