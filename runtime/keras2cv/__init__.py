"""Run what `keras2cv export` made of a Keras model, with OpenCV and numpy alone.

    import keras2cv
    model = keras2cv.load("cat.cv")
    model.predict(cv2.imread("photo.jpg"))   # one result, or a list for a list of images
    model.infer(array)                       # what keras_model.predict takes and gives

Names are loaded when they are first used: `import keras2cv` costs next to nothing, and where
OpenCV is missing it says how to install it.
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
    from keras2cv.predictor import Predictor, load
    from keras2cv.selftest import SelfTestReport, run_selftest
    from keras2cv.tasks.results import (
        BinaryResult,
        Classification,
        Detections,
        Embedding,
        ImageResult,
        Keypoints,
        RawOutputs,
        Regression,
        Result,
        Segmentation,
    )

__all__ = [
    "BinaryResult",
    "BundleError",
    "Classification",
    "Detections",
    "Embedding",
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
    "UnsupportedError",
    "UsageError",
    "VerdictError",
    "__version__",
    "load",
    "run_selftest",
]

__version__: Final = VERSION

_HOME: Final = {
    "Manifest": "bundle.manifest",
    "Predictor": "predictor",
    "load": "predictor",
    "BinaryResult": "tasks.results",
    "Classification": "tasks.results",
    "Detections": "tasks.results",
    "Embedding": "tasks.results",
    "ImageResult": "tasks.results",
    "Keypoints": "tasks.results",
    "RawOutputs": "tasks.results",
    "Regression": "tasks.results",
    "Result": "tasks.results",
    "Segmentation": "tasks.results",
    "SelfTestReport": "selftest",
    "run_selftest": "selftest",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'keras2cv' has no attribute {name!r}")
    try:
        module = importlib.import_module(f"keras2cv.{_HOME[name]}")
    except (ImportError, AttributeError):
        from keras2cv.net.opencv import require_opencv

        require_opencv()  # the sentence on a missing or broken cv2, if that is what it is
        raise
    return getattr(module, name)
