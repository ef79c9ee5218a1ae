"""Describe a model that reads a line of text: its output, and the meaning of its classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from keras2cv.bundle.manifest import Preprocessing, Task
from keras2cv.errors import UsageError
from keras2cv.schema.fields import SchemaError
from keras2cv.tasks.text.record import ClassAxis, TextDecoding, TextRecord, TextScores
from keras2cv_export.tasks.outputs import Output, listed, named, only

from .options import TextOptions

UNKNOWN: Final = "[UNK]"  # the word of keras.layers.StringLookup for unknown characters
DEFAULT_BEAM_WIDTH: Final = 100  # keras.ops.ctc_decode's
_TEXT = r"text|char|ctc|label|dense"
_AXES: Final[dict[ClassAxis, int]] = {"last": -1, "first": 0}


def describe(
    options: TextOptions,
    outputs: Sequence[Output],
    labels: Sequence[str] | None,
    taken: Preprocessing | None = None,  # noqa: ARG001 - all tasks are described by the same
) -> tuple[Task, tuple[str, ...]]:
    """Return the task, and a note for each decision that the user did not make.

    Args:
        options: The user's options.
        outputs: The model's outputs.
        labels: The names of classes, which a text has none of.
        taken: The preprocessing of the input image.

    Raises:
        UsageError: Charset or blank are missing, or do not fit an output of the model.
    """
    if labels is not None:
        raise UsageError("The classes of a text are characters. Give --charset, and no labels.")
    charset = _charset(options)
    output = _output(options, outputs, charset)
    axis = _class_axis(options, output, charset)
    if not output.size:
        raise UsageError(f"The text {output} has no steps. Give the model a wider image.")
    classes = output.shape[_AXES[axis]]
    characters = charset if classes == len(charset) + 1 else (UNKNOWN, *charset)
    scores = options.scores or _scores(output)
    decode = options.decode or ("beam" if options.beam_width or options.top_paths else "greedy")
    beam: dict[str, Any] = {}
    if decode == "beam":
        beam = {
            "beam_width": options.beam_width or max(DEFAULT_BEAM_WIDTH, options.top_paths or 1),
            "top_paths": options.top_paths or 1,
        }
    try:
        record = TextRecord(
            output.name, axis, cast("TextScores", scores), characters,
            _blank(options, classes), cast("TextDecoding", decode), **beam,
        )  # fmt: skip
        record.count_classes({"output": output.shape})
    except SchemaError as error:
        raise UsageError(f"The text {output}: {error.path} {error.problem}.") from error
    return Task("text", record=record), tuple(_notes(output, record, len(charset)))


def _charset(options: TextOptions) -> tuple[str, ...]:
    if options.charset is None:
        raise UsageError(
            "Which characters does the model know? Give --charset, a file or the characters "
            "themselves, in the order of the classes and without the blank."
        )
    return cast("tuple[str, ...]", options.charset)


def _output(options: TextOptions, outputs: Sequence[Output], charset: Sequence[str]) -> Output:
    if options.output is not None:
        output = named(outputs, options.output, "the text")
        if len(output.shape) != 2:
            raise UsageError(f"The text {output} must be (N, T, classes) or (N, classes, T).")
        return output
    flat = [o for o in outputs if len(o.shape) == 2]
    found = only((o for o in flat if _axes(o, charset)), _TEXT) or only(flat, _TEXT)
    if found is None:
        raise UsageError(
            "Which output is the text, (N, T, classes) or (N, classes, T)? The model has "
            f"{listed(outputs)}. Name it with --scores."
        )
    return found


def _axes(output: Output, charset: Sequence[str]) -> list[ClassAxis]:
    """Return the axes that have a class for each character, the blank, and perhaps [UNK]."""
    extra = (1, 2) if UNKNOWN not in charset else (1,)
    return [axis for axis, k in _AXES.items() if output.shape[k] - len(charset) in extra]


def _class_axis(options: TextOptions, output: Output, charset: Sequence[str]) -> ClassAxis:
    fitting = _axes(output, charset)
    if options.class_axis is not None:
        fitting = [axis for axis in fitting if axis == options.class_axis]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise UsageError(
            f"Which axis of {output} are the classes? Both fit {len(charset)} characters and a "
            "blank. Say --class-axis last for (N, T, classes), or first for (N, classes, T)."
        )
    counts = {"last": output.shape[-1:], "first": output.shape[:1]}
    sizes = counts.get(options.class_axis or "", output.shape[::-1])
    raise UsageError(
        f"The charset has {len(charset)} characters, which are {len(charset) + 1} classes with the "
        f"blank, and the output {output} has {' or '.join(map(str, sizes))}. Give each character "
        "of the model once, without the blank."
    )


def _blank(options: TextOptions, classes: int) -> int:
    if options.blank is None:
        raise UsageError(
            "Which class stands for no character? Say --blank last (as tf.nn.ctc_loss and Keras' "
            "OCR example have it), first (as keras.losses.CTC and PyTorch), or its number."
        )
    number = {"first": 0, "last": classes - 1}.get(str(options.blank), options.blank)
    if not isinstance(number, int) or not 0 <= number < classes:
        raise UsageError(
            f"The blank is class {options.blank}, and the classes are 0 to {classes - 1}. "
            "Say first, last or one of these."
        )
    return number


def _scores(output: Output) -> str:
    if output.activation == "sigmoid":
        raise UsageError(
            f"The output {output} ends in a sigmoid, and CTC needs one of many classes for each "
            "step. Say --activation none if these are probabilities that add up to 1."
        )
    return "logits" if output.activation == "linear" else "softmax"


def _notes(output: Output, record: TextRecord, given: int) -> list[str]:
    steps = output.shape[0 if record.class_axis == "last" else -1]
    notes = [
        f"Text: {output}, {steps} steps of {len(record.charset) + 1} classes (axis "
        f"{record.class_axis}), read as {record.scores}, {record.decode}; class {record.blank} is "
        "the blank. Say --scores, --class-axis, --activation, --decode to change it."
    ]
    if len(record.charset) != given:
        number = int(record.blank == 0)
        notes.append(
            f"There is a class more than characters and blank: class {number} is taken for "
            f"{UNKNOWN}, as keras.layers.StringLookup has it. If it is not, give a charset file "
            "with that line in its place."
        )
    return notes
