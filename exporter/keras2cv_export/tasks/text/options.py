"""The options by which a user describes a line of text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keras2cv.errors import UsageError


@dataclass(frozen=True)
class TextOptions:
    """A line of text, read by CTC; None where the output's shape and last activation decide.

    Attributes:
        charset: The model's characters: a file, a string or a sequence; see `read_charset`.
        blank: The class that stands for no character: "first", "last" or its number.
        output: Its name; (N, T, classes) or (N, classes, T).
        class_axis: "last" or "first": where the classes are.
        scores: "softmax" (probabilities) or "logits".
        decode: "greedy" or "beam".
        beam_width: How many beginnings of texts a beam follows; 100 if that is open.
        top_paths: How many texts of a beam are returned; 1 if that is open.
    """

    charset: Any = None
    blank: str | int | None = None
    output: str | None = None
    class_axis: str | None = None
    scores: str | None = None
    decode: str | None = None
    beam_width: int | None = None
    top_paths: int | None = None

    def __post_init__(self) -> None:
        if self.charset is not None:
            from .charset import read_charset

            object.__setattr__(self, "charset", read_charset(self.charset))
        if isinstance(self.blank, str):
            object.__setattr__(self, "blank", _parse_blank(self.blank))
        if self.decode == "greedy" and (self.beam_width, self.top_paths) != (None, None):
            raise UsageError(
                "A beam width and top paths are for --decode beam, and greedy decoding knows one "
                "path. Leave them out, or say beam."
            )


def _parse_blank(text: str) -> str | int:
    if text in ("first", "last"):
        return text
    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    raise UsageError(f"The blank must be first, last or the number of a class, got {text!r}.")
