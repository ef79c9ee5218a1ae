"""LiteRT, formerly TensorFlow Lite, with its default XNNPACK."""

from __future__ import annotations

from importlib.metadata import version

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from keras2cv_bench.pipeline import Array, Job, Pipeline, around


def open_pipeline(job: Job) -> Pipeline:
    """Load the .tflite file, which was converted for the job's batch."""
    net = Interpreter(model_path=str(job.file), num_threads=job.threads)
    net.allocate_tensors()
    # The converter's functions number inputs and outputs, and LiteRT lists them in another order.
    inputs = sorted(net.get_input_details(), key=lambda tensor: str(tensor["name"]))
    outputs = sorted(net.get_output_details(), key=lambda tensor: _number(str(tensor["name"])))

    def forward(arrays: list[Array]) -> list[Array]:
        for tensor, array in zip(inputs, arrays, strict=True):
            net.set_tensor(tensor["index"], np.asarray(array, tensor["dtype"]))
        net.invoke()
        return [np.asarray(net.get_tensor(tensor["index"])) for tensor in outputs]

    about = f"LiteRT {version('ai-edge-litert')}, {job.threads} threads"
    return around(job).pipeline(about, forward)


def _number(name: str) -> int:
    """Return 2 of "Identity_2", and 0 of "Identity"."""
    _, _, digits = name.rpartition("_")
    return int(digits) if digits.isdigit() else 0
