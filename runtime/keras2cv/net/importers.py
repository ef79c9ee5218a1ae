"""The file formats that an OpenCV reads: later ones drop the importer of TensorFlow graphs."""

from __future__ import annotations

from typing import Any, Final

from keras2cv.errors import MissingDependency

READERS: Final = {"onnx": "readNetFromONNX", "frozen": "readNetFromTensorflow"}


def missing_importer(cv2: Any, file_format: str) -> str:
    """Return why the module `cv2` reads no files of a format; "" if it reads them."""
    if hasattr(cv2.dnn, READERS[file_format]):
        return ""
    return (
        f"OpenCV {cv2.__version__} has no {READERS[file_format]}, which reads {file_format} files"
    )


def importer_of(cv2: Any, file_format: str) -> Any:
    """Return the function that reads files of a format.

    Raises:
        MissingDependency: this OpenCV has none.
    """
    if missing := missing_importer(cv2, file_format):
        cure = "use OpenCV 5.0 or an older one, or export the model again with --format onnx"
        raise MissingDependency(
            f"{missing}: {cure if file_format == 'frozen' else 'use another one'}."
        )
    return getattr(cv2.dnn, READERS[file_format])
