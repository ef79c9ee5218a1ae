"""The task's row in the exporter's table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, get_args

from keras2cv.tasks.keypoints.record import PointForm
from keras2cv_export.tasks.flags import flag
from keras2cv_export.tasks.kind import ExportedTask, Labels, Notes

from .options import KeypointsOptions

if TYPE_CHECKING:
    from keras2cv.pixels.preprocessing import Preprocessing
    from keras2cv.tasks.task import Task
    from keras2cv_export.tasks.outputs import Output

_FLAGS: Final = (
    flag("points", "output", "output with the keypoints of one object", metavar="NAME"),
    flag(
        "point_format", "form",
        "heatmaps (N, h, w, K), or the order of a point's numbers, s being a score",
        choices=get_args(PointForm),
    ),
    flag(
        "point_units", "units", "shares of the input's width and height, or its pixels",
        choices=("normalised", "pixels"),
    ),
    flag(
        "point_refine", "refine",
        "of heatmaps: a quarter of a cell towards the higher neighbour (default), or not",
        choices=("quarter", "none"),
    ),
    flag(
        "skeleton", "skeleton", "points to join by a line", value="pairs", metavar="A-B,..."
    ),
)  # fmt: skip


def _describe(
    options: KeypointsOptions,
    outputs: Sequence[Output],
    labels: Labels,
    taken: Preprocessing | None,
) -> tuple[Task, Notes]:
    from .describe import describe

    return describe(options, outputs, labels, taken)


KIND: Final = ExportedTask(
    options=KeypointsOptions,
    label="A figure of keypoints",
    describe=_describe,
    group="keypoints",
    flags=_FLAGS,
    shares={"activation": "activation", "score": "score"},
)
