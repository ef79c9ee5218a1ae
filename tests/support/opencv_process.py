"""OpenCV in a process of its own, which may crash on a graph: it is started anew for the next.

answer = in_process(model, "new")     # output name -> array
"""

from __future__ import annotations

import atexit
import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

Array = NDArray[Any]

TIMEOUT_S = 60.0


def in_process(model: onnx.ModelProto, engine: str, seed: int = 0) -> dict[str, Array]:
    """Return the outputs of OpenCV's `engine` for random inputs of `seed`, by name.

    Raises:
        AssertionError: OpenCV refuses the graph, crashes on it, or hangs.
    """
    return _process.ask(model.SerializeToString(), engine, seed)


class Process:
    """A process that serves, and the line to it; started when something is asked."""

    def __init__(self, serve: Callable[[Connection], None]) -> None:
        self._serve = serve
        self._process: Any = None

    def ask(self, model: bytes | tuple[bytes, bytes], engine: str, seed: int) -> dict[str, Array]:
        """Return the process' answer for a model.

        Raises:
            AssertionError: OpenCV refuses the graph, crashes on it, or hangs.
        """
        if self._process is None:
            self._start()
        self._line.send((model, engine, seed))
        try:
            answer = self._line.recv() if self._line.poll(TIMEOUT_S) else None
        except EOFError:
            self._process.join()
            code = self._process.exitcode
            self.close()
            raise AssertionError(f"OpenCV crashed, with exit code {code}") from None
        if answer is None:
            self.close()
            raise AssertionError(f"OpenCV had no answer after {TIMEOUT_S:g} s")
        if isinstance(answer, str):
            raise AssertionError(answer)
        assert isinstance(answer, dict)
        return answer

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._line, theirs = context.Pipe()
        self._process = context.Process(target=self._serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._line.close()
            self._process.kill()
            self._process.join()
            self._process = None


def _serve(line: Connection) -> None:
    """Answer one graph after another, until the line is closed."""
    import cv2

    from support.small_graphs import opencv

    cv2.setNumThreads(2)
    while True:
        try:
            model, engine, seed = line.recv()
        except EOFError:
            return
        try:
            found = opencv(onnx.ModelProto.FromString(model), engine, seed)
            line.send({name: np.ascontiguousarray(array) for name, array in found.items()})
        except Exception as error:
            line.send(f"{engine}: {type(error).__name__}: {error}")


_process = Process(_serve)
atexit.register(_process.close)
