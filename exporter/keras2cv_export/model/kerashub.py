"""Read a KerasHub model's own description: its task, its preprocessing, and its box decoding.

KerasHub's `predict` does more than the network: its `preprocessor` turns pixels into the input, and
a detector's `decode_predictions` decodes the boxes from its anchors and suppresses overlapping
ones. A bundle has to do both as well, and the model holds every number of it. KerasHub itself is
not imported: a model brings its own class along.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.schema.vocabulary import TaskName

_KINDS: Final[Mapping[str, TaskName]] = {
    "ObjectDetector": "detect",
    "ImageClassifier": "classify",
    "ImageSegmenter": "segment",
}
_CENTRED: Final = {"box_format": "cxcywh"}
# Corners x0, y0, x1, y1 of a box in KerasHub's formats, in pixels.
_CORNERS: Final = {
    "xyxy": lambda a, b, c, d: (a, b, c, d),
    "yxyx": lambda a, b, c, d: (b, a, d, c),
    "xywh": lambda a, b, c, d: (a, b, a + c, b + d),
    "center_xywh": lambda a, b, c, d: (a - c / 2, b - d / 2, a + c / 2, b + d / 2),
}


@dataclass(frozen=True)
class KerasHubDescription:
    """The task and preprocessing of a KerasHub model; empty for any other model.

    Attributes:
        name: The model's class.
        kind: Its task.
        pixels: The preprocessing, in the form of a FILE.json; None without a preprocessor.
        options: The fields of the options that describe its outputs (`DetectOptions`).
        converter: The class that `pixels` come from.
    """

    name: str = ""
    kind: TaskName | None = None
    pixels: Mapping[str, Any] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    converter: str = ""

    @property
    def task_note(self) -> tuple[str, ...]:
        """Explain where the task comes from."""
        decoded = "; boxes as its decode_predictions() makes them" if self.options else ""
        return (
            f"Task: {self.kind}, as KerasHub's {self.name} is for it{decoded}. "
            "Say --task to change that.",
        )

    @property
    def pixels_note(self) -> tuple[str, ...]:
        """Explain where the preprocessing comes from."""
        return (f"Preprocessing: as its {self.converter} does it. Say --preprocess to change it.",)


def describe_kerashub(model: Any, size_wh: tuple[int, int] | None) -> KerasHubDescription:
    """Describe a KerasHub model whose images have that size.

    Args:
        model: A Keras model, or None.
        size_wh: Width and height of its only input, an image; None for other inputs.
    """
    kind = _kind(model)
    if kind is None or size_wh is None:
        return KerasHubDescription()
    options = _detection(model, size_wh)
    converter = getattr(getattr(model, "preprocessor", None), "image_converter", None)
    pixels = None if converter is None else _pixels(converter)
    return KerasHubDescription(
        type(model).__name__, kind, pixels, options, type(converter).__name__
    )


def _kind(model: Any) -> TaskName | None:
    classes = [c for c in type(model).__mro__ if c.__module__.startswith("keras_hub.")]
    return next((kind for c in classes if (kind := _KINDS.get(c.__name__))), None)


def _detection(model: Any, size_wh: tuple[int, int]) -> dict[str, Any]:
    """Return how `decode_predictions` reads the outputs; nothing for unknown detectors."""
    outputs, decoder = model.output, getattr(model, "prediction_decoder", None)
    if (
        decoder is None
        or type(decoder).__name__ != "NonMaxSuppression"
        or not isinstance(outputs, Mapping)
    ):
        return {}
    rules = {
        "activation": "sigmoid" if decoder.from_logits else "none",
        "score": float(decoder.confidence_threshold),
        "nms": float(decoder.iou_threshold),
        "nms_across_classes": True,  # it looks at each box's best class only
        "max_detections": int(decoder.max_detections),
    }
    if {"bbox_regression", "cls_logits"} <= outputs.keys():  # RetinaNet
        anchors = _anchors(model, size_wh)
        roles = {"boxes": "bbox_regression", "scores": "cls_logits"}
        return {**rules, **roles, **_CENTRED, "box_units": "pixels", "anchors": anchors}
    if {"pred_boxes", "logits"} <= outputs.keys():  # D-FINE
        roles = {"boxes": "pred_boxes", "scores": "logits"}
        return {**rules, **roles, **_CENTRED, "box_units": "normalised"}
    return {}


def _anchors(model: Any, size_wh: tuple[int, int]) -> NDArray[np.float32]:
    """Return the anchors (M, 4) as cx, cy, w, h in pixels of the input."""
    generator = model.anchor_generator
    levels = generator(np.zeros((1, size_wh[1], size_wh[0], 3), np.float32))
    table = np.concatenate([np.asarray(level) for level in levels.values()])
    x0, y0, x1, y1 = _CORNERS[generator.bounding_box_format](*table.astype(np.float64).T)
    centred = [(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0]
    return np.stack(centred, axis=1).astype(np.float32)


def _pixels(converter: Any) -> dict[str, Any]:
    """Return the preprocessing of an ImageConverter: pixel * scale + offset, after a resize."""
    scale = np.broadcast_to(1.0 if converter.scale is None else converter.scale, 3)
    offset = np.broadcast_to(0.0 if converter.offset is None else converter.offset, 3)
    pixels = {
        "color": "RGB",
        "mean": (-offset / scale).tolist(),
        "scale": float(scale[0]),
        "std": (scale[0] / scale).tolist(),
    }
    return {**pixels, **_resize(converter)}


def _resize(converter: Any) -> dict[str, Any]:
    antialias = "-antialias" if converter.antialias else ""
    rule = {"interpolation": f"tf-{converter.interpolation}{antialias}"}
    if converter.crop_to_aspect_ratio:
        return {**rule, "resize": "center-crop"}
    if converter.pad_to_aspect_ratio:
        return {**rule, "resize": "pad", "pad": 0}
    return {**rule, "resize": "stretch"}
