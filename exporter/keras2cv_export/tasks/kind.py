"""A row of the exporter's table of tasks, and the command line's options for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from keras2cv.pixels.preprocessing import Preprocessing
    from keras2cv.tasks.result import Result
    from keras2cv.tasks.task import Task

    from .agreement import PictureAgreement
    from .outputs import Output
    from .recognise import Head

Labels: TypeAlias = "Sequence[str] | None"
Notes: TypeAlias = tuple[str, ...]
Describe: TypeAlias = (
    "Callable[[Any, Sequence[Output], Labels, Preprocessing | None], tuple[Task, Notes]]"
)


@dataclass(frozen=True)
class Flag:
    """An option of the command line.

    Attributes:
        name: Without dashes, as `argparse` names its value: "box_format" for --box-format.
        field: The name of the field in the task's options.
        value: How its value is read: "text", "path", or a function of `keras2cv.cli.values`.
        settings: The arguments of `add_argument`.
    """

    name: str
    field: str
    value: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class OneOutput:
    """How a task finds the only output (N, values) that it reads.

    Attributes:
        shape: Its shape, for the message.
        fits: Whether an output with that many values is one.
        label_counts: How many labels may be given for that many values.
        has_scores: Whether its numbers are scores of classes.
    """

    shape: str
    fits: Callable[[int], bool]
    label_counts: Callable[[int], tuple[int, ...]] = lambda values: (values,)
    has_scores: bool = False


@dataclass(frozen=True, kw_only=True)
class ExportedTask:
    """One task, as the exporter sees it.

    Attributes:
        recognises: (head, labels) -> whether the only output is surely this task's.
        takes_arrays: Whether it needs no preprocessing even where an input could be an image.
        unnamed: The reason why labels are refused; "" where there may be.
        one_output: For a task that reads one output (N, values); None for the others.
        options: The record by which a user describes the outputs; None where that is not needed.
        label: The name of that record in error messages.
        describe: (options, outputs, labels, preprocessing) -> the task, and a note for everything
            that was not stated.
        group: The title of its options on the command line.
        flags: These options.
        shares: Options that several tasks have -> the field of this task's options.
        borrows: Options of another task, which alone stand for that one -> the same.
        from_flags: (field -> value, of the command line) -> the same in the options' own words.
        difference: (reference, candidate) -> a caption, (h, w) values, and the value that is full
            brightness, for results whose difference is a picture; None where it cannot be drawn.
        agree: (reference, candidate, allowed) -> how two results agree; None: by their numbers.
    """

    recognises: Callable[[Head, Labels], bool] = lambda _head, _labels: False
    takes_arrays: bool = False
    unnamed: str = ""
    one_output: OneOutput | None = None
    options: type[Any] | None = None
    label: str = ""
    describe: Describe | None = None
    group: str = ""
    flags: tuple[Flag, ...] = ()
    shares: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    borrows: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    from_flags: Callable[[dict[str, Any]], dict[str, Any]] = lambda stated: stated
    difference: Callable[[Any, Any], tuple[str, NDArray[Any], float] | None] = lambda _one, _two: (
        None
    )
    agree: Callable[[Result, Result, float], PictureAgreement] | None = None
