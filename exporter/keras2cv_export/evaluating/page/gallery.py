"""The worst answers, drawn by the results themselves beside their truth, as data URIs."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np

from keras2cv.errors import Keras2cvError
from keras2cv.evaluation.answering import are_pictures, as_image
from keras2cv.evaluation.evaluation_report import Case, Evaluation
from keras2cv.evaluation.labelled import LabelledData, LabelledSample, TrueBoxes, TrueMask
from keras2cv.evaluation.measures.make import make_measure
from keras2cv.evaluation.measures.segment import SegmentMeasure
from keras2cv.pixels.image_file import read_image
from keras2cv.predictor import Predictor
from keras2cv.tasks.detect.result import Detections
from keras2cv.tasks.result import Result
from keras2cv.tasks.segment.result import Segmentation

Array = np.ndarray[Any, Any]

_LONGEST: Final = 360  # pixels of a side on the page
_CRISP: Final = 160  # smaller ones keep their pixels when enlarged
_SHOWN: Final = 12


@dataclass(frozen=True)
class Tile:
    """One case on the page: its words, and (caption, data URI) of its pictures."""

    case: Case
    views: tuple[tuple[str, str], ...]

    @property
    def title(self) -> str:
        """The end of its name, which is a path."""
        return " | ".join(part.replace("\\", "/").rpartition("/")[2] for part in self.names)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its pictures: one, or two of a pair."""
        return tuple(self.case.name.split(" | "))


def worst_tiles(found: Evaluation, model: Predictor, data: LabelledData) -> list[Tile]:
    """Return the worst answers."""
    return _tiles(found.worst, model, data)


def parted_tiles(found: Evaluation, model: Predictor, data: LabelledData) -> list[Tile]:
    """Return the samples on which the two pipelines part the most."""
    parted = () if found.comparison is None else found.comparison.parted
    return _tiles(parted, model, data)


def _tiles(cases: tuple[Case, ...], model: Predictor, data: LabelledData) -> list[Tile]:
    samples = {sample.name: sample for sample in data.samples}
    return [Tile(case, _views(case, model, data, samples)) for case in cases[:_SHOWN]]


def _views(
    case: Case, model: Predictor, data: LabelledData, samples: Mapping[str, LabelledSample]
) -> tuple[tuple[str, str], ...]:
    if data.pairs:
        pair = [samples[name] for name in case.name.split(" | ") if name in samples]
        return tuple(("", _uri(read_image(sample.path))) for sample in pair)
    image, truth = _picture(case.name, model, data, samples)
    if image is None:
        return ()
    try:
        result = model.predict(image)
        assert not isinstance(result, list)  # noqa: S101 - one picture
        views = [("OpenCV", _uri(result.draw(image)))]
        true = _true_result(truth, result, model, data, image)
    except Keras2cvError:
        return (("", _uri(image)),)
    if true is not None:
        views.append(("truth", _uri(true)))
    return tuple(views)


def _picture(
    name: str, model: Predictor, data: LabelledData, samples: Mapping[str, LabelledSample]
) -> tuple[Array | None, Any]:
    if name in samples:
        try:
            return read_image(samples[name].path), samples[name].truth
        except (Keras2cvError, OSError):
            return None, None
    if data.arrays is not None and are_pictures(model.manifest, data.arrays[0]):
        number = int(name.rpartition(":")[2])
        return as_image(data.arrays[0][number]), data.arrays[1][number]
    return None, None


def _true_result(
    truth: Any, result: Result, model: Predictor, data: LabelledData, image: Array
) -> Array | None:
    """Return the truth drawn as a result is; None where words say it."""
    if isinstance(truth, TrueBoxes) and isinstance(result, Detections):
        return _true_boxes(truth, data, image).draw(image)
    if isinstance(result, Segmentation) and (isinstance(truth, TrueMask) or data.arrays):
        measure = make_measure(model.manifest, data)[0]()
        assert isinstance(measure, SegmentMeasure)  # noqa: S101 - the task's
        true = measure.label_map("", truth, image.shape[:2])
        drawn = Segmentation(true, result.class_count, result.labels, result.threshold)
        return drawn.draw(image)
    if hasattr(truth, "suffix"):
        return read_image(truth)
    return None


def _true_boxes(truth: TrueBoxes, data: LabelledData, image: Array) -> Detections:
    size_wh = (image.shape[1], image.shape[0])
    true = truth.in_pixels(size_wh)
    x, y, w, h = true.boxes_xywh.T
    boxes = np.stack([x, y, x + w, y + h], axis=1).astype(np.float32)
    scores = np.ones(len(boxes), np.float32)
    return Detections(boxes, scores, true.class_ids.astype(np.int32), size_wh, data.classes)


def _uri(image: Array) -> str:
    """Return a picture as a small JPEG in a data URI."""
    longest = max(image.shape[:2])
    if longest > _LONGEST:
        scale = _LONGEST / longest
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    elif longest < _CRISP:
        factor = _CRISP // longest + 1
        size_wh = (image.shape[1] * factor, image.shape[0] * factor)
        image = cv2.resize(image, size_wh, interpolation=cv2.INTER_NEAREST)
    encoded, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 82])
    assert encoded  # noqa: S101 - any uint8 image can be a JPEG
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode("ascii")
