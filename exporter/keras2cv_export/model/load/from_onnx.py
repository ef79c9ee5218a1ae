"""Open an ONNX file as a model: inputs of known sizes, outputs, and who answers for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx_ir as ir

from keras2cv.bundle.manifest import ModelSource
from keras2cv.errors import ModelError
from keras2cv_export.model.onnx_files.given_answers import GivenAnswers
from keras2cv_export.model.onnx_files.onnx_runtime import NAME, OnnxRuntime
from keras2cv_export.model.onnx_files.plain import make_plain
from keras2cv_export.model.onnx_files.reading import read_onnx
from keras2cv_export.model.shapes import resolve_shapes
from keras2cv_export.model.spec import TensorSpec

from .inputs import refuse_text
from .loaded import Judge, LoadedModel, Shapes

_SIZES = (1, 3, 4)  # of a picture's channels


def onnx_model(
    path: Path, source: ModelSource, shapes: Shapes, batch: int, answers: Path | None
) -> LoadedModel:
    """Open an ONNX file.

    Args:
        path: The file.
        source: Its record in the manifest.
        shapes: Sizes for open dimensions, as `load_model` takes them.
        batch: The batch size where the shapes leave it open.
        answers: The user's answers; None: ONNX Runtime gives them.

    Raises:
        ModelError: The file cannot be used, an input is no array of numbers, or its size is not
            known.
        InputError: The answers cannot be read, or are not the model's.
    """
    model = ir.external_data.load_to_model(read_onnx(path))
    notes = make_plain(model)
    inputs = _sized(model, shapes, batch)
    outputs = [str(value.name) for value in model.graph.outputs]
    judge = _judge(path, inputs, outputs, answers)
    return LoadedModel(
        path.stem,
        source,
        inputs,
        judge.call,
        _open_batch(model),
        notes=notes,
        graph=model,
        graph_file=path,
        judge=judge,
    )


def _judge(
    path: Path, inputs: Sequence[TensorSpec], outputs: Sequence[str], answers: Path | None
) -> Judge:
    if answers is None:
        names = [spec.name for spec in inputs]
        return Judge(NAME, OnnxRuntime(path, names), exact=OnnxRuntime(path, names, exact=True))
    given = GivenAnswers(answers, inputs, outputs)
    return Judge(answers.name, given, given.samples)


def _sized(model: ir.Model, shapes: Shapes, batch: int) -> tuple[TensorSpec, ...]:
    """Return the inputs with all sizes known; the axes of one name get one size."""
    values = list(model.graph.inputs)
    if not values:
        raise ModelError("The ONNX model has no input, so that it always gives the same answer.")
    declared = [_declared(value) for value in values]
    refuse_text(declared)
    filled = _same_names(values, declared, shapes)
    sized = resolve_shapes(filled, shapes, batch)
    first = not any(_is_channels_last(spec) for spec in sized)
    return tuple(replace(spec, channels_first=first and len(spec.shape) == 4) for spec in sized)


def _declared(value: ir.Value) -> TensorSpec:
    if not isinstance(value.type, ir.TensorType) or value.shape is None:
        raise ModelError(
            f"The input {value.name} of the ONNX model is no array with a known number of axes, "
            "and OpenCV takes nothing else. Export the model with tensors as its inputs."
        )
    shape = tuple(d if isinstance(d, int) and d > 0 else None for d in value.shape)
    dtype = "string" if value.dtype == ir.DataType.STRING else _numpy_name(value)
    return TensorSpec(str(value.name), shape, dtype)


def _numpy_name(value: ir.Value) -> str:
    dtype = value.dtype
    if dtype is None or dtype.name in ("COMPLEX64", "COMPLEX128") or "FLOAT8" in dtype.name:
        raise ModelError(
            f"The input {value.name} of the ONNX model holds {dtype}, and OpenCV takes numbers of "
            "32 bits. Export the model with float32 inputs."
        )
    return str(dtype.numpy())


def _same_names(
    values: Sequence[ir.Value], declared: Sequence[TensorSpec], shapes: Shapes
) -> list[TensorSpec]:
    """Fill axes whose name got a size at another input: "height" is one number."""
    if not isinstance(shapes, Mapping):
        return list(declared)
    known: dict[str, int] = {}
    for value in values:
        sizes = shapes.get(str(value.name), ())
        known |= dict(_named_sizes(value, sizes))
    return [
        spec if spec.name in shapes else replace(spec, shape=_filled(value, spec, known))
        for value, spec in zip(values, declared, strict=True)
    ]


def _named_sizes(value: ir.Value, sizes: Sequence[int]) -> Iterator[tuple[str, int]]:
    dims = list(value.shape or ())
    if len(dims) == len(sizes):
        for dim, size in zip(dims, sizes, strict=True):
            if isinstance(dim, ir.SymbolicDim) and dim.value is not None:
                yield str(dim.value), int(size)


def _filled(value: ir.Value, spec: TensorSpec, known: Mapping[str, int]) -> tuple[Any, ...]:
    dims = list(value.shape or ())
    return tuple(
        known.get(str(dim.value)) if size is None and isinstance(dim, ir.SymbolicDim) else size
        for dim, size in zip(dims, spec.shape, strict=True)
    )


def _is_channels_last(spec: TensorSpec) -> bool:
    """Whether an input is a picture as TensorFlow has it; ONNX' own order wins where both fit."""
    return len(spec.shape) == 4 and spec.shape[3] in _SIZES and spec.shape[1] not in _SIZES


def _open_batch(model: ir.Model) -> frozenset[str] | None:
    """Return the outputs whose first axis is open as that of the inputs is; None: nobody knows."""
    if not all(_is_open(value) for value in model.graph.inputs):
        return None
    return frozenset(str(value.name) for value in model.graph.outputs if _is_open(value))


def _is_open(value: ir.Value) -> bool:
    """Whether the first axis has no size yet; of an output without a shape, nobody knows."""
    if value.shape is None:
        return True
    return len(value.shape) > 0 and not isinstance(value.shape[0], int)
