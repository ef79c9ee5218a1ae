"""TensorFlow and Keras, imported without the dozen lines that they greet the terminal with.

    from .to_quiet import keras, tf

Native code writes these lines before it has read TF_CPP_MIN_LOG_LEVEL, so that only the file
descriptor can hold them back. Whatever is not a known greeting is passed on when the import is
done. A user who sets TF_CPP_MIN_LOG_LEVEL=0 sees everything.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["keras", "tf"]

_GREETINGS = re.compile(
    rb"^WARNING: All log messages before absl::InitializeLog"
    rb"|^[IWE]\d{4} .*\b(port|cudart_stub|cuda_\w+|computation_placer|cpu_feature_guard)\.cc:"
    rb"|oneDNN custom operations are on|To turn them off, set the environment variable"
)
_STDERR = 2


@contextmanager
def _greetings_held_back() -> Iterator[None]:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        terminal = os.dup(_STDERR)
    except OSError:  # a program without a console has no stderr to keep clean
        yield
        return
    if os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0":
        os.close(terminal)
        yield
        return
    with tempfile.TemporaryFile() as held, _crashes_told_to(terminal):
        os.dup2(held.fileno(), _STDERR)
        try:
            yield
        finally:
            os.dup2(terminal, _STDERR)
            held.seek(0)
            os.write(terminal, b"".join(x for x in held if not _GREETINGS.search(x)))
            os.close(terminal)


@contextmanager
def _crashes_told_to(terminal: int) -> Iterator[None]:
    """Say where it crashed if the import ends the process: the held lines are lost with it."""
    if faulthandler.is_enabled():
        yield
        return
    faulthandler.enable(terminal)
    try:
        yield
    finally:
        faulthandler.disable()


class _NoSkips(logging.Filter):
    """Drop onnxscript's remark, once per node, that it does not fold a Split."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith("Skipping constant folding")


class _NoDeprecations(logging.Filter):
    """Drop what TensorFlow says to tf2onnx's authors about functions that its users never call."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "extract_sub_graph" not in record.getMessage()


with _greetings_held_back():
    import keras
    import tensorflow as tf

logging.getLogger("onnxscript.optimizer._constant_folding").addFilter(_NoSkips())
logging.getLogger("tensorflow").addFilter(_NoDeprecations())
