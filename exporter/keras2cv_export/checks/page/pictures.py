"""Pictures for the page: both sides' predictions, and where they differ, as data URIs."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from keras2cv.tasks.kind import task_of
from keras2cv.tasks.result import Result
from keras2cv_export.parity.exactness import TENSORFLOW
from keras2cv_export.tasks import TASKS

if TYPE_CHECKING:
    from keras2cv_export.end_to_end.walked import Journey, ShownPicture

Array = np.ndarray[Any, Any]

_LONGEST: Final = 440  # pixels of a side on the page
_CRISP: Final = 160  # smaller ones keep their pixels when enlarged
_FAINT: Final = 1e-4  # differences below the preset fp32's limit stay dark


@dataclass(frozen=True, eq=False)
class _Difference:
    """Where two sides differ: (h, w) `values`, of which `largest` is drawn brightest."""

    caption: str
    values: Array
    largest: float


@dataclass(frozen=True)
class Row:
    """One picture of the user's.

    Attributes:
        name: The file's name.
        views: (caption, data URI) of Keras' side, OpenCV's, and of the difference.
        largest: The difference that the brightest colour of the last view stands for.
    """

    name: str
    views: tuple[tuple[str, str], ...]
    largest: str


def rows(journey: Journey, judge: str) -> list[Row]:
    """Draw both sides' predictions on the first pictures; `judge` answers for the model."""
    return [_row(w.path.name, w.shown, judge) for w in journey.walked if w.shown is not None]


def _row(name: str, seen: ShownPicture, judge: str) -> Row:
    differs = (seen.results and _result_difference(*seen.results)) or _input_difference(seen)
    last = (differs.caption, _uri(heat(differs.values, differs.largest), "png"))
    return Row(name, (*_sides(seen, judge), last), f"{differs.largest:.1e}")


def _sides(seen: ShownPicture, judge: str) -> tuple[tuple[str, str], ...]:
    theirs, ours = (_bgr(image) for image in seen.decoded)
    if seen.results is None:
        return (("the picture", _uri(ours)),)
    pair = seen.results
    drawn = (pair[0].draw(_shown(theirs, pair[0])), pair[1].draw(_shown(ours, pair[1])))
    theirs_by = "Keras and TensorFlow" if judge == TENSORFLOW else judge
    return ((theirs_by, _uri(drawn[0])), ("OpenCV", _uri(drawn[1])))


def _shown(image: Array, result: Result) -> Array:
    """Enlarge a small picture for a caption; boxes and masks belong to its own pixels."""
    if hasattr(result, "image_wh") or hasattr(result, "label_map"):
        return image
    factor = -(-_LONGEST // max(image.shape[:2]))
    if factor <= 1:
        return image
    size_wh = (image.shape[1] * factor, image.shape[0] * factor)
    return np.asarray(cv2.resize(image, size_wh, interpolation=cv2.INTER_NEAREST))


def _result_difference(theirs: Result, ours: Result) -> _Difference | None:
    """Show where two results differ, if their task can draw that."""
    if type(theirs) is not type(ours):
        return None
    found = TASKS[task_of(ours)].difference(theirs, ours)
    return None if found is None else _Difference(*found)


def _input_difference(seen: ShownPicture) -> _Difference:
    """Show by how much the net's inputs differ, of their largest value."""
    theirs, ours = seen.inputs
    scale = float(np.abs(theirs).max()) or 1.0
    gap = np.abs(theirs - ours).max(axis=-1) / scale
    largest = float(gap.max())
    caption = f"inputs differ by up to {largest:.1e} of their range"
    return _Difference(caption, gap, max(largest, _FAINT))


def heat(values: Array, largest: float) -> Array:
    """Return (H, W) values as colours (H, W, 3) BGR, black at 0; black all over if none differ."""
    unit = values / largest if largest > 0 else np.zeros(values.shape)
    return np.asarray(cv2.applyColorMap(np.uint8(255 * unit), cv2.COLORMAP_INFERNO))


def _bgr(image_rgb: Array) -> Array:
    if image_rgb.shape[2] == 1:
        return np.repeat(image_rgb, 3, axis=2)
    return np.ascontiguousarray(image_rgb[..., ::-1])


def _uri(image: Array, form: str = "jpeg") -> str:
    longest = max(image.shape[:2])
    factor = _LONGEST / longest
    if longest > _LONGEST or longest < _CRISP:
        size_wh = (max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor)))
        way = cv2.INTER_AREA if factor < 1 else cv2.INTER_NEAREST
        image = np.asarray(cv2.resize(image, size_wh, interpolation=way))
    encoded, data = cv2.imencode(f".{form}", image)
    assert encoded  # noqa: S101 - any uint8 image can be a JPEG or PNG
    return f"data:image/{form};base64," + base64.b64encode(data.tobytes()).decode("ascii")
