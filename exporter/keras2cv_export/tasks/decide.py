"""Settle preprocessing and task: each is stated, recognised, or refused."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
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


Choice = str | os.PathLike[str]
Preprocess = Choice | Mapping[str, Choice]


@dataclass(frozen=True)
class Wishes:
    """The user's choices, None for those left open.

    `preprocess`: one for all pictures, or one for each by the inputs' names. `outputs`: a task, and
    its description.
    """

    task: str | None
    labels: Any
    preprocess: Preprocess | None
    geometry: Geometry
    outputs: tuple[str, Any] | None = None


@dataclass(frozen=True)
class Decisions:
    """The decisions, and a note for each that the user did not make.

    `more_pictures`: the preprocessing of the inputs that are pictures beside the first one.
    """

    preprocessing: Preprocessing | None
    task: Task
    notes: tuple[str, ...]
    more_pictures: tuple[Preprocessing, ...] = ()


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
    pictures, image_note = _preprocessing(loaded, kind, wishes, hub)
    rules = pictures[0] if pictures else None
    task, roles_note = _task(kind, converted, _options(kind, wishes, hub), labels, rules)
    if kind == "detect" and hub.kind == kind and hub.options:
        task = with_choices(task, hub.options)
    _check_geometry(kind, rules, wishes.geometry)
    return Decisions(rules, task, task_note + roles_note + image_note, pictures[1:])


def _check_geometry(kind: TaskName, rules: Preprocessing | None, geometry: Geometry) -> None:
    if rules is None and (geometry.depth == 16 or geometry.cuts_clips):
        raise UsageError(
            "--depth, --window, --stride and --hop are for pictures and clips, and this bundle "
            "takes arrays. Leave them out, or say --preprocess."
        )
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
) -> tuple[tuple[Preprocessing, ...], tuple[str, ...]]:
    """Return the preprocessing of each input that is a picture, in the inputs' order."""
    images = [spec for spec in loaded.inputs if spec.is_image]
    if wishes.preprocess is not None:
        return _stated(loaded, wishes.preprocess, wishes.geometry), ()
    if hub.pixels is not None:
        rules = preprocessing(hub.pixels, images[0], wishes.geometry, f"KerasHub's {hub.name}")
        return (rules,), hub.pixels_note
    layer, only = normaliser(loaded.keras_model), loaded.inputs[0]
    if len(loaded.inputs) == 1 and layer and (only.is_image or only.is_clip):
        rules = preprocessing("none", only, wishes.geometry, "in the model")
        return (rules,), (_inside(layer, rules),)
    if TASKS[kind].takes_arrays or not images:
        return (), ()
    raise UsageError(how_pixels(loaded.name, images[0], kind, len(images)))


def _stated(loaded: LoadedModel, wish: Preprocess, geometry: Geometry) -> tuple[Preprocessing, ...]:
    """Return the preprocessing that the user states, of all pictures or of each by its name."""
    if isinstance(wish, Mapping):
        _require_pictures(loaded, wish)
        chosen = [(spec, wish[spec.name]) for spec in loaded.inputs if spec.name in wish]
    else:
        chosen = [(spec, wish) for spec in _pictures(loaded)]
    if not chosen:
        shown = ", ".join(str(spec) for spec in loaded.inputs)
        raise UsageError(
            "--preprocess is for models with one image input or more, (N, H, W, C) or clips "
            f"(N, T, H, W, C), and this one has 0 ({shown}). Leave it out, and give arrays."
        )
    return tuple(
        preprocessing(str(choice), spec, geometry, _source(choice)) for spec, choice in chosen
    )


def _pictures(loaded: LoadedModel) -> list[TensorSpec]:
    """Return the inputs that look like pictures or clips; else all that may be some."""
    found = [spec for spec in loaded.inputs if spec.is_image or spec.is_clip]
    return found or [spec for spec in loaded.inputs if spec.may_be_pictures]


def _require_pictures(loaded: LoadedModel, wish: Mapping[str, Choice]) -> None:
    """Raise unless each name is that of an input that may be pictures.

    Raises:
        UsageError: One is not.
    """
    inputs = {spec.name: spec for spec in loaded.inputs}
    for name in wish:
        if name not in inputs:
            raise UsageError(
                f"--preprocess names the input {name!r}, and the model's are "
                f"{', '.join(inputs)}. Give one of those."
            )
        if not inputs[name].may_be_pictures:
            raise UsageError(
                f"--preprocess names the input {inputs[name]}, which is no image (N, H, W, C) and "
                "no clip (N, T, H, W, C). Leave it out: it takes arrays."
            )


def _source(choice: Choice) -> str:
    return f"preset {choice}" if str(choice) in PRESETS else "file"


def _inside(layer: str, rules: Preprocessing) -> str:
    return (
        f"Preprocessing: the model's own {layer} does it, so pixels 0..255 go in as they are, "
        f"as {rules.color}. Say --preprocess to change that."
    )
