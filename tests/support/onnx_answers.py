"""A bundle's file, read as ONNX and by nothing else: is it valid, and what does it compute?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from conformance.child import ANSWERS
from keras2cv.bundle.manifest import Manifest
from keras2cv.bundle.reading import Bundle, read_bundle
from keras2cv.net.tensors import outputs_of, to_net

Array = NDArray[Any]


def worst_onnx_error(folder: Path) -> float:
    """Return onnxruntime's largest error for a bundle with answers beside it, of max|reference|.

    Raises:
        ValidationError, InferenceError: onnx.checker refuses the file.
    """
    bundle = read_bundle(folder)
    onnx.checker.check_model(str(bundle.model_path), full_check=True)
    session = _session(bundle)
    with np.load(folder.parent / ANSWERS) as arrays:
        samples = sorted({name.split("/")[1] for name in arrays if name.startswith("in/")})
        return max(_error(session, bundle.manifest, arrays, sample) for sample in samples)


def _session(bundle: Bundle) -> Any:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    providers = ["CPUExecutionProvider"]
    return onnxruntime.InferenceSession(str(bundle.model_path), options, providers=providers)


def _error(session: Any, manifest: Manifest, arrays: Any, sample: str) -> float:
    feeds = {
        tensor.net_name: to_net(arrays[f"in/{sample}/{k}"], tensor)
        for k, tensor in enumerate(manifest.inputs)
    }
    names = [output.name for output in session.get_outputs()]
    shapes = {tensor.net_name: tensor.net_shape for tensor in manifest.net_outputs}
    found = dict(zip(names, session.run(names, feeds), strict=True))
    shaped = {name: array.reshape(shapes[name]) for name, array in found.items()}
    outputs = outputs_of(shaped, manifest, manifest.model.batch)
    wanted = [arrays[f"out/{sample}/{k}"].astype(float) for k in range(len(outputs))]
    pairs = zip(outputs.values(), wanted, strict=True)
    return max(float(abs(a - b).max()) / max(float(abs(b).max()), 1e-30) for a, b in pairs)
