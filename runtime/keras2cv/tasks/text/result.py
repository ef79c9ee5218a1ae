"""A line of text that was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from numpy.typing import NDArray

from keras2cv.pixels.drawing.captions import caption
from keras2cv.pixels.images import Image
from keras2cv.tasks.result import DrawnResult

_DRAWN_TEXTS = 3


class Character(NamedTuple):
    """A character: `score` at its surest step, `steps` (first, last + 1) that it takes."""

    text: str
    score: float
    steps: tuple[int, int]


class TextPath(NamedTuple):
    """A text that the line may hold, and its score."""

    text: str
    score: float


@dataclass(frozen=True, eq=False, slots=True)
class TextResult(DrawnResult):
    """The text of a line.

    Attributes:
        paths: The most probable texts, best first; one, unless a beam was asked for more.
        characters: Those of the best text.
        step_count: How many steps the line was read in, from one end to the other.

    The score of a text is its probability, 0 to 1, and so falls with its length. Greedy decoding
    knows one path: its score is the product of each step's best probability. A beam adds up the
    paths that give the same text: its score is exp of `keras.ops.ctc_decode`'s log-probability.
    """

    paths: tuple[TextPath, ...]
    characters: tuple[Character, ...]
    step_count: int

    @property
    def text(self) -> str:
        """The most probable text; "" where there is none."""
        return self.paths[0].text

    @property
    def label(self) -> str:
        """The same as `text`."""
        return self.text

    @property
    def score(self) -> float:
        """The probability that the text is right, as the model sees it."""
        return self.paths[0].score

    def to_dict(self) -> dict[str, Any]:
        """Return the text, its characters, and every text that was asked for."""
        return {
            "task": "text",
            "text": self.text,
            "score": self.score,
            "characters": [
                {"text": c.text, "score": c.score, "steps": list(c.steps)} for c in self.characters
            ],
            "paths": [path._asdict() for path in self.paths],
            "step_count": self.step_count,
        }

    def draw(self, image: NDArray[Any], *, in_place: bool = False) -> Image:
        """Return a new picture with the three best texts."""
        lines = [f"{path.text} {path.score:.3f}" for path in self.paths[:_DRAWN_TEXTS]]
        return caption(image, lines, in_place=in_place)
