"""The roles of a detector's outputs, and the meaning of their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from keras2cv.errors import UsageError
from keras2cv_export.tasks.outputs import Output, listed, named, only

from .options import DetectOptions

_BOXES = r"box|loc|regress"
_SCORES = r"score|conf|prob|logit|cls|class"
_CLASSES = r"class|label|\bids?\b|_id"
_OBJECTNESS = r"obj"

_FLAGS: Final[Mapping[str, str]] = {
    "boxes": "--boxes NAME (..., 4)",
    "scores": "--scores NAME (one value per box, or one per box and class)",
    "columns": "--columns box+objectness+scores | box+scores | box+score+class",
    "box_format": "--box-format yxyx | xyxy | xywh | cxcywh",
    "box_units": "--box-units normalised | pixels (of the input)",
    "activation": "--activation none (they are probabilities) | sigmoid | softmax (still to come)",
    "objectness_activation": "--objectness-activation none | sigmoid",
}


def find_roles(options: DetectOptions, outputs: Sequence[Output]) -> dict[str, Any]:
    """Return role -> Output (or a table's columns), None for one that is still missing."""
    stated = {
        role: named(outputs, name, role)
        for role in ("raw", "boxes", "scores", "classes", "objectness")
        if (name := getattr(options, role)) is not None
    }
    if "raw" in stated or (not stated and len(outputs) == 1 and outputs[0].shape[-1:] != (4,)):
        return {"columns": options.columns, "raw": outputs[0], **stated}
    return _separate(stated, outputs)


def _separate(stated: dict[str, Output], outputs: Sequence[Output]) -> dict[str, Any]:
    """Find the roles that were not stated among the outputs that are left, the surest first."""
    found: dict[str, Any] = dict(stated)

    def left() -> list[Output]:
        return [output for output in outputs if output not in found.values()]

    boxes = found.get("boxes") or only((o for o in left() if o.shape[-1:] == (4,)), _BOXES)
    if boxes is None:
        raise UsageError(question(["boxes"], found, outputs))
    found["boxes"] = boxes
    count = boxes.size // 4
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
    numbered = "classes" in roles or columns == "box+score+class"
    meaning = {
        "box_format": options.box_format or ("cxcywh" if options.anchors is not None else None),
        "box_units": options.box_units or _units(boxes if table is None else None),
        # A model that names the classes itself has done all that there is to do with the scores.
        "activation": options.activation or ("none" if numbered else _needed(scores)),
    }
    if "objectness" in roles or columns == "box+objectness+scores":
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
