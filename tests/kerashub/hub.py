"""A case per model of KerasHub: built from its config, so that nothing is downloaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras

from conformance.case import Case
from conformance.inputs import NOTHING, Draw

PIXELS_SCALED = (-1.5, 1.7)  # the range of 0 to 255 after an ImageConverter


def case(
    name: str, build: Callable[[Any], keras.Model], draw: Mapping[str, Draw] = NOTHING
) -> Case:
    """Return the case `name`; `build` gets the module `keras_hub`."""
    return Case(
        name,
        "pattern",
        lambda: build(_keras_hub()),
        value_range=PIXELS_SCALED,
        draw=draw,
        batches=(2,),  # the harder one, and half the time
    )


def pyramid(backbone: Any) -> keras.Model:
    """Return a backbone with the outputs that detectors and segmenters take: a dict of levels."""
    return keras.Model(backbone.inputs, backbone.pyramid_outputs)


def _keras_hub() -> Any:
    import keras_hub

    return keras_hub
