"""The roles of a detector's outputs, and the meaning of their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from keras2cv.errors import UsageError
from keras2cv.tasks.detect.columns import parts_of, with_rows_last
from keras2cv_export.tasks.outputs import Output, listed, named, only

from .belongings import check_belongings, find_belongings
from .options import DetectOptions

_BOXES = r"box|loc|regress"
_SCORES = r"score|conf|prob|logit|cls|class"
_CLASSES = r"class|label|\bids?\b|_id"
_OBJECTNESS = r"obj"

_FLAGS: Final[Mapping[str, str]] = {
    "boxes": "--boxes NAME (..., 4), or (..., 5) with --angle-units",
    "scores": "--scores NAME (one value per box, or one per box and class)",
    "columns": "--columns box+objectness+scores | box+scores | box+score+class (and coefficients, "
    "points, angle, if there are some)",
    "box_format": "--box-format yxyx | xyxy | xywh | cxcywh",
    "box_units": "--box-units normalised | pixels (of the input)",
    "activation": "--activation none (they are probabilities) | sigmoid | softmax (still to come)",
    "objectness_activation": "--objectness-activation none | sigmoid",
    "mask_activation": "--mask-activation none (they are probabilities) | sigmoid (still to come)",
    "point_format": "--point-format xy | yx | xys | yxs (s is a score)",
    "angle_units": "--angle-units degrees | radians (the fifth number of a box, or its angle)",
}


def find_roles(options: DetectOptions, outputs: Sequence[Output]) -> dict[str, Any]:
    """Return role -> Output (or a table's columns), None for one that is still missing."""
    stated = {
        role: named(outputs, name, role)
        for role in ("raw", "boxes", "scores", "classes", "objectness")
        if (name := getattr(options, role)) is not None
    }
    is_only = not stated and len(outputs) == 1 and outputs[0].shape[-1:] not in _box_shapes(options)
    if "raw" in stated or is_only or options.columns is not None:
        return _table(options, stated, outputs)
    return _separate(options, stated, outputs)


def _box_shapes(options: DetectOptions) -> tuple[tuple[int], ...]:
    """Return how the shape of the boxes may end: with an angle, they may have five numbers."""
    return ((4,), (5,)) if options.angle_units is not None else ((4,),)


def _table(
    options: DetectOptions, stated: Mapping[str, Output], outputs: Sequence[Output]
) -> dict[str, Any]:
    """Return the roles where a single output holds the boxes and their scores."""
    own = find_belongings(options, [o for o in outputs if o is not stated.get("raw")], None)
    left = [output for output in outputs if output not in own.values()]
    raw = stated.get("raw") or (left[0] if len(left) == 1 else None)
    if raw is None:
        if len(outputs) > 1 and options.columns is not None:
            raise UsageError(
                f"--columns are the parts of one output, and the model has {listed(outputs)}. Name "
                "it with --raw."
            )
        raw = outputs[0]
    check_belongings(options, own, outputs, count_boxes(options, {"raw": raw}))
    return {"columns": options.columns, "raw": raw, **stated, **own}


def count_boxes(options: DetectOptions, roles: Mapping[str, Any]) -> int:
    """Return how many boxes a sample has, in an output of their own or in the single one."""
    output: Output = roles.get("boxes", roles.get("raw"))
    shape = with_rows_last(output.shape, options.columns_axis)
    return output.size // max(1, shape[-1] if shape else 1)


def _separate(
    options: DetectOptions, stated: dict[str, Output], outputs: Sequence[Output]
) -> dict[str, Any]:
    """Find the roles that were not stated among the outputs that are left, the surest first."""
    found: dict[str, Any] = dict(stated)

    def left() -> list[Output]:
        return [output for output in outputs if output not in found.values()]

    boxes = found.get("boxes")
    for shape in _box_shapes(options):
        boxes = boxes or only((o for o in left() if o.shape[-1:] == shape), _BOXES)
    if boxes is None:
        raise UsageError(question(["boxes"], found, outputs))
    found["boxes"] = boxes
    width = 5 if boxes.shape[-1:] == (5,) else 4
    count = boxes.size // width
    own = find_belongings(options, outputs, boxes) if boxes.shape[-1:] == (width,) else {}
    check_belongings(options, own, outputs, count)
    found.update(own)
    if "classes" not in found:
        found["classes"] = only((o for o in left() if _are_class_numbers(o, count)), _CLASSES)
    if "objectness" not in found:
        flat = (o for o in left() if o.size == count and o.is_called(_OBJECTNESS))
        found["objectness"] = only(flat, _OBJECTNESS)
    if found.get("scores") is None:
        found["scores"] = only((o for o in left() if o.size % count == 0), _SCORES)
    return {role: o for role, o in found.items() if o is not None or role == "scores"}


def _are_class_numbers(output: Output, count: int) -> bool:
    """Whether it holds a number per box that is a class by its type or its name."""
    if output.size != count or output.activation in ("sigmoid", "softmax"):
        return False
    return output.dtype.startswith(("int", "uint")) or output.is_called(_CLASSES)


def stated_or_recognised(options: DetectOptions, roles: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the meaning of the numbers: stated, or shown by the activation that made them."""
    table = roles.get("raw")
    boxes, scores, objectness = (roles.get(r, table) for r in ("boxes", "scores", "objectness"))
    columns = roles.get("columns")
    numbered = "classes" in roles or "class" in parts_of(columns)
    is_centred = options.anchors is not None or options.angle_units is not None
    meaning = {
        "box_format": options.box_format or ("cxcywh" if is_centred else None),
        "box_units": options.box_units or _units(boxes if table is None else None),
        # A model that names the classes itself has done all that there is to do with the scores.
        "activation": options.activation or ("none" if numbered else _needed(scores)),
    }
    if "objectness" in roles or "objectness" in parts_of(columns):
        meaning["objectness_activation"] = options.objectness_activation or _needed(objectness)
    return meaning


def _units(boxes: Output | None) -> str | None:
    return "normalised" if boxes is not None and boxes.activation == "sigmoid" else None


def _needed(output: Output | None) -> str | None:
    """Return "none" for an output that ends in probabilities, else None: it cannot be seen."""
    known = output is not None and output.activation in ("sigmoid", "softmax")
    return "none" if known else None


def question(missing: Sequence[str], roles: Mapping[str, Any], outputs: Sequence[Output]) -> str:
    """Return the message that asks for all that is missing, with the options that give it."""
    known = [f"{role} from {o.name}" for role, o in roles.items() if isinstance(o, Output)]
    so_far = f" So far: {', '.join(known)}." if known else ""
    wanted = "; ".join(_FLAGS[key] for key in missing)
    undecoded = any(len(output.shape) >= 3 for output in outputs)
    head = (
        " Or --head yolov8, ssd, centernet, ..., if they are not decoded yet." if undecoded else ""
    )
    return (
        f"A detector's outputs do not say what their numbers mean: {listed(outputs)}.{so_far} "
        f"Give {wanted}.{head}"
    )
