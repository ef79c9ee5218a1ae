"""Settle what the user left open: preprocessing and task, each stated, recognised, or refused."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from keras2cv.bundle.manifest import KINDS, Kind, Preprocessing, Task
from keras2cv.errors import UsageError
from keras2cv_export.model.kerashub import Told, told_by
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.model.spec import TensorSpec

from .detect import Detection, detection_task
from .image import ImageOutput, image_task
from .keypoints import Figure, figure_task
from .labels import read_labels
from .outputs import outputs_of
from .presets import PRESETS, Geometry, preprocessing
from .recognise import build_task, guess_kind, normaliser
from .segment import Mask, mask_task
from .unstated_pixels import how_pixels

if TYPE_CHECKING:
    from keras2cv_export.convert import Converted

Said: TypeAlias = Detection | Mask | Figure | ImageOutput
_KIND_OF: Final[Mapping[type, Kind]] = {
    Detection: "detect",
    Mask: "segment",
    Figure: "keypoints",
    ImageOutput: "image",
}
Labels = Sequence[str] | str | os.PathLike[str] | None


@dataclass(frozen=True)
class Wishes:
    """What the user said, None for what was left open."""

    task: str | None
    labels: Any
    preprocess: str | os.PathLike[str] | None
    geometry: Geometry
    outputs: Said | None = None


@dataclass(frozen=True)
class Facts:
    """What holds, and the sentences that say what was not stated by the user."""

    preprocessing: Preprocessing | None
    task: Task
    notes: tuple[str, ...]


def decide(loaded: LoadedModel, converted: Converted, wishes: Wishes) -> Facts:
    """Settle task and preprocessing.

    Raises:
        UsageError: An image task without a preprocessing, or something that does not fit the model.
    """
    labels = read_labels(wishes.labels)
    told = told_by(loaded.keras_model, _only_image_size(loaded))
    kind, task_note = _kind(converted, wishes.task or _implied(wishes.outputs), labels, told)
    _check_said(kind, wishes.outputs)
    facts, image_note = _preprocessing(loaded, kind, wishes, told)
    said = _completed(wishes.outputs, told) if kind == "detect" else wishes.outputs
    task, roles_note = _task(kind, converted, said, labels, facts)
    return Facts(facts, task, task_note + roles_note + image_note)


def _only_image_size(loaded: LoadedModel) -> tuple[int, int] | None:
    """Return width and height of the model's only input, if that is an image."""
    only = loaded.inputs[0]
    if len(loaded.inputs) != 1 or not only.is_image:
        return None
    return int(only.shape[2] or 0), int(only.shape[1] or 0)


def _completed(said: Said | None, told: Told) -> Detection:
    """Return what the user said of a detector, and what the model says where the user did not."""
    stated = vars(cast("Detection", said)) if said is not None else {}
    known = {key: value for key, value in stated.items() if value is not None}
    if not known.get("nms_across_classes"):  # False is what is not said
        known.pop("nms_across_classes", None)
    return Detection(**{**told.detection, **known})


def _check_said(kind: Kind, said: Said | None) -> None:
    if said is not None and (asked := _KIND_OF[type(said)]) != kind:
        raise UsageError(
            f"What was said of the outputs is for the task {asked}, and the task is {kind}. "
            f"Give --task {asked}, or leave it out."
        )


def _task(
    kind: Kind,
    converted: Converted,
    said: Said | None,
    labels: tuple[str, ...] | None,
    taken: Preprocessing | None,
) -> tuple[Task, tuple[str, ...]]:
    """Return the task of that kind, and what was not stated of the outputs that it reads."""
    if kind == "detect":
        return detection_task(cast("Detection", said or Detection()), outputs_of(converted), labels)
    if kind == "segment":
        return mask_task(cast("Mask", said or Mask()), outputs_of(converted), labels)
    if kind == "keypoints":
        return figure_task(cast("Figure", said or Figure()), outputs_of(converted), labels)
    if kind == "image":
        told = cast("ImageOutput", said or ImageOutput())
        return image_task(told, outputs_of(converted), labels, taken)
    return build_task(kind, converted.heads, labels), ()


def _implied(said: Said | None) -> Kind | None:
    """Return the task of which outputs were described."""
    return None if said is None else _KIND_OF[type(said)]


def _kind(
    converted: Converted, wish: str | None, labels: Sequence[str] | None, told: Told
) -> tuple[Kind, tuple[str, ...]]:
    if wish is not None:
        if wish not in KINDS:
            raise UsageError(f"There is no task {wish!r}. Choose {', '.join(KINDS)}.")
        return cast("Kind", wish), ()
    if told.kind is not None:
        return told.kind, told.task_note
    kind = guess_kind(converted.heads, labels)
    shown = ", ".join(f"{h.spec.name} ends in {h.activation}" for h in converted.heads)
    return kind, (f"Task: {kind}, since {shown}. Say --task to change that.",)


def _preprocessing(
    loaded: LoadedModel, kind: Kind, wishes: Wishes, told: Told
) -> tuple[Preprocessing | None, tuple[str, ...]]:
    images = [spec for spec in loaded.inputs if spec.is_image]
    if wishes.preprocess is not None:
        return _stated(images, loaded, wishes), ()
    if told.pixels is not None:
        facts = preprocessing(told.pixels, images[0], wishes.geometry, f"KerasHub's {told.name}")
        return facts, told.pixels_note
    layer = normaliser(loaded.keras_model)
    if len(images) == len(loaded.inputs) == 1 and layer and images[0].shape[3] in (1, 3):
        facts = preprocessing("none", images[0], wishes.geometry, "in the model")
        return facts, (_inside(layer, facts),)
    if kind == "raw" or not images:
        return None, ()
    raise UsageError(how_pixels(loaded.name, images[0], kind))


def _stated(images: list[TensorSpec], loaded: LoadedModel, wishes: Wishes) -> Preprocessing:
    if len(images) != 1:
        shown = ", ".join(str(spec) for spec in loaded.inputs)
        raise UsageError(
            f"--preprocess is for models with one image input (N, H, W, 1 or 3), and this one has "
            f"{len(images)} ({shown}). Leave it out, and give arrays."
        )
    choice = str(wishes.preprocess)
    source = f"preset {choice}" if choice in PRESETS else "file"
    return preprocessing(choice, images[0], wishes.geometry, source)


def _inside(layer: str, facts: Preprocessing) -> str:
    return (
        f"Preprocessing: the model's own {layer} does it, so pixels 0..255 go in as they are, "
        f"as {facts.color}. Say --preprocess to change that."
    )
