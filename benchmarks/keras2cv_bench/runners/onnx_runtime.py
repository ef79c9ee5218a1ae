"""onnxruntime with its default session, threads aside."""

from __future__ import annotations

import numpy as np
import onnxruntime

from keras2cv_bench.pipeline import Array, Job, Pipeline, around


def open_pipeline(job: Job) -> Pipeline:
    """Load the ONNX file."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = job.threads
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(job.file), options, ["CPUExecutionProvider"])
    inputs, outputs = job.names
    types = {node.name: _dtype(node.type) for node in session.get_inputs()}

    def forward(arrays: list[Array]) -> list[Array]:
        feeds = {
            name: np.asarray(array, types[name]) for name, array in zip(inputs, arrays, strict=True)
        }
        return list(session.run(list(outputs), feeds))

    about = f"onnxruntime {onnxruntime.__version__}, {job.threads} threads"
    return around(job).pipeline(about, forward)


def _dtype(kind: str) -> np.dtype[np.generic]:
    """Return NumPy's type for onnxruntime's "tensor(float)"."""
    name = kind.removeprefix("tensor(").removesuffix(")")
    return np.dtype({"float": "float32", "double": "float64"}.get(name, name))
