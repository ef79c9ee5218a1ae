"""A model that makes an image of an image: its output, and the range of its values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from keras2cv.bundle.manifest import Preprocessing, Task
from keras2cv.errors import UsageError
from keras2cv.schema.fields import SchemaError
from keras2cv.schema.vocabulary import Color
from keras2cv.tasks.image.record import ImageRecord
from keras2cv_export.tasks.outputs import Output, listed, named, only

from .options import ImageOptions

_IMAGE = r"image|picture|decod|recon|out"


def describe(
    options: ImageOptions,
    outputs: Sequence[Output],
    labels: Sequence[str] | None,
    taken: Preprocessing | None,
) -> tuple[Task, tuple[str, ...]]:
    """Return the task, and a note for each decision that the user did not make.

    Args:
        options: The user's description of the image.
        outputs: The model's outputs.
        labels: The names of classes, which an image has none of.
        taken: The preprocessing of the input image.

    Raises:
        UsageError: No output, or more than one, can be the image; or something does not fit it.
    """
    if labels is not None:
        raise UsageError("An image has no classes to name. Leave the labels out.")
    output = _image(options, outputs)
    color = options.color or _color(output, taken)
    low, high = options.range or _range(output)
    try:
        picture = ImageRecord(output.name, cast("Color", color), low, high)
        picture.count_classes({"output": output.shape})
    except SchemaError as error:
        raise UsageError(f"The image {output}: {error.path} {error.problem}.") from error
    note = (
        f"Image: {output}, read as {color}, {low:g} black to {high:g} white. "
        "Say --image, --image-color, --image-range to change it."
    )
    stated = options.output is not None and options.color is not None and options.range is not None
    return Task("image", record=picture), () if stated else (note,)


def _image(options: ImageOptions, outputs: Sequence[Output]) -> Output:
    if options.output is not None:
        return named(outputs, options.output, "the image")
    found = only((o for o in outputs if _channels(o) in (1, 3)), _IMAGE)
    if found is None:
        raise UsageError(
            f"Which output is the image, (N, h, w, 3 or 1)? The model has {listed(outputs)}. "
            "Name it with --image."
        )
    return found


def _channels(output: Output) -> int | None:
    if len(output.shape) == 2:
        return 1
    return output.shape[2] if len(output.shape) == 3 else None


def _color(output: Output, taken: Preprocessing | None) -> str:
    if _channels(output) == 1:
        return "GRAY"
    return taken.color if taken is not None and taken.color != "GRAY" else "RGB"


def _range(output: Output) -> tuple[float, float]:
    if output.activation == "sigmoid":
        return 0.0, 1.0
    raise UsageError(
        f"Which values of {output} are black and white? Say --image-range 0,1, or -1,1, or 0,255."
    )
