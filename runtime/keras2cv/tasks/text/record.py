"""Which output holds the characters of a line, step by step, and how it is read: `task.text`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from keras2cv.schema.checks import check_range
from keras2cv.schema.fields import SchemaError

ClassAxis = Literal["last", "first"]
TextScores = Literal["softmax", "logits"]
TextDecoding = Literal["greedy", "beam"]

MAX_CHARSET: Final = 100_000
MAX_WORK: Final = 2**19  # steps times beams: some ten seconds
MAX_BEAM_WIDTH: Final = 10_000


@dataclass(frozen=True, slots=True)
class TextRecord:
    """How a line of text is read from `output` by CTC.

    `class_axis`: "last" for (N, T, classes), "first" for (N, classes, T); T are steps along the
    line. `scores`: "softmax" (probabilities) or "logits". `charset`: the character of each class
    but the blank, in the order of the classes. `blank`: the number of the class that stands for no
    character. `decode`: "greedy", or "beam" with `beam_width` prefixes and `top_paths` texts.
    """

    output: str
    class_axis: ClassAxis
    scores: TextScores
    charset: tuple[str, ...]
    blank: int
    decode: TextDecoding
    beam_width: int | None = None
    top_paths: int | None = None

    def __post_init__(self) -> None:
        check_range("charset", len(self.charset), 1, MAX_CHARSET)
        seen: set[str] = set()
        for index, character in enumerate(self.charset):
            if not character or character in seen:
                problem = f"is there twice: {character!r}" if character else "is empty"
                raise SchemaError(f"charset[{index}]", problem)
            seen.add(character)
        check_range("blank", self.blank, 0, len(self.charset))
        for key, value in (("beam_width", self.beam_width), ("top_paths", self.top_paths)):
            if (value is not None) != (self.decode == "beam"):
                raise SchemaError(key, "belongs to decode beam, and to no other")
        if self.beam_width is not None and self.top_paths is not None:
            check_range("beam_width", self.beam_width, 1, MAX_BEAM_WIDTH)
            check_range("top_paths", self.top_paths, 1, self.beam_width)

    @property
    def outputs(self) -> dict[str, str]:
        """The output that is read: role -> Keras name."""
        return {"output": self.output}

    def character(self, number: int) -> str:
        """Return the character of a class that is not the blank."""
        return self.charset[number - (number > self.blank)]

    def count_classes(self, shapes: Mapping[str, tuple[int, ...]]) -> int | None:
        """Return None: the charset names the classes, and labels do not.

        Raises:
            SchemaError: the output's shape (of a sample) does not hold a score for each class.
        """
        shape, wanted = shapes["output"], len(self.charset) + 1
        if len(shape) != 2:
            raise SchemaError("output", f"must be steps and classes, got {list(shape)}")
        if (classes := shape[-1 if self.class_axis == "last" else 0]) != wanted:
            counted = f"{len(self.charset)} characters and a blank are {wanted} classes"
            raise SchemaError("charset", f"{counted}, and the output has {classes}")
        steps = shape[0 if self.class_axis == "last" else 1]
        if steps * (self.beam_width or 1) > MAX_WORK:
            among = f" with {self.beam_width} beams" if self.beam_width else ""
            raise SchemaError("decode", f"takes minutes for {steps} steps{among}")
        return None
