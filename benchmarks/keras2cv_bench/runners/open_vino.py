"""OpenVINO on the CPU, for latency, in float32: its default of bfloat16 is another model."""

from __future__ import annotations

import numpy as np
import openvino

from keras2cv.bundle.reading import read_manifest
from keras2cv_bench.pipeline import OF_BUNDLE, Array, Job, Pipeline, around


def open_pipeline(job: Job) -> Pipeline:
    """Read the ONNX file, and compile it for the job's batch."""
    core = openvino.Core()
    model = core.read_model(str(job.file))
    inputs, outputs = job.names
    if job.how != OF_BUNDLE:  # the bundle's file has its shapes
        tensors = read_manifest(job.bundle).inputs
        pairs = zip(inputs, tensors, strict=True)
        model.reshape({name: (job.batch, *tensor.keras_shape[1:]) for name, tensor in pairs})
    settings = {
        "INFERENCE_NUM_THREADS": job.threads,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
    }
    compiled = core.compile_model(model, "CPU", settings)
    types = {name: compiled.input(name).get_element_type().to_dtype() for name in inputs}

    def forward(arrays: list[Array]) -> list[Array]:
        pairs = zip(inputs, arrays, strict=True)
        found = compiled({name: np.asarray(array, types[name]) for name, array in pairs})
        return [np.array(found[name]) for name in outputs]

    version = openvino.__version__.split("-")[0]
    return around(job).pipeline(f"OpenVINO {version}, {job.threads} threads, float32", forward)
