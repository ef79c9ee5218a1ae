"""A small graph as a frozen one, in OpenCV in a process of its own, and as ONNX defines it.

found = in_process(model, "classic")     # output name -> array, from random inputs
wanted = defined(model)                  # the same from ONNX's own reference
"""

from __future__ import annotations

import atexit
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
import onnx_ir as ir
import pytest
from onnx import ModelProto
from onnx.reference import ReferenceEvaluator

from keras2cv.net.importers import missing_importer
from keras2cv_export.formats.frozen import require_writable
from keras2cv_export.formats.to_frozen import to_frozen
from support.opencv_process import Array, Process
from support.small_graphs import as_manifest, inputs_for

SEED = 3


def in_process(model: ir.Model, engine: str) -> dict[str, Array]:
    """Write a graph and return the outputs of OpenCV's `engine`, by name.

    Raises:
        UnsupportedError: It cannot be written.
        AssertionError: OpenCV refuses the graph, crashes on it, or hangs.
    """
    require_writable(model)
    if missing := missing_importer(cv2, "frozen"):
        pytest.skip(missing)
    return _process.ask((to_frozen(model), ir.to_proto(model).SerializeToString()), engine, SEED)


def defined(model: ir.Model) -> dict[str, Array]:
    """Return the outputs of ONNX's reference for the same inputs."""
    proto = ir.to_proto(model)
    names = [value.name for value in proto.graph.output]
    answers = ReferenceEvaluator(proto).run(names, dict(inputs_for(proto, SEED)))
    return {name: np.asarray(array) for name, array in zip(names, answers, strict=True)}


def _serve(line: Connection) -> None:
    import cv2

    from keras2cv.net.net import Net

    cv2.setNumThreads(2)
    while True:
        try:
            (frozen, proto), engine, seed = line.recv()
        except EOFError:
            return
        model = ModelProto.FromString(proto)
        try:
            found = _run(Net, frozen, model, engine, seed)
            line.send({name: np.ascontiguousarray(array) for name, array in found.items()})
        except Exception as error:
            line.send(f"{engine}: {type(error).__name__}: {error}")


def _run(
    net_class: Any, frozen: bytes, model: ModelProto, engine: str, seed: int
) -> dict[str, Array]:
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.pb")
        path.write_bytes(frozen)
        net = net_class(path, as_manifest(model, "frozen"), engine=engine)
        found: dict[str, Array] = net.forward(inputs_for(model, seed))
        return found


_process = Process(_serve)
atexit.register(_process.close)
