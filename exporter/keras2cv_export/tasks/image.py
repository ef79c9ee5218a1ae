"""A model that makes an image of an image: which output it is, and what its values are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from keras2cv.bundle.manifest import Preprocessing, Task
from keras2cv.errors import UsageError
from keras2cv.schema.fields import SchemaError
from keras2cv.tasks.image_roles import Picture, PictureColor

from .outputs import Output, listed, named, only
from .user_records import record_of

_IMAGE = r"image|picture|decod|recon|out"


@dataclass(frozen=True)
class ImageOutput:
    """What is known of the image that comes out; None is told by the output and the input.

    Attributes:
        output: Its name; (N, h, w, 3), (N, h, w, 1) or (N, h, w).
        color: "RGB", "BGR" or "GRAY"; of three channels, the input's order unless it is said.
        range: (low, high), the values of black and of full brightness; told for a sigmoid only.
    """

    output: str | None = None
    color: str | None = None
    range: tuple[float, float] | None = None

    @classmethod
    def of(cls, said: ImageOutput | Mapping[str, Any] | None) -> ImageOutput:
        """Return what was said, in any of its forms."""
        return record_of(cls, said, "An image output")


def image_task(
    said: ImageOutput,
    outputs: Sequence[Output],
    labels: Sequence[str] | None,
    taken: Preprocessing | None,
) -> tuple[Task, tuple[str, ...]]:
    """Return the task, and the sentences that say what was not stated.

    Args:
        said: What was said.
        outputs: The model's.
        labels: Of which an image has none.
        taken: How images go in.

    Raises:
        UsageError: No output, or more than one, can be the image; or something does not fit it.
    """
    if labels is not None:
        raise UsageError("An image has no classes to name. Leave the labels out.")
    output = _image(said, outputs)
    color = said.color or _color(output, taken)
    low, high = said.range or _range(output)
    try:
        picture = Picture(output.name, cast("PictureColor", color), low, high)
        picture.count_classes({"output": output.shape})
    except SchemaError as error:
        raise UsageError(f"The image {output}: {error.path} {error.problem}.") from error
    note = (
        f"Image: {output}, read as {color}, {low:g} black to {high:g} white. "
        "Say --image, --image-color, --image-range to change it."
    )
    stated = said.output is not None and said.color is not None and said.range is not None
    return Task("image", image=picture), () if stated else (note,)


def _image(said: ImageOutput, outputs: Sequence[Output]) -> Output:
    if said.output is not None:
        return named(outputs, said.output, "the image")
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
