"""A detector's outputs and their roles: stated, recognised by names and shapes, or asked for.

Names and shapes give an output its role where only one fits. No shape shows the meaning of its
numbers (the order of a box's numbers, their unit, an activation that is still to come), so that is
never assumed: the error lists everything that is missing at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from keras2cv.bundle.manifest import Preprocessing, Task
from keras2cv.errors import UsageError
from keras2cv.schema.fields import SchemaError
from keras2cv.tasks.detect.record import (
    Activation,
    BoxFormat,
    BoxUnits,
    DetectRecord,
    Nms,
    ObjectnessActivation,
)
from keras2cv_export.tasks.outputs import Output

from .anchors import anchors_of
from .belongings import OPTIONS, cure_of, missing_of, notes_of, records_of
from .describe_head import describe_head
from .head_belongings import HeadBelongings, named_as_centernet, outputs_of_head
from .options import DetectOptions
from .roles import count_boxes, find_roles, question, stated_or_recognised

DEFAULT_SCORE: Final = 0.5
_SCORE_NOTE: Final = f"Boxes are kept above a score of {DEFAULT_SCORE}. Say --score to change it."


def describe(
    options: DetectOptions,
    outputs: Sequence[Output],
    labels: Sequence[str] | None,
    taken: Preprocessing | None = None,
) -> tuple[Task, tuple[str, ...]]:
    """Return the task, and a note for each decision that the user did not make.

    Args:
        options: The user's description of a detector's outputs.
        outputs: The model's outputs.
        labels: The names of the classes, if the user gave them.
        taken: The preprocessing of the input image, whose size makes the grids of a head.

    Raises:
        UsageError: A role or a meaning is missing, or they do not fit the outputs.
    """
    if options.head is not None:
        return _with_head(options, outputs, labels, taken)
    roles = find_roles(options, outputs)
    missing: list[str] = [
        key for key in ("scores", "columns") if key in roles and roles[key] is None
    ]
    meaning = stated_or_recognised(options, roles)
    missing += [key for key, value in meaning.items() if value is None]
    missing += missing_of(options, roles)
    if missing:
        raise UsageError(question(missing, roles, outputs))
    detect = _record(options, roles, meaning, labels)
    found = {role: o.shape for role, o in roles.items() if isinstance(o, Output)}
    labels, labels_note = _fitting_labels(detect, found, labels)
    return Task("detect", labels=labels, record=detect), (
        *_notes(options, roles, meaning),
        *labels_note,
    )


def _with_head(
    options: DetectOptions,
    outputs: Sequence[Output],
    labels: Sequence[str] | None,
    taken: Preprocessing | None,
) -> tuple[Task, tuple[str, ...]]:
    size_wh = None if taken is None else (taken.size_wh[0], taken.size_wh[1])
    score = DEFAULT_SCORE if options.score is None else options.score
    options = named_as_centernet(options, outputs)
    own = outputs_of_head(options, outputs)
    left = [output for output in outputs if output not in own.values()]
    belongings = HeadBelongings(options, own, outputs)
    detect, notes = describe_head(options, left, size_wh, score, belongings)
    shapes = {o.name: o.shape for o in outputs}
    found = {role: shapes[name] for role, name in detect.outputs.items()}
    labels, labels_note = _fitting_labels(detect, found, labels)
    if options.score is None:
        notes = (*notes, _SCORE_NOTE)
    return Task("detect", labels=labels, record=detect), (*notes, *labels_note)


def _record(
    options: DetectOptions,
    roles: Mapping[str, Any],
    meaning: Mapping[str, Any],
    labels: Sequence[str] | None,
) -> DetectRecord:
    """Build the manifest's record, and check it against the outputs.

    Raises:
        UsageError: They do not go together.
    """
    found = {role: output for role, output in roles.items() if isinstance(output, Output)}
    names: dict[str, Any] = {role: o.name for role, o in found.items() if role not in OPTIONS}
    nms = None if options.nms is None else Nms(options.nms, options.nms_across_classes)
    try:
        detect = DetectRecord(
            cast("BoxFormat", meaning["box_format"]),
            cast("BoxUnits", meaning["box_units"]),
            cast("Activation", meaning["activation"]),
            DEFAULT_SCORE if options.score is None else options.score,
            **names,
            objectness_activation=cast(
                "ObjectnessActivation | None", meaning.get("objectness_activation")
            ),
            columns=roles.get("columns"),
            columns_axis="first" if options.columns_axis == "first" else None,
            anchors=anchors_of(options),
            background=options.background,
            nms=nms,
            max_detections=options.max_detections,
            **records_of(
                options, roles, str(meaning["box_units"]), count_boxes(options, roles), labels
            ),
            multi_label=True if options.multi_label else None,
        )
        detect.count_classes({role: output.shape for role, output in found.items()})
    except SchemaError as error:
        cure = cure_of(error.path, "Correct the options that name them, or say what they mean.")
        raise UsageError(
            f"The detector's {error.path}: {error.problem}. Its outputs are "
            f"{', '.join(f'{role} from {output}' for role, output in found.items())}. {cure}"
        ) from error
    return detect


def _fitting_labels(
    detect: DetectRecord, shapes: Mapping[str, tuple[int, ...]], labels: Sequence[str] | None
) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """Return a label per class; a background that has none gets one.

    Raises:
        UsageError: There are more or fewer.
    """
    if labels is None:
        return None, ()
    count = detect.count_classes(shapes)
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


def _notes(
    options: DetectOptions, roles: Mapping[str, Any], meaning: Mapping[str, Any]
) -> tuple[str, ...]:
    """Return a note for each decision that the user did not make."""
    found = {role: o for role, o in roles.items() if isinstance(o, Output)}
    guessed = [
        f"{role} from {o}"
        for role, o in found.items()
        if getattr(options, OPTIONS.get(role, role)) is None
    ]
    recognised = [
        f"{key.replace('_', ' ')} {value}" for key, value in meaning.items()
        if getattr(options, key) is None
    ]  # fmt: skip
    notes = []
    if guessed or recognised:
        notes.append(
            f"Detector: {', '.join([*guessed, *recognised])}, recognised by names, shapes and last "
            "layers. Say --boxes, --scores, --activation, ... to change that."
        )
    if options.score is None:
        notes.append(_SCORE_NOTE)
    if options.nms is None and "classes" not in roles:
        notes.append(
            "Overlapping boxes all stay. If the model does not drop them itself, say --nms 0.5."
        )
    return (*notes, *notes_of(options, roles))
