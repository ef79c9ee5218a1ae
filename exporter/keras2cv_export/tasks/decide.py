"""Settle preprocessing and task: each is stated, recognised, or refused."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from keras2cv.bundle.manifest import Preprocessing, Task
from keras2cv.errors import UsageError
from keras2cv.schema.vocabulary import TASK_NAMES, TaskName
from keras2cv.tasks import TASKS as RUNTIME_TASKS
from keras2cv_export.model.kerashub import KerasHubDescription, describe_kerashub
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.model.spec import TensorSpec

from . import TASKS
from .detect.chosen import with_choices
from .labels import read_labels
from .outputs import outputs_of
from .presets import PRESETS, Geometry, preprocessing
from .recognise import build_task, guess_kind, normaliser
from .unstated_pixels import how_pixels

if TYPE_CHECKING:
    from keras2cv_export.convert import Converted

Labels = Sequence[str] | str | os.PathLike[str] | None


@dataclass(frozen=True)
class Wishes:
    """The user's choices, None for those left open. `outputs`: a task, and its description."""

    task: str | None
    labels: Any
    preprocess: str | os.PathLike[str] | None
    geometry: Geometry
    outputs: tuple[str, Any] | None = None


@dataclass(frozen=True)
class Decisions:
    """The decisions, and a note for each that the user did not make."""

    preprocessing: Preprocessing | None
    task: Task
    notes: tuple[str, ...]


def decide(loaded: LoadedModel, converted: Converted, wishes: Wishes) -> Decisions:
    """Settle task and preprocessing.

    Raises:
        UsageError: An image task without a preprocessing, or something that does not fit the model.
    """
    labels = read_labels(wishes.labels)
    hub = describe_kerashub(loaded.keras_model, _only_image_size(loaded))
    described = wishes.outputs[0] if wishes.outputs is not None else None
    kind, task_note = _kind(converted, wishes.task or described, labels, hub)
    _check_described(kind, described)
    rules, image_note = _preprocessing(loaded, kind, wishes, hub)
    task, roles_note = _task(kind, converted, _options(kind, wishes, hub), labels, rules)
    if kind == "detect" and hub.kind == kind and hub.options:
        task = with_choices(task, hub.options)
    _check_transposed(kind, rules, wishes.geometry)
    return Decisions(rules, task, task_note + roles_note + image_note)


def _check_transposed(kind: TaskName, rules: Preprocessing | None, geometry: Geometry) -> None:
    if geometry.transpose and rules is None:
        raise UsageError(
            "--transpose-image is for images, and this bundle takes arrays. Leave it out."
        )
    if rules is not None and rules.transpose and RUNTIME_TASKS[kind].in_pixels:
        raise UsageError(
            f"--transpose-image turns what the task {kind} answers in, pixels of the image. "
            "Leave it out."
        )


def _only_image_size(loaded: LoadedModel) -> tuple[int, int] | None:
    """Return width and height of the model's only input, if that is an image."""
    only = loaded.inputs[0]
    if len(loaded.inputs) != 1 or not only.is_image:
        return None
    height, width = only.size_hw
    return width, height


def _check_described(kind: TaskName, described: str | None) -> None:
    if described not in (None, kind):
        raise UsageError(
            f"The description of the outputs is for the task {described}, and the task is {kind}. "
            f"Give --task {described}, or leave it out."
        )


def _options(kind: TaskName, wishes: Wishes, hub: KerasHubDescription) -> Any:
    """Return the user's options, completed by the model's own where the user left them open."""
    cls = TASKS[kind].options
    if cls is None:
        return None
    stated = vars(wishes.outputs[1]) if wishes.outputs is not None else {}
    known = {k: v for k, v in stated.items() if v is not None and v is not False}
    return cls(**{**(hub.options if hub.kind == kind else {}), **known})


def _task(
    kind: TaskName,
    converted: Converted,
    options: Any,
    labels: tuple[str, ...] | None,
    taken: Preprocessing | None,
) -> tuple[Task, tuple[str, ...]]:
    """Return the task of that kind, and a note for everything that was not stated."""
    describe = TASKS[kind].describe
    if describe is None:
        return build_task(kind, converted.heads, labels), ()
    return describe(options, outputs_of(converted), labels, taken)


def _kind(
    converted: Converted, wish: str | None, labels: Sequence[str] | None, hub: KerasHubDescription
) -> tuple[TaskName, tuple[str, ...]]:
    if wish is not None:
        if wish not in TASK_NAMES:
            raise UsageError(f"There is no task {wish!r}. Choose {', '.join(TASK_NAMES)}.")
        return cast("TaskName", wish), ()
    if hub.kind is not None:
        return hub.kind, hub.task_note
    kind = guess_kind(converted.heads, labels)
    shown = ", ".join(f"{h.spec.name} ends in {h.activation}" for h in converted.heads)
    return kind, (f"Task: {kind}, since {shown}. Say --task to change that.",)


def _preprocessing(
    loaded: LoadedModel, kind: TaskName, wishes: Wishes, hub: KerasHubDescription
) -> tuple[Preprocessing | None, tuple[str, ...]]:
    images = [spec for spec in loaded.inputs if spec.is_image]
    if wishes.preprocess is not None:
        return _stated(images, loaded, wishes), ()
    if hub.pixels is not None:
        rules = preprocessing(hub.pixels, images[0], wishes.geometry, f"KerasHub's {hub.name}")
        return rules, hub.pixels_note
    layer = normaliser(loaded.keras_model)
    if len(images) == len(loaded.inputs) == 1 and layer and images[0].channels in (1, 3):
        rules = preprocessing("none", images[0], wishes.geometry, "in the model")
        return rules, (_inside(layer, rules),)
    if TASKS[kind].takes_arrays or not images:
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


def _inside(layer: str, rules: Preprocessing) -> str:
    return (
        f"Preprocessing: the model's own {layer} does it, so pixels 0..255 go in as they are, "
        f"as {rules.color}. Say --preprocess to change that."
    )
