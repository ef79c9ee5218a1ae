"""Prepare a stranger's ONNX graph in a child process without rights, and read what it made."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

import onnx_ir as ir

from keras2cv.errors import ModelError
from keras2cv.isolation import ChildLost, Entry, Limits, run_once
from keras2cv_export.graph.origin import take_origins
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.model.onnx_files.reading import read_onnx
from keras2cv_export.targets.importer_support import Unsupported, UnsupportedOpsError

from .import_child import PREPARED
from .import_graph import ImportedGraph, finished

_ENTRY: Final = Entry(
    "keras2cv_export.importing.import_child:answer", ("keras2cv", "keras2cv_export")
)
_SECONDS: Final = 120.0  # a file of 20,000 nodes takes 15 on a free core
_START_SECONDS: Final = 60.0
_MEMORY: Final = 3 * 2**29  # beside the weights: libraries, the graph, constants on their way
_PER_BYTE: Final = 6  # a weight is read, widened, folded and written


def import_in_child(loaded: LoadedModel, path: Path) -> ImportedGraph:
    """Return what `import_graph` returns of the file at `path`, computed in a child process.

    Raises:
        ModelError: It breaks ONNX's rules, or a size depends on values, or the child is lost.
        UnsupportedOpsError: It has ops that nothing converts, all of them named.
    """
    with tempfile.TemporaryDirectory(prefix="keras2cv-") as folder:
        request = {
            "path": str(path.absolute()),
            "folder": folder,
            "inputs": [(spec.name, spec.shape, spec.dtype) for spec in loaded.inputs],
        }
        memory = _MEMORY + _PER_BYTE * _size(loaded.graph)
        try:
            reply = run_once(_ENTRY, request, Limits(_SECONDS, _START_SECONDS, memory))
        except ChildLost as lost:
            raise ModelError(
                f"The ONNX model in {path} cannot be prepared: the process for it {lost.how}. "
                "Export the model again, or simplify it."
            ) from lost
        if "unsupported" in reply:
            raise UnsupportedOpsError([_found(one) for one in reply["unsupported"]])
        model = ir.external_data.load_to_model(read_onnx(Path(folder, PREPARED)))
    take_origins(model)
    return finished(loaded, model)


def _found(fields: dict[str, object]) -> Unsupported:
    names = fields.pop("importers")
    assert isinstance(names, list)  # noqa: S101 - JSON has no tuples
    return Unsupported(**{k: str(v) for k, v in fields.items()}, importers=tuple(names))


def _size(model: ir.Model) -> int:
    values = model.graph.initializers.values()
    return sum(int(v.const_value.nbytes) for v in values if v.const_value is not None)
