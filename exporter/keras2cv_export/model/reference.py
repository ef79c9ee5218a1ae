"""The native model's own answer, the standard for every comparison: mostly TensorFlow's."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from keras2cv.errors import ModelError
from keras2cv.schema.tensors import MAX_ELEMENTS
from keras2cv_export.quiet.tensorflow import tf
from keras2cv_export.targets.importer_support import layer_of

from .concrete import concrete_function
from .cpu_kernels import cpu_runner
from .exact import NoExactAnswerError, exact_runner
from .load import LoadedModel
from .plain_ops import traceable
from .refused_sample import refused_sample

Array = np.ndarray[Any, Any]
Runner = Callable[[Mapping[str, Array]], dict[str, Array]]


def reference(loaded: LoadedModel) -> Runner:
    """Return a runner of the native model: Keras names and layout in and out, `training=False`.

    It is compiled by tf.function, as `model.predict` is, on the CPU, so that a GPU's TF32 does not
    blur the reference. Nodes that TensorFlow cannot compute there get a twin that it can compute,
    see `cpu_kernels`.
    """
    return _runner(loaded, cpu_runner) if loaded.judge is None else _judged(loaded)


def exact_reference(loaded: LoadedModel) -> Runner:
    """Return a runner of the same model in float64, with its float32 weights; see `exact`.

    Inputs of floating-point numbers may be float64.

    It raises NoExactAnswerError for a model that cannot be computed so.
    """
    return _runner(loaded, exact_runner, wide=True) if loaded.judge is None else _exactly(loaded)


def _judged(loaded: LoadedModel) -> Runner:
    """Return a runner of a model that somebody else than TensorFlow answers for."""

    def run(sample: Mapping[str, Array]) -> dict[str, Array]:
        return dict(loaded.call(*(sample[s.name] for s in loaded.inputs)))

    return run


def _exactly(loaded: LoadedModel) -> Runner:
    """Return a runner of such a model in float64."""
    exact = loaded.judge.exact if loaded.judge is not None else None

    def run(sample: Mapping[str, Array]) -> dict[str, Array]:
        if exact is None:
            raise NoExactAnswerError(f"{loaded.judge_name} gives no answers in float64.")
        try:
            return dict(exact(*(sample[s.name] for s in loaded.inputs)))
        except NoExactAnswerError:
            raise
        except ModelError as error:
            raise NoExactAnswerError(f"The model cannot be computed in float64: {error}") from error

    return run


def _runner(
    loaded: LoadedModel,
    prepare: Callable[[Any], Callable[..., Sequence[Any]]],
    *,
    wide: bool = False,
) -> Runner:
    names: list[str] = []

    def outputs(*tensors: Any) -> list[Any]:
        pairs = loaded.call(*tensors)
        names[:] = [name for name, _ in pairs]
        return [tensor for _, tensor in pairs]

    compiled: dict[tuple[Any, ...], Any] = {}

    def run(sample: Mapping[str, Array]) -> dict[str, Array]:
        with on_cpu():
            tensors = [
                tf.constant(sample[s.name], dtype=_dtype(s.dtype, wide=wide)) for s in loaded.inputs
            ]
            shapes = tuple(tuple(t.shape) for t in tensors)
            if shapes not in compiled:
                specs = [
                    tf.TensorSpec(shape, s.dtype)
                    for shape, s in zip(shapes, loaded.inputs, strict=True)
                ]
                compiled[shapes] = prepare(_compile(outputs, specs))
            try:
                results = compiled[shapes](*tensors)
            except tf.errors.InvalidArgumentError as error:
                raise refused_sample(loaded.name, error) from error
        return {name: np.array(t) for name, t in zip(names, results, strict=True)}

    return run


def _dtype(name: str, *, wide: bool) -> str:
    return "float64" if wide and "float" in name else name


def _compile(function: Callable[..., list[Any]], specs: list[Any]) -> Any:
    """Trace once for these shapes: calling a tf.function would warn of tracing too often."""
    with traceable():
        traced = concrete_function(function, specs)
    _refuse_huge(traced.graph)
    return traced


def _refuse_huge(graph: Any) -> None:
    """Raise ModelError for a layer whose output OpenCV could not hold, before TensorFlow makes it.

    `UpSampling2D(20000)` is 40 bytes of an architecture, and terabytes of a machine.
    """
    for op in graph.get_operations():
        for tensor in op.outputs:
            count = tensor.shape.num_elements() if tensor.shape.is_fully_defined() else 0
            if count > MAX_ELEMENTS:
                raise ModelError(
                    f"The layer {layer_of(op.name)} makes {count} numbers, and OpenCV's arrays "
                    f"hold {MAX_ELEMENTS} at most. Make the input smaller, with --input-shape."
                )


def on_cpu() -> Any:
    """Return a context in which TensorFlow computes on the CPU."""
    return tf.device("/CPU:0")


def thread_count() -> int:
    """Return how many threads TensorFlow computes an op with; by default one per core."""
    asked = tf.config.threading.get_intra_op_parallelism_threads()
    return int(asked) or os.cpu_count() or 1
