"""Read our files as ONNX, and by nothing that knows OpenCV (the child's side of the atlas).

A file is valid if onnx.checker accepts it with all checks, and right if onnxruntime, with its
optimisations off, computes what Keras does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from campaigns.atlas.run_child import judge, samples

LIMIT: Final = 1e-5  # max|got - Keras| / max|Keras|, in float32

Array = Any


def answer(job: dict[str, Any], _: Callable[..., None]) -> dict[str, Any]:
    """Return the verdict on one job, as the child's entry."""
    if not Path(job["io"]).exists():
        return {"verdict": "crash", "reason": "Keras itself gave no answer to compare with"}
    try:
        return judge(run_as_onnx(Path(job["path"]), samples(job["io"])), job["io"], LIMIT)
    except Exception as error:  # onnx.checker's, onnxruntime's
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return {"verdict": "fails", "reason": reason[:300]}


def run_as_onnx(folder: Path, inputs: Sequence[Sequence[Array]]) -> list[list[Array]]:
    """Return onnxruntime's outputs for every sample, in Keras' layout.

    Args:
        folder: A bundle.
        inputs: Keras' arrays, per sample.

    Raises:
        ValidationError, InferenceError: onnx.checker refuses the file.
    """
    import onnx

    from keras2cv.bundle.reading import read_bundle

    bundle = read_bundle(folder)
    onnx.checker.check_model(str(bundle.model_path), full_check=True)
    session = _session(bundle.model_path)
    return [_outputs(session, bundle.manifest, arrays) for arrays in inputs]


def _session(path: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _outputs(session: Any, manifest: Any, arrays: Sequence[Array]) -> list[Array]:
    from keras2cv.net.tensors import outputs_of, to_net

    pairs = zip(manifest.inputs, arrays, strict=True)
    feeds = {tensor.net_name: to_net(array, tensor) for tensor, array in pairs}
    names = [output.name for output in session.get_outputs()]
    found = dict(zip(names, session.run(names, feeds), strict=True))
    shapes = {tensor.net_name: tensor.net_shape for tensor in manifest.net_outputs}
    shaped = {name: found[name].reshape(shape) for name, shape in shapes.items()}
    return list(outputs_of(shaped, manifest, manifest.model.batch).values())
