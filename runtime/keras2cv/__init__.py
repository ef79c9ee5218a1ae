"""Run a bundle, a Keras model exported by `keras2cv export`, with OpenCV and numpy alone.

    import keras2cv
    model = keras2cv.load("cat.cv")
    model.predict(cv2.imread("photo.jpg"))   # one result, or a list for a list of images
    model.infer(array)                       # takes and returns the same as keras_model.predict

Names are loaded when they are first used: `import keras2cv` costs next to nothing, and without
OpenCV the error explains how to install it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

from keras2cv._version import VERSION
from keras2cv.errors import (
    BundleError,
    InconclusiveError,
    InputError,
    Keras2cvError,
    Keras2cvWarning,
    MissingDependency,
    ModelError,
    NetError,
    ParityError,
    UnsupportedError,
    UsageError,
    VerdictError,
)

if TYPE_CHECKING:
    from keras2cv.bundle.manifest import Manifest
    from keras2cv.evaluation.evaluation_report import Evaluation
    from keras2cv.evaluation.public import evaluate
    from keras2cv.loading import load
    from keras2cv.predictor import Predictor
    from keras2cv.selftest import SelfTestReport, run_selftest
    from keras2cv.streams.answers import Answer
    from keras2cv.streams.streaming import stream
    from keras2cv.tasks.binary.result import BinaryResult
    from keras2cv.tasks.classify.result import Classification
    from keras2cv.tasks.detect.result import Detections
    from keras2cv.tasks.embed.result import Embedding
    from keras2cv.tasks.image.result import ImageResult
    from keras2cv.tasks.keypoints.result import Keypoints
    from keras2cv.tasks.raw.result import RawOutputs
    from keras2cv.tasks.regress.result import Regression
    from keras2cv.tasks.result import Result
    from keras2cv.tasks.segment.result import Segmentation
    from keras2cv.tasks.text.result import TextResult

__all__ = [
    "Answer",
    "BinaryResult",
    "BundleError",
    "Classification",
    "Detections",
    "Embedding",
    "Evaluation",
    "ImageResult",
    "InconclusiveError",
    "InputError",
    "Keras2cvError",
    "Keras2cvWarning",
    "Keypoints",
    "Manifest",
    "MissingDependency",
    "ModelError",
    "NetError",
    "ParityError",
    "Predictor",
    "RawOutputs",
    "Regression",
    "Result",
    "Segmentation",
    "SelfTestReport",
    "TextResult",
    "UnsupportedError",
    "UsageError",
    "VerdictError",
    "__version__",
    "evaluate",
    "load",
    "run_selftest",
    "stream",
]

__version__: Final = VERSION

_HOME: Final = {
    "Answer": "streams.answers",
    "Evaluation": "evaluation.evaluation_report",
    "Manifest": "bundle.manifest",
    "Predictor": "predictor",
    "evaluate": "evaluation.public",
    "load": "loading",
    "BinaryResult": "tasks.binary.result",
    "Classification": "tasks.classify.result",
    "Detections": "tasks.detect.result",
    "Embedding": "tasks.embed.result",
    "ImageResult": "tasks.image.result",
    "Keypoints": "tasks.keypoints.result",
    "RawOutputs": "tasks.raw.result",
    "Regression": "tasks.regress.result",
    "Result": "tasks.result",
    "Segmentation": "tasks.segment.result",
    "SelfTestReport": "selftest",
    "TextResult": "tasks.text.result",
    "run_selftest": "selftest",
    "stream": "streams.streaming",
}


_ENGINES: Final = ("dask", "ray", "spark")  # modules, each for an engine of that name


def __dir__() -> list[str]:
    """Return the public names, loaded or not, for `dir` and the Tab key."""
    return sorted({*globals(), *__all__, *_ENGINES})


def __getattr__(name: str) -> Any:
    if name in _ENGINES:
        return importlib.import_module(f"keras2cv.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'keras2cv' has no attribute {name!r}")
    try:
        module = importlib.import_module(f"keras2cv.{_HOME[name]}")
    except (ImportError, AttributeError):
        from keras2cv.net.opencv import require_opencv

        require_opencv()  # if cv2 is missing or broken, the error that explains it
        raise
    return getattr(module, name)
