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

import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.manifest import Manifest, Task
from keras2cv.pixels.geometry import Placement, place
from keras2cv.tasks.postprocess.binary import binary
from keras2cv.tasks.postprocess.classify import classify
from keras2cv.tasks.postprocess.detect import detect
from keras2cv.tasks.postprocess.embed import embed
from keras2cv.tasks.postprocess.image import image
from keras2cv.tasks.postprocess.keypoints import keypoints
from keras2cv.tasks.postprocess.raw import raw
from keras2cv.tasks.postprocess.regress import regress
from keras2cv.tasks.postprocess.segment import segment
from keras2cv.tasks.results import Result

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


def results_of(
    manifest: Manifest,
    task: Task,
    outputs: Outputs,
    count: int,
    placements: Sequence[Placement] = (),
) -> list[Result]:
    """Return the task's result for each of `count` samples.

    Args:
        manifest: the bundle's.
        task: the manifest's, or it with other thresholds.
        outputs: Keras names -> arrays in Keras' layout, of `count` samples where they are batched.
        count: how many samples there are.
        placements: where each image lies in its input; without them, pixels are the input's own.
    """
    whole = dict(outputs)
    for tensor in manifest.outputs:
        if not tensor.batched:  # the same for every sample
            array = outputs[tensor.name]
            whole[tensor.name] = np.broadcast_to(array, (count, *array.shape))
    if (in_pixels := IN_PIXELS.get(task.kind)) is None:
        return list(POSTPROCESSORS[task.kind](task, whole))
    if not placements:
        size_wh = manifest.image_size_wh
        assert size_wh is not None  # noqa: S101 - a manifest of this kind has it
        placements = [place(size_wh, size_wh, "stretch")] * count
    return list(in_pixels(task, whole, placements))
