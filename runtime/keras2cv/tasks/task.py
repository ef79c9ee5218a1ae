"""The manifest's section on the meaning of the outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

from keras2cv.schema.checks import check_share
from keras2cv.schema.fields import SchemaError, one_of
from keras2cv.schema.tensors import OutputTensor
from keras2cv.schema.vocabulary import Scores, TaskName
from keras2cv.tasks import TASKS

MAX_LABELS: Final = 100_000


class TaskRecord(Protocol):
    """A task's own part of the manifest: it names the outputs that the task reads."""

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs that are read: role -> Keras name."""

    def count_classes(self, shapes: Mapping[str, tuple[int, ...]]) -> int | None:
        """Return how many labels fit the shapes (role -> shape of a sample); None: any number."""


R = TypeVar("R", bound=TaskRecord)


def _records() -> dict[str, type[TaskRecord]]:
    return {name: row.record for name, row in TASKS.items() if row.record is not None}


@dataclass(frozen=True, slots=True)
class Task:
    """The meaning of the outputs.

    `scores` is the kind of values that `output` holds: "softmax" (probabilities of one of many),
    "logits" (before softmax or sigmoid), "sigmoid" (independent probabilities), "linear"
    (neither: reported as they are). `labels`: one per class; for binary [negative, positive] or
    [positive]. `class_scores`: thresholds that were chosen on data, one of the probability of yes,
    or one for each class: of its boxes, or of a classifier's best class. A kind with a `record`
    reads the outputs that it names; its JSON key is the kind.
    """

    kind: TaskName
    output: str | None = None
    scores: Scores | None = None
    labels: tuple[str, ...] | None = None
    class_scores: tuple[float, ...] | None = None
    record: TaskRecord | None = field(default=None, metadata=one_of(_records))

    def __post_init__(self) -> None:
        row = TASKS[self.kind]
        if (self.output is None) != bool(row.reads):
            rule = f"no output: {row.reads}" if row.reads else "the output it reads"
            raise SchemaError("output", f"a {self.kind} task needs {rule}")
        self._check_record_class()
        if (self.scores or "none") not in (row.scores or ("none",)):
            legal = " or ".join(row.scores) or "none"
            raise SchemaError("scores", f"{self.kind} has {legal}, got {self.scores}")
        self._check_class_scores()
        if self.labels is not None and not 1 <= len(self.labels) <= MAX_LABELS:
            raise SchemaError("labels", f"must be 1 to {MAX_LABELS}, got {len(self.labels)}")

    def _check_class_scores(self) -> None:
        if self.class_scores is None:
            return
        wanted = TASKS[self.kind].class_scores
        if not wanted:
            raise SchemaError("class_scores", f"a {self.kind} task has none")
        if wanted == "one per label":
            count = len(self.labels or ())
            if len(self.class_scores) != count:
                raise SchemaError("class_scores", f"must be one per label, {count}")
        elif len(self.class_scores) != 1:
            raise SchemaError("class_scores", f"must be 1, got {len(self.class_scores)}")
        for score in self.class_scores:
            check_share("class_scores", score)

    def _check_record_class(self) -> None:
        for key, cls in _records().items():
            if isinstance(self.record, cls) != (self.kind == key):
                raise SchemaError(key, f"belongs to the kind {key}, and to no other")

    def record_as(self, cls: type[R]) -> R:
        """Return the record, which a task of this kind has."""
        assert isinstance(self.record, cls)  # noqa: S101 - checked when the task was made
        return self.record

    @property
    def mask_threshold(self) -> float | None:
        """The probability above which a pixel of a binary mask is yes; None for other tasks."""
        threshold: float | None = getattr(self.record, "threshold", None)
        return threshold if self.kind == "segment" else None

    @property
    def roles(self) -> dict[str, str]:
        """The outputs that the task reads: the JSON path of the key that names it -> Keras name."""
        if self.record is not None:
            return {f"{self.kind}.{role}": name for role, name in self.record.outputs.items()}
        return {} if self.output is None else {"output": self.output}

    def check_outputs(self, outputs: Mapping[str, OutputTensor]) -> None:
        """Raise if `outputs`, one for each of `roles`, cannot be read so.

        Raises:
            SchemaError: an output has another shape than the task reads, or other labels.
        """
        if self.record is not None:
            self._check_record(self.record, outputs)
        elif self.output is not None:
            self._check_output(outputs["output"])

    def _check_record(self, record: TaskRecord, outputs: Mapping[str, OutputTensor]) -> None:
        for path, tensor in outputs.items():
            if not tensor.batched and not path.endswith(".classes"):  # class numbers may be fixed
                raise SchemaError(f"task.{path}", f"{tensor.name} does not depend on the batch")
        shapes = {
            path.removeprefix(f"{self.kind}."): tensor.keras_shape[tensor.batched :]
            for path, tensor in outputs.items()
        }
        try:
            classes = record.count_classes(shapes)
        except SchemaError as error:
            raise SchemaError(f"task.{self.kind}.{error.path}", error.problem) from error
        self._check_labels((classes,) if classes is not None else ())

    def _check_output(self, output: OutputTensor) -> None:
        if not output.batched:
            raise SchemaError("task.output", f"{output.name} does not depend on the batch")
        row = TASKS[self.kind]
        if row.single and output.sample_size != 1:
            raise SchemaError("task.output", f"{self.kind} needs 1 value, got {output.sample_size}")
        self._check_labels((1, 2) if row.single else (output.sample_size,))

    def _check_labels(self, legal: tuple[int, ...]) -> None:
        """Raise if there are labels, and not as many as is `legal` (nothing: any number is)."""
        if self.labels is None:
            return
        if unnamed := TASKS[self.kind].unnamed:
            raise SchemaError("task.labels", unnamed)
        if legal and len(self.labels) not in legal:
            wanted = " or ".join(map(str, legal))
            raise SchemaError("task.labels", f"must be {wanted}, got {len(self.labels)}")
