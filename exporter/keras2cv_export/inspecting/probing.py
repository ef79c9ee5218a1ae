"""Try a graph in an OpenCV that is installed: what nobody knows beforehand, running it tells."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import onnx_ir as ir

from keras2cv.complaint import condensed
from keras2cv.isolated import ending
from keras2cv_export.graph import shape_of
from keras2cv_export.support import layer_of

from .report import Trial

_PROBE: Final = Path(__file__).with_name("probe.py")
# Node [Clip@ai.onnx]:(onnx_node!model/relu/Relu6) parse error: OpenCV(4.6.0) f.cpp:1: error: (-2:
_NODE: Final = re.compile(r"\[(\w+)[^\]]*\]:\((?:onnx_node(?:_output_\d+)?!)?([^)\n]+)\)")
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
) -> Iterator[Trial]:
    """Yield what each engine of one OpenCV makes of a file, which is loaded and run on noise.

    Args:
        path: The ONNX file.
        model: The same, for its inputs: one that is not float32 of a static shape is not run.
        engines: "new", "classic".
        opencv: The version of the OpenCV there.
        timeout_s: How long each may take.
        python: The interpreter whose OpenCV it is.
        environment: Its environment variables; None takes this process' own.
    """
    shapes = input_shapes(model)
    for engine in engines:
        command = [str(python), str(_PROBE), str(path), engine, json.dumps(shapes)]
        problem = _run(command, environment, timeout_s)
        yield Trial(opencv, engine, ran=shapes is not None and problem is None, problem=problem)


def input_shapes(model: ir.Model) -> dict[str, tuple[int, ...]] | None:
    """Return the shape of every input; None if one is open, or not float32."""
    weights = model.graph.initializers
    inputs = [value for value in model.graph.inputs if value.name not in weights]
    if any(shape_of(v) is None or v.dtype != ir.DataType.FLOAT for v in inputs):
        return None
    return {str(value.name): shape_of(value) or () for value in inputs}


def _run(
    command: Sequence[str], environment: Mapping[str, str] | None, timeout_s: float
) -> str | None:
    """Return what is wrong, in a sentence; None if nothing is."""
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        return f"It was not done {_doing(_text(error.stdout))} after {timeout_s:g} s."
    said = _facts(done.stdout)
    if "error" in said:
        return f"It fails {_doing(done.stdout)}{_complaint(said['error'])}."
    if done.returncode == 0 and said.get("stage") == "done":
        return None
    return f"It crashes {_doing(done.stdout)} ({ending(done.returncode)})."


def _complaint(text: str) -> str:
    """Return cv2's innermost complaint, after the node and the Keras layer that it is about."""
    inner = text[max(text.rfind(_ERROR), 0) :]
    node = _NODE.search(text)
    where = f", at {node[1]} in {layer_of(node[2])}" if node else ""
    return f"{where}: {condensed(RuntimeError(inner))}"


def _doing(stdout: str) -> str:
    return f"{_facts(stdout).get('stage', 'starting')} it"


def _facts(stdout: str) -> dict[str, str]:
    """Return the last word on each fact that the probe printed; cv2 may print there too."""
    facts: dict[str, str] = {}
    for line in stdout.splitlines():
        if line.startswith("{"):
            try:
                facts |= json.loads(line)
            except ValueError:
                continue
    return facts


def _text(stdout: bytes | str | None) -> str:
    return stdout.decode("utf-8", "replace") if isinstance(stdout, bytes) else stdout or ""
