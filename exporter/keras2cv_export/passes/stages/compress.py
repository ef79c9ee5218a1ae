"""The passes of `--weights`: a smaller file, decoded by OpenCV from 4.7 on."""

from __future__ import annotations

from collections.abc import Mapping

from keras2cv_export.graph.edit import Pass
from keras2cv_export.passes.compress.weights_to_bytes import weights_to_bytes
from keras2cv_export.passes.compress.weights_to_halves import weights_to_halves
from keras2cv_export.passes.legalise.types.clip_to_inputs import clip_to_inputs
from keras2cv_export.passes.legalise.types.declare_opset import declare_opset

# What follows: the forms that 4.6 needs are of no use then, and no opset has both.
AFTER_COMPRESS: tuple[Pass, ...] = (clip_to_inputs, declare_opset)

# No pass may look at weights after these.
COMPRESS: Mapping[str, tuple[Pass, ...]] = {
    "fp16": (weights_to_halves,),
    "int8": (weights_to_bytes, weights_to_halves),  # halves where bytes are too coarse
}
