"""From the outputs of one batch to a result per sample: one function per task kind.

A postprocessor takes the manifest's task and the outputs, Keras names -> arrays in Keras' layout
with the batch first, and returns as many results as there are samples. A new kind is a file with
such a function, its result type in `results.py`, its name in `manifest.Kind`, and a line here.
Kinds that answer in pixels (boxes, masks) also need each image's `geometry.Placement`, to say
where in the original image a pixel of the input lies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from numpy.typing import NDArray

from keras2cv.manifest import Task
from keras2cv.postprocess.binary import binary
from keras2cv.postprocess.classify import classify
from keras2cv.postprocess.raw import raw
from keras2cv.postprocess.regress import regress
from keras2cv.results import Result

Postprocessor: TypeAlias = Callable[[Task, Mapping[str, NDArray[Any]]], Sequence[Result]]

POSTPROCESSORS: Final[Mapping[str, Postprocessor]] = {
    "classify": classify,
    "binary": binary,
    "regress": regress,
    "raw": raw,
}
