"""The measured subjects: this bundle, TensorFlow three ways, and the peers that are installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from keras2cv.errors import UsageError

File = Literal["bundle", "model", "onnx", "litert"]


@dataclass(frozen=True)
class Subject:
    """A subject.

    Attributes:
        name: In records.
        title: In tables and charts.
        peer: Its name in `--peers`.
        runner: Its module in `keras2cv_bench.runners`.
        file: The kind of file that it loads.
        how: Distinguishes it from others of its runner.
        needs: The module that has to be installed.
        install: The package that has it.
        variables: Of its process's environment, set before anything is imported.
    """

    name: str
    title: str
    peer: str
    runner: str
    file: File
    how: str = ""
    needs: str = ""
    install: str = ""
    variables: tuple[tuple[str, str], ...] = ()


OURS: Final = "bundle"
REFERENCE: Final = "tf.function"
PREDICT: Final = "model.predict"
CALL: Final = "model(x)"
NAIVE: Final = "naive"
SAME_ISA: Final = "tf.function-avx2"
ONEDNN_VARIABLE: Final = "TF_ENABLE_ONEDNN_OPTS"

SUBJECTS: Final[tuple[Subject, ...]] = (
    Subject(OURS, "this bundle", "", "bundle", "bundle"),
    Subject(REFERENCE, "TensorFlow, tf.function", "", "keras_model", "model", REFERENCE),
    Subject(CALL, "TensorFlow, model(x)", "tf", "keras_model", "model", CALL),
    Subject(PREDICT, "TensorFlow, model.predict", "tf", "keras_model", "model", PREDICT),
    Subject(NAIVE, "Keras' ONNX export in cv2", "naive", "plain", "onnx"),
    Subject(
        "onnxruntime", "onnxruntime", "ort", "onnx_runtime", "onnx", "", "onnxruntime",
        "onnxruntime",
    ),
    Subject("openvino", "OpenVINO", "openvino", "open_vino", "onnx", "", "openvino", "openvino"),
    Subject(
        "litert", "LiteRT", "litert", "lite_rt", "litert", "", "ai_edge_litert", "ai-edge-litert"
    ),
)  # fmt: skip
# OpenCV's convolutions are compared with this one at the instruction set that they stop at. oneDNN
# reads the variable when TensorFlow is imported.
AT_AVX2: Final = Subject(
    SAME_ISA,
    "TensorFlow, tf.function, AVX2 only",
    "",
    "keras_model",
    "model",
    REFERENCE,
    variables=(("ONEDNN_MAX_CPU_ISA", "AVX2"),),
)
# Where TensorFlow switches oneDNN off by itself, it may be faster with it.
ONEDNN: Final = Subject(
    "tf.function-onednn",
    "TensorFlow, tf.function, oneDNN on",
    "",
    "keras_model",
    "model",
    REFERENCE,
    variables=((ONEDNN_VARIABLE, "1"),),
)
PEERS: Final = tuple(dict.fromkeys(subject.peer for subject in SUBJECTS if subject.peer))


def choose(
    peers: Sequence[str], installed: Callable[[str], bool] | None = None
) -> tuple[tuple[Subject, ...], tuple[tuple[Subject, str], ...]]:
    """Return the subjects to measure, and those that are not installed, each with the reason.

    The bundle and TensorFlow's tf.function, whose answers are the reference, are always in.

    Raises:
        UsageError: There is no such peer.
    """
    if unknown := [peer for peer in peers if peer not in PEERS]:
        raise UsageError(f"There is no peer {unknown[0]!r}. Choose among {', '.join(PEERS)}.")
    there = installed or _installed
    wanted = [s for s in SUBJECTS if not s.peer or s.peer in peers]
    absent = [s for s in wanted if s.needs and not there(s.needs)]
    reasons = tuple((s, f"not installed: pip install {s.install}") for s in absent)
    return tuple(s for s in wanted if s not in absent), reasons


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
