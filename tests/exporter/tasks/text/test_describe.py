"""Which axis are the classes, and what are their numbers: shape and activation tell, or users."""

from __future__ import annotations

from typing import Any

import pytest

from keras2cv.errors import UsageError
from keras2cv.tasks.text.record import TextRecord
from keras2cv_export.tasks.outputs import Output
from keras2cv_export.tasks.text.describe import describe
from keras2cv_export.tasks.text.options import TextOptions


def described(
    *shapes: tuple[int, ...], activation: str = "softmax", **options: Any
) -> tuple[TextRecord, tuple[str, ...]]:
    """Return the record and the notes for outputs of these shapes (of a sample)."""
    outputs = [Output(f"y{n}", shape, "float32", activation) for n, shape in enumerate(shapes)]
    given = TextOptions(**{"charset": "0123456789", "blank": "last", **options})
    task, notes = describe(given, outputs, None)
    return task.record_as(TextRecord), notes


@pytest.mark.parametrize(
    ("shape", "axis", "size"),
    [((32, 11), "last", 10), ((11, 32), "first", 10), ((32, 12), "last", 11)],
)
def test_the_axis_that_fits_the_charset_are_the_classes(
    shape: tuple[int, int], axis: str, size: int
) -> None:
    """A class more than characters and blank is [UNK], before all others."""
    record, notes = described(shape)
    assert (record.class_axis, len(record.charset)) == (axis, size)
    assert record.blank == size
    assert f"axis {axis}" in notes[0]
    assert (record.charset[0] == "[UNK]") == (size == 11) == (len(notes) == 2)


@pytest.mark.parametrize(
    ("activation", "options", "scores"),
    [
        ("softmax", {}, "softmax"),
        ("linear", {}, "logits"),
        ("linear", {"scores": "softmax"}, "softmax"),
        ("sigmoid", {"scores": "softmax"}, "softmax"),
    ],
)
def test_the_last_activation_tells_what_the_numbers_are(
    activation: str, options: dict[str, Any], scores: str
) -> None:
    """Unless the user says it."""
    assert described((32, 11), activation=activation, **options)[0].scores == scores


def test_the_blank_is_where_it_is_said() -> None:
    """And [UNK] is the first of the other classes."""
    assert described((32, 11), blank="first")[0].blank == 0
    assert described((32, 11), blank="4")[0].blank == 4
    record, notes = described((32, 12), blank="first")
    assert (record.character(1), record.character(2)) == ("[UNK]", "0")
    assert "class 1 is taken for [UNK]" in notes[1]


def test_of_several_outputs_the_one_that_fits_is_read() -> None:
    """Others are the model's own business."""
    assert described((5,), (32, 11), (32, 7))[0].output == "y1"
    assert described((32, 11), (32, 11), output="y1")[0].output == "y1"
    assert described((11, 11), class_axis="first")[0].class_axis == "first"


def test_a_beam_has_keras_own_width() -> None:
    """100, and one text, unless they are given; either implies a beam."""
    record, _ = described((32, 11), decode="beam")
    assert (record.beam_width, record.top_paths) == (100, 1)
    record, _ = described((32, 11), top_paths=3)
    assert (record.decode, record.beam_width, record.top_paths) == ("beam", 100, 3)


@pytest.mark.parametrize(
    ("shapes", "options", "words"),
    [
        (((32, 11),), {"charset": None}, "Give --charset"),
        (((32, 11),), {"blank": None}, "Say --blank last"),
        (((32, 40),), {}, "has 10 characters, which are 11 classes with the blank, and the output"),
        (((32, 40),), {}, "has 40 or 32"),
        (((32, 40),), {"class_axis": "last"}, r"has 40\."),
        (((11, 12),), {}, "Say --class-axis last"),
        (((11, 11),), {}, "Say --class-axis last"),
        (((32, 11),), {"class_axis": "first"}, "has 32"),
        (((32, 11),), {"blank": 11}, "The blank is class 11, and the classes are 0 to 10"),
        (((5,),), {}, "Which output is the text"),
        (((0, 11),), {}, "has no steps"),
        (((32, 11), (32, 11)), {}, "Which output is the text"),
        (((5, 5, 11),), {"output": "y0"}, r"must be \(N, T, classes\)"),
        (((32, 11),), {"output": "z"}, "There is no output 'z'"),
        (((32, 11),), {"beam_width": 20_000}, "must be 1 to 10000"),
        (((32, 11),), {"beam_width": 3, "top_paths": 4}, "top_paths must be 1 to 3"),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(
    shapes: Any, options: dict[str, Any], words: str
) -> None:
    """With both numbers, and the option that settles it."""
    with pytest.raises(UsageError, match=words) as caught:
        described(*shapes, **options)
    assert caught.value.exit_code == 2
    assert len(str(caught.value).splitlines()) == 1


def test_a_sigmoid_and_labels_are_refused() -> None:
    """CTC reads one of many classes, which are characters."""
    with pytest.raises(UsageError, match="ends in a sigmoid"):
        described((32, 11), activation="sigmoid")
    with pytest.raises(UsageError, match="no labels"):
        describe(TextOptions(charset="0", blank="last"), [], ["a"])
