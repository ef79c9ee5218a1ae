"""From a loaded model to the graph that OpenCV reads."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import onnx_ir as ir

from keras2cv.manifest import InputTensor, OutputTensor

from .layout import NetTensor, blobs_in_and_out, settle
from .load import LoadedModel
from .passes import pipeline
from .recognise import Head, heads
from .rewrite import rewrite
from .spec import TensorSpec
from .support import require_supported
from .to_graph import trace
from .to_onnx import to_onnx


@dataclass(frozen=True)
class Converted:
    """A graph for OpenCV, and how its interface relates to Keras'.

    Attributes:
        model: The rewritten graph, weights included.
        inputs: For the manifest, in Keras' order.
        outputs: For the manifest, in Keras' order.
        heads: Each output's last activation.
        fired: How often each pass changed something.
    """

    model: ir.Model
    inputs: tuple[InputTensor, ...]
    outputs: tuple[OutputTensor, ...]
    heads: tuple[Head, ...]
    fired: Counter[str]


def convert(loaded: LoadedModel) -> Converted:
    """Trace, convert and rewrite.

    Raises:
        ModelError: The model cannot be traced at static shapes.
        UnsupportedError: It has ops that no OpenCV can run, all of them named.
    """
    traced = trace(loaded)
    model = to_onnx(traced)
    found = tuple(heads(model, traced.output_specs))
    blobs_in_and_out(model, [s.name for s in loaded.inputs], [s.name for s in traced.output_specs])
    fired = rewrite(model, pipeline())
    inputs, outputs = settle(model)
    require_supported(model)
    return Converted(
        model,
        tuple(_input(s, n) for s, n in zip(loaded.inputs, inputs, strict=True)),
        tuple(_output(s, n, loaded) for s, n in zip(traced.output_specs, outputs, strict=True)),
        found,
        fired,
    )


def _input(spec: TensorSpec, net: NetTensor) -> InputTensor:
    shape = tuple(int(d or 0) for d in spec.shape)
    return InputTensor(spec.name, net.net_name, shape, net.shape, net.layout, spec.dtype)  # type: ignore[arg-type]


def _output(spec: TensorSpec, net: NetTensor, loaded: LoadedModel) -> OutputTensor:
    shape = tuple(int(d or 0) for d in spec.shape)
    batched = shape[:1] == (loaded.batch,)
    if loaded.open_batch is not None:
        batched = spec.name in loaded.open_batch
    return OutputTensor(spec.name, net.net_name, shape, net.shape, net.layout, _dtype(spec), batched)  # type: ignore[arg-type]


def _dtype(spec: TensorSpec) -> str:
    """A float16 output of a mixed-precision model is given as the float32 that it is computed in."""
    return "float32" if spec.dtype in ("float16", "bfloat16") else spec.dtype
