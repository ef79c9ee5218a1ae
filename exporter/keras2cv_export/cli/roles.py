"""The options of `export` that say which output is what, for the tasks that answer in pixels."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NoReturn

from keras2cv.cli import values
from keras2cv.errors import UsageError

# Options that only a detector has, as `Detection` calls them.
_OF_DETECTORS: Final = (
    "boxes", "classes", "objectness", "raw", "columns", "box_format", "box_units",
    "objectness_activation", "anchors", "variances", "background", "nms", "nms_across_classes",
    "max_detections",
)  # fmt: skip
# The same for the two other tasks: our option -> what the exporter's record calls it.
_OF_POINTS: Final = {
    "points": "output", "point_format": "form", "point_units": "units", "point_refine": "refine",
    "skeleton": "skeleton",
}  # fmt: skip
_OF_IMAGES: Final = {"image": "output", "image_color": "color", "image_range": "range"}
_SHARED: Final = ("scores", "activation", "score")


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


def add_point_arguments(parser: ArgumentParser) -> None:
    """Declare the options for keypoints, and for an image that comes out."""
    group = parser.add_argument_group("keypoints")
    group.add_argument("--points", metavar="NAME", help="output with the points of one figure")
    group.add_argument(
        "--point-format",
        choices=("heatmaps", "xy", "yx", "xys", "yxs"),
        help="heatmaps (N, h, w, K), or the order of a point's numbers, s being a score",
    )
    group.add_argument(
        "--point-units",
        choices=("normalised", "pixels"),
        help="shares of the input's width and height, or its pixels",
    )
    group.add_argument(
        "--point-refine",
        choices=("quarter", "none"),
        help="of heatmaps: a quarter of a cell towards the higher neighbour (default), or not",
    )
    group.add_argument(
        "--skeleton", type=values.pairs, metavar="A-B,...", help="points to join by a line"
    )
    group = parser.add_argument_group("an image that comes out")
    group.add_argument("--image", metavar="NAME", help="output with the image")
    group.add_argument(
        "--image-color",
        choices=("RGB", "BGR", "GRAY"),
        help="order of its channels (default: the input's)",
    )
    group.add_argument(
        "--image-range",
        type=values.value_range,
        metavar="LOW,HIGH",
        help="values of black and white (default: 0,1 after a sigmoid); write --image-range=-1,1",
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
    """Return what was said, as `export` takes it: of one task's outputs, or nothing.

    Raises:
        UsageError: options of one task for another.
    """
    own = {
        "detect": _given(args, _OF_DETECTORS),
        "segment": [],
        "keypoints": _given(args, _OF_POINTS),
        "image": _given(args, _OF_IMAGES),
    }
    shared = _given(args, _SHARED)
    task = args.task or next((kind for kind, keys in own.items() if keys), None)
    _refuse_foreign(task, args.task, own, shared)
    said = {key: getattr(args, key) for key in (*own.get(task or "", ()), *shared)}
    if not said:
        return {}
    if task == "detect":
        return {"detection": said}
    if task == "segment":
        return {"mask": _mask(said)}
    if task == "image":
        return {"image": {_OF_IMAGES[key]: value for key, value in said.items()}}
    return {"keypoints": {_OF_POINTS.get(key, key): value for key, value in said.items()}}


def _given(args: Namespace, keys: Iterable[str]) -> list[str]:
    return [
        key for key in keys if getattr(args, key) is not None and getattr(args, key) is not False
    ]


def _refuse_foreign(
    task: str | None, asked: str | None, own: dict[str, list[str]], shared: list[str]
) -> None:
    """Raise if an option is given that the task does not have."""
    for kind, keys in own.items():
        if keys and kind != task:
            _refuse(keys[0], kind, asked)
    for key in shared:
        tasks = [kind for kind in ("detect", "segment", "keypoints") if key in _shared_by(kind)]
        if task not in tasks:
            _refuse(key, " or ".join(tasks), asked)


def _shared_by(kind: str) -> tuple[str, ...]:
    return _SHARED[1:] if kind == "keypoints" else _SHARED


def _refuse(key: str, kinds: str, asked: str | None) -> NoReturn:
    raise UsageError(
        f"--{key.replace('_', '-')} is for --task {kinds}, and the task is {asked or 'not said'}. "
        "Give that task, or leave the option out."
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
