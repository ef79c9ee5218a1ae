"""A detector's outputs and their roles: stated, told by names and shapes, or asked for.

Names and shapes tell which output is what where only one can be. What its numbers mean (the order
of a box's numbers, their unit, an activation that is still to come) is a fact about the model that
no shape shows, and is never assumed: the error lists all that is missing at once.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from keras2cv.bundle.manifest import Task
from keras2cv.errors import InputError, UsageError
from keras2cv.schema.fields import SchemaError
from keras2cv.tasks.roles import (
    Activation,
    Anchors,
    BoxFormat,
    BoxUnits,
    Columns,
    Detect,
    Nms,
    ObjectnessActivation,
)

from .outputs import Output, listed, named, only

DEFAULT_SCORE: Final = 0.5

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


@dataclass(frozen=True)
class Detection:
    """What is known of a detector's outputs; None is left to names and shapes, or asked for.

    Attributes:
        boxes: Output with M boxes, (N, ..., 4).
        scores: Output with M scores, or M x C, one per class.
        classes: Output with M class numbers.
        objectness: Output with M values that multiply the scores.
        raw: A single output for everything, (N, ..., K); `columns` says what is in it.
        columns: "box+objectness+scores", "box+scores" or "box+score+class".
        box_format: "yxyx", "xyxy", "xywh" (left, top) or "cxcywh" (centre).
        box_units: "normalised" (shares of the input's sides) or "pixels" (of the input).
        activation: What the scores still need: "none", "sigmoid" or "softmax".
        objectness_activation: The same for the objectness: "none" or "sigmoid".
        anchors: (M, 4) cx, cy, w, h in `box_units`, or an .npy file with it: then the boxes are
            offsets from them.
        variances: Four factors of the offsets, as SSD's (0.1, 0.1, 0.2, 0.2); None is ones.
        background: The number of the class that is none.
        score: Boxes above it are kept; 0.5 if not said.
        nms: Let the runtime drop the worse of two boxes that overlap by more than this.
        nms_across_classes: Also where their classes differ.
        max_detections: Keep no more than this.
    """

    boxes: str | None = None
    scores: str | None = None
    classes: str | None = None
    objectness: str | None = None
    raw: str | None = None
    columns: str | None = None
    box_format: str | None = None
    box_units: str | None = None
    activation: str | None = None
    objectness_activation: str | None = None
    anchors: Any = None
    variances: Sequence[float] | None = None
    background: int | None = None
    score: float | None = None
    nms: float | None = None
    nms_across_classes: bool = False
    max_detections: int | None = None

    @classmethod
    def of(cls, said: Detection | Mapping[str, Any] | None) -> Detection:
        """Return what was said, in any of its forms.

        Raises:
            UsageError: There is no such thing to say.
        """
        if isinstance(said, Detection):
            return said
        known = [field.name for field in fields(cls)]
        if unknown := sorted(set(said or {}) - set(known)):
            raise UsageError(f"A detection has no {unknown[0]!r}. It has {', '.join(known)}.")
        return cls(**(said or {}))


def detection_task(
    said: Detection, outputs: Sequence[Output], labels: Sequence[str] | None
) -> tuple[Task, tuple[str, ...]]:
    """Return the task, and the sentences that say what was not stated.

    Raises:
        UsageError: A role or a fact is missing, or they do not fit the outputs.
    """
    roles = _roles(said, outputs)
    missing: list[str] = [
        key for key in ("scores", "columns") if key in roles and roles[key] is None
    ]
    facts = _facts(said, roles)
    missing += [key for key, value in facts.items() if value is None]
    if missing:
        raise UsageError(_asks_for(missing, roles, outputs))
    detect = _record(said, roles, facts)
    labels, labels_note = _fitting_labels(detect, roles, labels)
    return Task("detect", labels=labels, detect=detect), (
        *_told(said, roles, facts),
        *labels_note,
    )


def _roles(said: Detection, outputs: Sequence[Output]) -> dict[str, Any]:
    """Return role -> Output (or a table's columns), with None for what is needed and not found."""
    stated = {
        role: named(outputs, name, role)
        for role in ("raw", "boxes", "scores", "classes", "objectness")
        if (name := getattr(said, role)) is not None
    }
    if "raw" in stated or (not stated and len(outputs) == 1 and outputs[0].shape[-1:] != (4,)):
        return {"columns": said.columns, "raw": outputs[0], **stated}
    return _separate(stated, outputs)


def _separate(stated: dict[str, Output], outputs: Sequence[Output]) -> dict[str, Any]:
    """Find what was not stated among the outputs that are left, the surest first."""
    found: dict[str, Any] = dict(stated)

    def left() -> list[Output]:
        return [output for output in outputs if output not in found.values()]

    boxes = found.get("boxes") or only((o for o in left() if o.shape[-1:] == (4,)), _BOXES)
    if boxes is None:
        raise UsageError(_asks_for(["boxes"], found, outputs))
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


def _facts(said: Detection, roles: Mapping[str, Any]) -> dict[str, str | None]:
    """Return what the numbers mean: stated, or told by the activation that they come from."""
    table = roles.get("raw")
    boxes, scores, objectness = (roles.get(r, table) for r in ("boxes", "scores", "objectness"))
    columns = roles.get("columns")
    numbered = "classes" in roles or columns == "box+score+class"
    facts = {
        "box_format": said.box_format or ("cxcywh" if said.anchors is not None else None),
        "box_units": said.box_units or _units(boxes if table is None else None),
        # A model that names the classes itself has done all that there is to do with the scores.
        "activation": said.activation or ("none" if numbered else _needed(scores)),
    }
    if "objectness" in roles or columns == "box+objectness+scores":
        facts["objectness_activation"] = said.objectness_activation or _needed(objectness)
    return facts


def _units(boxes: Output | None) -> str | None:
    return "normalised" if boxes is not None and boxes.activation == "sigmoid" else None


def _needed(output: Output | None) -> str | None:
    """Return "none" for what ends in probabilities; whether anything else does, is not seen."""
    known = output is not None and output.activation in ("sigmoid", "softmax")
    return "none" if known else None


def _asks_for(missing: Sequence[str], roles: Mapping[str, Any], outputs: Sequence[Output]) -> str:
    known = [f"{role} from {o.name}" for role, o in roles.items() if isinstance(o, Output)]
    so_far = f" So far: {', '.join(known)}." if known else ""
    wanted = "; ".join(_FLAGS[key] for key in missing)
    return (
        f"A detector's outputs do not say what their numbers mean: {listed(outputs)}.{so_far} "
        f"Give {wanted}."
    )


def _record(said: Detection, roles: Mapping[str, Any], facts: Mapping[str, Any]) -> Detect:
    """Build the manifest's record, and check it against the outputs.

    Raises:
        UsageError: They do not go together.
    """
    found = {role: output for role, output in roles.items() if isinstance(output, Output)}
    nms = None if said.nms is None else Nms(said.nms, said.nms_across_classes)
    try:
        detect = Detect(
            cast("BoxFormat", facts["box_format"]),
            cast("BoxUnits", facts["box_units"]),
            cast("Activation", facts["activation"]),
            DEFAULT_SCORE if said.score is None else said.score,
            **{role: output.name for role, output in found.items()},
            objectness_activation=cast(
                "ObjectnessActivation | None", facts.get("objectness_activation")
            ),
            columns=cast("Columns | None", roles.get("columns")),
            anchors=_anchors(said),
            background=said.background,
            nms=nms,
            max_detections=said.max_detections,
        )
        detect.count_classes({role: output.shape for role, output in found.items()})
    except SchemaError as error:
        raise UsageError(
            f"The detector's {error.path}: {error.problem}. Its outputs are "
            f"{', '.join(f'{role} from {output}' for role, output in found.items())}."
        ) from error
    return detect


def _anchors(said: Detection) -> Anchors | None:
    """Return the anchors, each number by its shortest decimals that are the same float32.

    Raises:
        InputError: The file cannot be read.
        UsageError: They are no table of boxes.
    """
    if said.anchors is None:
        return None
    table = said.anchors
    if isinstance(table, str | os.PathLike):
        try:
            table = np.load(Path(table), allow_pickle=False)
        except (OSError, ValueError) as error:
            raise InputError(
                f"The anchors {table} cannot be read ({error}). Give an .npy file of (M, 4)."
            ) from error
    table = np.asarray(table, np.float32)
    if table.ndim != 2 or table.shape[1] != 4 or not np.isfinite(table).all():
        raise UsageError(f"Anchors must be (M, 4) finite numbers cx, cy, w, h, got {table.shape}.")
    variances = (1.0, 1.0, 1.0, 1.0) if said.variances is None else tuple(said.variances)
    return Anchors(tuple(float(str(x)) for x in table.ravel()), tuple(map(float, variances)))


def _fitting_labels(
    detect: Detect, roles: Mapping[str, Any], labels: Sequence[str] | None
) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """Return a label per class; a background that has none gets one.

    Raises:
        UsageError: There are more or fewer.
    """
    if labels is None:
        return None, ()
    found = {role: o.shape for role, o in roles.items() if isinstance(o, Output)}
    count = detect.count_classes(found)
    if count is None or len(labels) == count:
        return tuple(labels), ()
    if detect.background is not None and len(labels) == count - 1:
        at = detect.background
        return (*labels[:at], "background", *labels[at:]), (
            f"Labels: class {at} is the background, so {labels[0]!r} is class {int(at == 0)}.",
        )
    raise UsageError(
        f"There are {len(labels)} labels, and the detector scores {count} classes. "
        "Give one per class, one per line."
    )


def _told(said: Detection, roles: Mapping[str, Any], facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a sentence for what was settled without being stated."""
    found = {role: o for role, o in roles.items() if isinstance(o, Output)}
    guessed = [f"{role} from {o}" for role, o in found.items() if getattr(said, role) is None]
    facts_told = [
        f"{key.replace('_', ' ')} {value}" for key, value in facts.items()
        if getattr(said, key) is None
    ]  # fmt: skip
    notes = []
    if guessed or facts_told:
        notes.append(
            f"Detector: {', '.join([*guessed, *facts_told])}, told by names, shapes and last "
            "layers. Say --boxes, --scores, --activation, ... to change that."
        )
    if said.score is None:
        notes.append(f"Boxes are kept above a score of {DEFAULT_SCORE}. Say --score to change it.")
    if said.nms is None and "classes" not in roles:
        notes.append(
            "Overlapping boxes all stay. If the model does not drop them itself, say --nms 0.5."
        )
    return tuple(notes)
