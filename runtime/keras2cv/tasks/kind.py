"""A row of the table of tasks, and the types of its functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from numpy.typing import NDArray

from keras2cv.pixels.geometry import Placement
from keras2cv.tasks import TASKS
from keras2cv.tasks.result import Result

if TYPE_CHECKING:
    from keras2cv.tasks.task import Task, TaskRecord

Outputs: TypeAlias = Mapping[str, NDArray[Any]]
Rows: TypeAlias = list[tuple[str, str]]
Postprocess: TypeAlias = Callable[["Task", Outputs, Sequence[Placement]], Sequence[Result]]


def without_placements(function: Callable[[Task, Outputs], Sequence[Result]]) -> Postprocess:
    """Return `function` for a table whose other functions answer in pixels of the image."""
    return lambda task, outputs, _: function(task, outputs)


@dataclass(frozen=True, kw_only=True)
class TaskKind:
    """One task, as the rest of the package sees it.

    Attributes:
        title: The task in a few words: the first line of a generated program.
        result: The class of its results.
        postprocess: (task, outputs, placements) -> a result per sample. Outputs are Keras names ->
            arrays in Keras' layout, the batch first.
        rows: (result, top) -> (label, value) pairs, the lines that `run` prints.
        reads: The outputs that it reads instead of one `output`, in words; "" for one output.
        scores: The kinds of values that its output may hold; empty where there is only one.
        record: Its own part of the manifest; None for the one `output`, or all of them.
        unnamed: The reason why there are no labels; "" where there may be.
        single: Whether its output holds one value per sample.
        in_pixels: Whether it answers in pixels of the image, and so needs placements.
        has_drawing: Whether `draw` draws on the image; else it is a picture of its own.
        known_scores: The outputs that a record knows to be probabilities -> "softmax" or "sigmoid".
        info_lines: The record's lines on the card of `info`.
        with_score: (record, score) -> the record with another threshold; None if it has none.
        with_nms: The same for the overlap of boxes.
        class_scores: How many thresholds `Task.class_scores` may hold, in words; "" for none.
        thresholds: The things that a score decides about, in words.
        distance: (result, first result) -> how far they are apart; None if that means nothing.
        traits: Names that the templates of generated programs ask for: see `codegen.traits`.
    """

    title: str
    result: type[Any]
    postprocess: Postprocess
    rows: Callable[[Any, int], Rows]
    reads: str = ""
    scores: tuple[str, ...] = ()
    record: type[TaskRecord] | None = None
    unnamed: str = ""
    single: bool = False
    in_pixels: bool = False
    has_drawing: bool = True
    known_scores: Callable[[Any], Mapping[str, str]] = lambda _: {}
    info_lines: Callable[[Any], Iterable[str]] = lambda _: ()
    with_score: Callable[[Any, float], TaskRecord | None] | None = None
    with_nms: Callable[[Any, float], TaskRecord] | None = None
    class_scores: str = ""
    thresholds: str = ""
    distance: Callable[[Any, Any], float] | None = None
    traits: frozenset[str] = frozenset()

    @property
    def ranks(self) -> bool:
        """Whether its results rank classes, the best first: `result.top(k)`."""
        return "top" in self.traits


def task_of(result: Result) -> str:
    """Return the name of the task that `result` is of."""
    return next(name for name, row in TASKS.items() if row.result is type(result))


def kind_of(result: Result) -> TaskKind:
    """Return the row of the task that `result` is of."""
    return TASKS[task_of(result)]
