"""The options of `export` that say which output is what, in a detector or a mask."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any, Final

from keras2cv.cli import values
from keras2cv.errors import UsageError

# Options that only a detector has, as `Detection` calls them.
_OF_DETECTORS: Final = (
    "boxes", "classes", "objectness", "raw", "columns", "box_format", "box_units",
    "objectness_activation", "anchors", "variances", "background", "nms", "nms_across_classes",
    "max_detections",
)  # fmt: skip


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the options."""
    group = parser.add_argument_group(
        "a detector's outputs, or a mask",
        "what only one output can be need not be said",
    )
    for role, what in (
        ("boxes", "output with M boxes, (N, ..., 4)"),
        ("scores", "output with M scores, or one per box and class; or the mask"),
        ("classes", "output with M class numbers"),
        ("objectness", "output with M values that multiply the scores"),
        ("raw", "one output with all of it; --columns says what is in a row"),
    ):
        group.add_argument(f"--{role}", metavar="NAME", help=what)
    _add_choices(group)
    group.add_argument(
        "--anchors", type=Path, metavar="FILE", help=".npy (M, 4) cx, cy, w, h: boxes are offsets"
    )
    group.add_argument(
        "--variances", type=values.four, metavar="A,B,C,D", help="of the offsets (default: ones)"
    )
    group.add_argument(
        "--background", type=values.whole, metavar="K", help="the class number that is none"
    )
    group.add_argument(
        "--score", type=values.share, metavar="S", help="keep what is above it (default: 0.5)"
    )
    group.add_argument(
        "--nms",
        type=values.share,
        metavar="IOU",
        help="drop the worse of two boxes that overlap more (default: the model has done it)",
    )
    group.add_argument(
        "--nms-across-classes", action="store_true", help="also boxes of different classes"
    )
    group.add_argument(
        "--max-detections", type=values.positive, metavar="K", help="keep the K best boxes"
    )


def _add_choices(group: Any) -> None:
    group.add_argument(
        "--columns",
        choices=("box+objectness+scores", "box+scores", "box+score+class"),
        help="of --raw",
    )
    group.add_argument(
        "--box-format",
        choices=("yxyx", "xyxy", "xywh", "cxcywh"),
        help="corners, left top and size, or centre and size",
    )
    group.add_argument(
        "--box-units",
        choices=("normalised", "pixels"),
        help="shares of the input's width and height, or its pixels",
    )
    group.add_argument(
        "--activation",
        choices=("none", "sigmoid", "softmax"),
        help="what the scores still need (none: they are probabilities)",
    )
    group.add_argument(
        "--objectness-activation", choices=("none", "sigmoid"), help="the same for the objectness"
    )


def settings(args: Namespace) -> dict[str, Any]:
    """Return what was said, as `export` takes it: `detection`, `mask`, or nothing.

    Raises:
        UsageError: options of a detector for another task.
    """
    shared = ("scores", "activation", "score")
    said = {key: getattr(args, key) for key in (*_OF_DETECTORS, *shared)}
    said = {key: value for key, value in said.items() if value is not None and value is not False}
    if not said:
        return {}
    only_detectors = [f"--{key.replace('_', '-')}" for key in _OF_DETECTORS if key in said]
    if args.task == "detect" or (args.task is None and only_detectors):
        return {"detection": said}
    if args.task == "segment" and not only_detectors:
        return {"mask": _mask(said)}
    given = only_detectors or [f"--{key}" for key in said]
    raise UsageError(
        f"{given[0]} is for --task detect{'' if only_detectors else ' or segment'}, and the task "
        f"is {args.task or 'not said'}. Give that task, or leave the option out."
    )


def _mask(said: dict[str, Any]) -> dict[str, Any]:
    """Return a mask's options by the names that `Mask` has for them."""
    mask = {"output": said.get("scores"), "score": said.get("score")}
    activation = said.get("activation")
    if activation == "none":
        raise UsageError(
            "--activation none does not say whether a mask is a softmax or a sigmoid. Leave it "
            "out: the last layer tells. From Python, mask={'scores': ...} says it."
        )
    scores = None if activation is None else "logits"
    found = {**mask, "scores": scores}
    return {key: value for key, value in found.items() if value is not None}
