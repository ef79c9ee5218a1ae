"""The child process that prepares a stranger's ONNX graph, and writes it to a folder of its own.

ONNX's shape inference is C++ that reads whatever the file says, and constants are computed here.
A file on which either crashes, hangs or takes all memory costs this process, and a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import onnx_ir as ir

from keras2cv.isolation.confinement import confine, own_process
from keras2cv_export.graph.origin import write_origins
from keras2cv_export.model.onnx_files.plain import make_plain
from keras2cv_export.model.onnx_files.reading import read_onnx
from keras2cv_export.model.spec import TensorSpec
from keras2cv_export.targets.importer_support import UnsupportedOpsError

from .preparing import prepare
from .sizes import require_sizes

PREPARED: Final = "prepared.onnx"
_WEIGHTS: Final = "prepared.bin"


def answer(request: Mapping[str, Any], report: Callable[..., None]) -> dict[str, Any]:
    """Prepare the file at `path`, with inputs of these `shapes`, into `folder`.

    Raises:
        ModelError: It breaks ONNX's rules, or a size depends on values.
    """
    folder = Path(request["folder"])
    own_process()
    confine([folder])
    report(stage="reading the ONNX file")
    path = Path(request["path"])
    model = ir.external_data.load_to_model(read_onnx(path))
    make_plain(model)
    inputs = [TensorSpec(n, tuple(shape), dtype) for n, shape, dtype in request["inputs"]]
    names = [str(value.name) for value in model.graph.outputs]
    report(stage="finding the sizes of the ONNX model")
    try:
        prepare(model, inputs, path.name)
    except UnsupportedOpsError as error:
        return {"unsupported": [asdict(one) for one in error.found]}
    require_sizes(model, names)
    write_origins(model)
    ir.save(model, folder / PREPARED, external_data=_WEIGHTS)
    return {}
