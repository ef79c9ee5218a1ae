"""Try a graph in an installed OpenCV, to find faults that no table knows."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import onnx
import onnx_ir as ir

from keras2cv.isolation import (
    ChildCrash,
    ChildOutOfMemory,
    ChildTimeout,
    Conversation,
    Entry,
    Limits,
    ending,
    gib,
    speaks_of_memory,
)
from keras2cv.net import engine_options
from keras2cv.net.error_messages import condensed
from keras2cv_export.graph.edit import shape_of
from keras2cv_export.targets.importer_support import layer_of
from keras2cv_export.verifying.crashing import crashing_node
from keras2cv_export.verifying.trial import Trial

ASKING: Final = str(Path(engine_options.__file__).resolve())  # for children without keras2cv
_PROBE: Final = f"{Path(__file__).resolve().with_name('probe.py')}:answer"
# Node [Clip@ai.onnx]:(onnx_node!model/relu/Relu6) parse error: OpenCV(4.6.0) f.cpp:1: error: (-2:
_NODE: Final = re.compile(r"\[(\w+)[^\]]*\]:\((?:onnx_node(?:_output_\d+)?!)?([^)\n]+)\)")
_CRASHES: Final = ("It crashes loading", "It crashes running")
_MAX_BYTES: Final = 2**28  # a file is written a dozen times over to find the node that crashes
_ERROR: Final = "error: ("


def try_engines(
    path: Path,
    model: ir.Model,
    engines: Sequence[str],
    *,
    opencv: str,
    timeout_s: float,
    python: str | Path = sys.executable,
    environment: Mapping[str, str] | None = None,
    memory: int | None = None,
) -> Iterator[Trial]:
    """Yield the outcome on each engine of one OpenCV, which loads a file and runs it on noise.

    Args:
        path: The ONNX file.
        model: The same, for its inputs: one that is not float32 of a static shape is not run.
        engines: "new", "classic".
        opencv: The version of the OpenCV there.
        timeout_s: How long each may take.
        python: The interpreter whose OpenCV it is.
        environment: Its environment variables; None takes this process' own.
        memory: The bytes that it may write to; None: most of the free memory.
    """
    shapes = input_shapes(model)
    probe = Entry(_PROBE, (), python, environment)
    for engine in engines:
        request = {"path": str(path), "engine": engine, "asking": ASKING, "shapes": shapes}
        problem = _problem(probe, request, Limits(timeout_s, memory_bytes=memory))
        if problem is not None and problem.startswith(_CRASHES):
            problem = problem.rstrip(".") + where_it_crashes(path, shapes, engine, probe)
        yield Trial(opencv, engine, ran=shapes is not None and problem is None, problem=problem)


def input_shapes(model: ir.Model) -> dict[str, tuple[int, ...]] | None:
    """Return the shape of every input; None if one is open, or not float32."""
    weights = model.graph.initializers
    inputs = [value for value in model.graph.inputs if value.name not in weights]
    if any(shape_of(v) is None or v.dtype != ir.DataType.FLOAT for v in inputs):
        return None
    return {str(value.name): shape_of(value) or () for value in inputs}


def where_it_crashes(
    path: Path, shapes: Mapping[str, tuple[int, ...]] | None, engine: str, probe: Entry
) -> str:
    """Return ", at Conv in block/conv." for the node that makes OpenCV crash, or ".".

    Args:
        path: The ONNX file.
        shapes: The shapes of its inputs; None if it is only loaded.
        engine: "new" or "classic".
        probe: Starts the probe that crashed.
    """
    if path.stat().st_size > _MAX_BYTES:
        return "."

    def crashes(part: Path, left_s: float) -> bool:
        names = {value.name for value in onnx.load(part).graph.input}
        given = shapes and {name: shape for name, shape in shapes.items() if name in names}
        request = {"path": str(part), "engine": engine, "asking": ASKING, "shapes": given}
        return (_problem(probe, request, Limits(left_s)) or "").startswith(_CRASHES)

    return f"{crashing_node(path, crashes)}."


def crash_site(path: Path, shapes: Mapping[str, tuple[int, ...]], engine: str) -> str:
    """Return the same for this Python's OpenCV and one of its engines."""
    return where_it_crashes(path, shapes, engine, Entry(_PROBE, ()))


def _problem(probe: Entry, request: Mapping[str, Any], limits: Limits) -> str | None:
    """Return the problem in a sentence; None if there is none."""
    with Conversation(probe, limits) as child:
        try:
            error = child.ask(request).get("error")
            if error is None:
                child.close()
                return None
        except ChildCrash as lost:
            return f"It crashes {lost.stage} it ({ending(lost.code)})."
        except ChildOutOfMemory as lost:
            return _too_much(lost.limit_bytes, lost.stage)
        except ChildTimeout as lost:
            return f"It was not done {lost.stage} it after {lost.seconds:g} s."
    stage = str(child.reports["stage"])
    if speaks_of_memory(error):
        return _too_much(limits.effective_memory(), stage)
    return f"It fails {stage} it{_error_clause(error)}."


def _too_much(limit_bytes: int | None, stage: str) -> str:
    return f"It asks for more than the {gib(limit_bytes)} of memory that it may have, {stage} it."


def _error_clause(text: str) -> str:
    """Return cv2's innermost error, after the node and the Keras layer that it is about."""
    inner = text[max(text.rfind(_ERROR), 0) :]
    node = _NODE.search(text)
    where = f", at {node[1]} in {layer_of(node[2])}" if node else ""
    return f"{where}: {condensed(RuntimeError(inner))}"
