"""Records of heads, from a description and the shapes of a model's outputs."""

from __future__ import annotations

from typing import Any

from keras2cv.tasks.detect.record import DetectRecord
from keras2cv_export.model.spec import TensorSpec
from keras2cv_export.tasks.detect.describe import describe
from keras2cv_export.tasks.detect.options import DetectOptions
from keras2cv_export.tasks.outputs import Output
from keras2cv_export.tasks.presets import Geometry, preprocessing


def described(shapes: dict[str, Any], head: Any, size_wh: tuple[int, int] = (416, 416),
              labels: Any = None, **options: Any) -> DetectRecord:  # fmt: skip
    """Return the record of a head; a shape may have its last activation behind it."""
    return _described(shapes, head, size_wh, labels, **options)[0]


def noted(shapes: dict[str, Any], head: Any, **options: Any) -> str:
    """Return what `export` says of a head."""
    return _described(shapes, head, (416, 416), None, **options)[1]


def _described(shapes: dict[str, Any], head: Any, size_wh: tuple[int, int],
               labels: Any, **options: Any) -> tuple[DetectRecord, str]:  # fmt: skip
    image = TensorSpec("photo", (1, size_wh[1], size_wh[0], 3), "float32")
    rules = preprocessing("0-1", image, Geometry(), "preset 0-1")
    outputs = []
    for name, given in shapes.items():
        *shape, end = given if isinstance(given[-1], str) else (*given, "linear")
        outputs.append(Output(name, tuple(shape), "float32", end))
    task, notes = describe(DetectOptions(head=head, **options), outputs, labels, rules)
    assert notes[0].startswith("Head: ")
    return task.record_as(DetectRecord), notes[0]
