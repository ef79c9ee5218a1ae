"""The usual way without keras2cv: Keras' own ONNX export in cv2.dnn, under its own names."""

from __future__ import annotations

import cv2
import numpy as np

from keras2cv_bench.pipeline import Array, Job, Pipeline, around


def open_pipeline(job: Job) -> Pipeline:
    """Load the ONNX file with OpenCV's default engine."""
    cv2.setNumThreads(job.threads)
    net = cv2.dnn.readNetFromONNX(str(job.file))
    inputs, outputs = job.names

    def forward(arrays: list[Array]) -> list[Array]:
        for name, array in zip(inputs, arrays, strict=False):  # a constant may be left as an input
            blob = np.ascontiguousarray(array, np.float32)
            mat = cv2.Mat(blob) if blob.ndim == 3 else blob  # type: ignore[no-untyped-call]
            net.setInput(mat, name) if len(arrays) > 1 else net.setInput(mat)
        return list(net.forward(list(outputs)))

    about = f"OpenCV {cv2.__version__}, {cv2.getNumThreads()} threads"
    return around(job).pipeline(about, forward)
