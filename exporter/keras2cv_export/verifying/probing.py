"""Try a graph in an installed OpenCV, to find faults that no table knows."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import onnx
import onnx_ir as ir

from keras2cv.isolation.child import gib, run_child
from keras2cv.isolation.isolated import ending
from keras2cv.net.error_messages import condensed
from keras2cv_export.graph.edit import shape_of
from keras2cv_export.targets.importer_support import layer_of
from keras2cv_export.verifying.crashing import crashing_node
from keras2cv_export.verifying.trial import Trial

_PROBE: Final = Path(__file__).with_name("probe.py")
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
    for engine in engines:
        command = [str(python), str(_PROBE), str(path), engine, json.dumps(shapes)]
        problem = _run(command, environment, timeout_s, memory)
        if problem is not None and problem.startswith(_CRASHES):
            problem = problem.rstrip(".") + where_it_crashes(path, shapes, command, environment)
        yield Trial(opencv, engine, ran=shapes is not None and problem is None, problem=problem)


def input_shapes(model: ir.Model) -> dict[str, tuple[int, ...]] | None:
    """Return the shape of every input; None if one is open, or not float32."""
    weights = model.graph.initializers
    inputs = [value for value in model.graph.inputs if value.name not in weights]
    if any(shape_of(v) is None or v.dtype != ir.DataType.FLOAT for v in inputs):
        return None
    return {str(value.name): shape_of(value) or () for value in inputs}


def where_it_crashes(
    path: Path,
    shapes: Mapping[str, tuple[int, ...]] | None,
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
) -> str:
    """Return ", at Conv in block/conv." for the node that makes OpenCV crash, or ".".

    Args:
        path: The ONNX file.
        shapes: The shapes of its inputs; None if it is only loaded.
        command: The command that crashed.
        environment: Its environment variables.
    """
    if path.stat().st_size > _MAX_BYTES:
        return "."

    def crashes(part: Path, left_s: float) -> bool:
        names = {value.name for value in onnx.load(part).graph.input}
        given = shapes and {name: shape for name, shape in shapes.items() if name in names}
        words = [*command[:2], str(part), command[3], json.dumps(given)]
        return (_run(words, environment, left_s, None) or "").startswith(_CRASHES)

    return f"{crashing_node(path, crashes)}."


def crash_site(path: Path, shapes: Mapping[str, tuple[int, ...]], engine: str) -> str:
    """Return the same for this Python's OpenCV and one of its engines."""
    command = [sys.executable, str(_PROBE), str(path), engine, ""]
    return where_it_crashes(path, shapes, command)


def _run(
    command: Sequence[str],
    environment: Mapping[str, str] | None,
    timeout_s: float,
    memory: int | None,
) -> str | None:
    """Return the problem in a sentence; None if there is none."""
    done = run_child(command, env=environment, timeout_s=timeout_s, memory=memory)
    if done.code is None:
        return f"It was not done {_doing(done.stdout)} after {timeout_s:g} s."
    if done.out_of_memory:
        most = gib(done.limit)
        return (
            f"It asks for more than the {most} of memory that it may have, {_doing(done.stdout)}."
        )
    said = _facts(done.stdout)
    if "error" in said:
        return f"It fails {_doing(done.stdout)}{_complaint(said['error'])}."
    if done.code == 0 and said.get("stage") == "done":
        return None
    return f"It crashes {_doing(done.stdout)} ({ending(done.code)})."


def _complaint(text: str) -> str:
    """Return cv2's innermost error, after the node and the Keras layer that it is about."""
    inner = text[max(text.rfind(_ERROR), 0) :]
    node = _NODE.search(text)
    where = f", at {node[1]} in {layer_of(node[2])}" if node else ""
    return f"{where}: {condensed(RuntimeError(inner))}"


def _doing(stdout: str) -> str:
    return f"{_facts(stdout).get('stage', 'starting')} it"


def _facts(stdout: str) -> dict[str, str]:
    """Merge the JSON lines that the probe printed; cv2 may print other lines."""
    facts: dict[str, str] = {}
    for line in stdout.splitlines():
        if line.startswith("{"):
            try:
                facts |= json.loads(line)
            except ValueError:
                continue
    return facts
