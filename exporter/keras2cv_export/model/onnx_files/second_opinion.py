"""The child process in which ONNX Runtime computes a part of a bundle's graph.

The graph may be a stranger's, so the process may write nowhere. ONNX Runtime's optimisations are
off there: some of them are wrong too. Nothing here imports TensorFlow, so that it starts at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx

from keras2cv.isolation.confinement import confine, own_process
from keras2cv.net.error_messages import condensed

from .onnx_runtime_child import packed


def answer(request: Mapping[str, Any], tell: Callable[..., None]) -> dict[str, Any]:
    """Run a file; return its outputs by name, or {"problem": text} if it is refused.

    Args:
        request: "path", the file's; "source", the path of an .npz with `in/<k>` for each of
            "inputs", which are names in the file.
        tell: Reports a stage.
    """
    own_process()
    confine([])
    import onnxruntime

    tell(stage="computing the graph in ONNX Runtime")
    model = onnx.load(request["path"])
    with np.load(request["source"]) as data:
        feeds = {name: data[f"in/{k}"] for k, name in enumerate(request["inputs"])}
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4  # its messages are in the exception
    try:
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        results = session.run(None, feeds)
    except Exception as error:  # it has no error class of its own, and ten kinds of errors
        return {"problem": condensed(error)}
    names = [value.name for value in model.graph.output]
    return {"outputs": {n: packed(array) for n, array in zip(names, results, strict=True)}}
