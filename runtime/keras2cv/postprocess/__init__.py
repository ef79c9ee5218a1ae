"""From the outputs of one batch to a result per sample: one function per task kind.

A postprocessor takes the manifest's task and the outputs, Keras names -> arrays in Keras' layout
with the batch first, and returns as many results as there are samples. A new kind is a file with
such a function, its result type in `results`, its name in `manifest.Kind`, and a line here.
Kinds that answer in pixels (boxes, masks, points, images) also take each image's
`geometry.Placement`, which says where in the original image a pixel of the input lies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from numpy.typing import NDArray

from keras2cv.geometry import Placement
from keras2cv.manifest import Task
from keras2cv.postprocess.binary import binary
from keras2cv.postprocess.classify import classify
from keras2cv.postprocess.detect import detect
from keras2cv.postprocess.embed import embed
from keras2cv.postprocess.image import image
from keras2cv.postprocess.keypoints import keypoints
from keras2cv.postprocess.raw import raw
from keras2cv.postprocess.regress import regress
from keras2cv.postprocess.segment import segment
from keras2cv.results import Result

Outputs: TypeAlias = Mapping[str, NDArray[Any]]
Postprocessor: TypeAlias = Callable[[Task, Outputs], Sequence[Result]]
PixelPostprocessor: TypeAlias = Callable[[Task, Outputs, Sequence[Placement]], Sequence[Result]]

POSTPROCESSORS: Final[Mapping[str, Postprocessor]] = {
    "classify": classify,
    "binary": binary,
    "regress": regress,
    "embed": embed,
    "raw": raw,
}

IN_PIXELS: Final[Mapping[str, PixelPostprocessor]] = {
    "detect": detect,
    "segment": segment,
    "keypoints": keypoints,
    "image": image,
}
