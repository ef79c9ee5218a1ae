"""The child process in which ONNX Runtime opens a stranger's file and answers samples.

It reads the file itself, so that only samples and answers travel, and may write nowhere. A file on
which ONNX Runtime crashes costs this process, and a sentence.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir

from keras2cv.errors import ModelError
from keras2cv.isolation.confinement import confine, own_process

from .exact import ExactSession
from .plain import make_plain
from .reading import read_onnx

Reply = dict[str, Any]


def answer(
    request: Mapping[str, Any], report: Callable[..., None]
) -> Generator[Reply, Mapping[str, Any], None]:
    """Open the file at `path`, in float64 if `exact`; then answer samples with arrays by name.

    `inside` names values of the file that may be asked for as if they were outputs; a request with
    `wanted` asks for some of them.

    Raises:
        ModelError: ONNX Runtime does not take the file.
    """
    own_process()
    confine([])
    report(stage="opening the model in ONNX Runtime")
    path = Path(request["path"])
    session = (
        _exact_session(path) if request.get("exact") else _session(path, request.get("inside", ()))
    )
    request = yield {}
    report(stage="running the model in ONNX Runtime")
    while True:
        request = yield _answered(session, request["inputs"], request.get("wanted"))


def _plain(path: Path) -> Any:
    model = read_onnx(path)
    make_plain(model)
    return ir.to_proto(_with_weights_inside(model))


def _exact_session(path: Path) -> Any:
    return ExactSession(_plain(path))


def _session(path: Path, inside: Sequence[str]) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 2
    model = _plain(path)
    for name in set(inside) - {output.name for output in model.graph.output}:
        model.graph.output.add().name = name
    data = model.SerializeToString()
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its own errors, which have no base class of their own
        raise ModelError(
            f"ONNX Runtime {onnxruntime.__version__} cannot open {path.name}: {_short(error)} "
            "Give answers of your own with --against answers.npz."
        ) from error


def _with_weights_inside(model: ir.Model) -> ir.Model:
    return ir.external_data.load_to_model(model)


def _answered(session: Any, inputs: Mapping[str, Any], wanted: Sequence[str] | None) -> Reply:
    names = wanted or [output.name for output in session.get_outputs()]
    try:
        arrays = session.run(names, {name: unpacked(one) for name, one in inputs.items()})
    except Exception as error:  # as above
        return {"problem": _short(error)}
    pairs = zip(names, arrays, strict=True)
    wrong = [name for name, array in pairs if not isinstance(array, np.ndarray)]
    if wanted:
        pairs = zip(names, arrays, strict=True)
        kept = {n: a for n, a in pairs if n not in wrong and a.dtype.kind == "f"}
        return {"outputs": {n: packed(array) for n, array in kept.items()}}
    if wrong:
        raise ModelError(
            f"The output {wrong[0]} is no array of numbers, and OpenCV gives nothing else. "
            "Export the model without it."
        )
    return {"outputs": {n: packed(array) for n, array in zip(names, arrays, strict=True)}}


def packed(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Return an array as JSON holds it."""
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": data}


def unpacked(value: Mapping[str, Any]) -> np.ndarray[Any, Any]:
    """Return the array that `packed` made text of."""
    data = base64.b64decode(value["data"])
    flat: np.ndarray[Any, Any] = np.frombuffer(data, value["dtype"])
    array: np.ndarray[Any, Any] = flat.reshape(value["shape"]).copy()
    return array


def _short(error: Exception) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return f"{text.partition(' : ')[2] or text}"[:300] + "."
