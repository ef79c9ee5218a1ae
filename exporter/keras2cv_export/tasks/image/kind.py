"""The task's row in the exporter's table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, get_args

from keras2cv.schema.vocabulary import Color
from keras2cv_export.tasks.flags import flag
from keras2cv_export.tasks.kind import ExportedTask, Labels, Notes

from .options import ImageOptions

if TYPE_CHECKING:
    from keras2cv.pixels.preprocessing import Preprocessing
    from keras2cv.tasks.task import Task
    from keras2cv_export.tasks.outputs import Output

_FLAGS: Final = (
    flag("image", "output", "output with the image", metavar="NAME"),
    flag(
        "image_color",
        "color",
        "order of its channels (default: the input's)",
        choices=get_args(Color),
    ),
    flag(
        "image_range",
        "range",
        "values of black and white (default: 0,1 after a sigmoid); write --image-range=-1,1",
        value="value_range",
        metavar="LOW,HIGH",
    ),
)


def _describe(
    options: ImageOptions, outputs: Sequence[Output], labels: Labels, taken: Preprocessing | None
) -> tuple[Task, Notes]:
    from .describe import describe

    return describe(options, outputs, labels, taken)


KIND: Final = ExportedTask(
    options=ImageOptions,
    label="An image output",
    describe=_describe,
    group="an output that is an image",
    flags=_FLAGS,
)
