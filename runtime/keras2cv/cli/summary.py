"""The last line of `run`: how many results there were, how fast, and where they went."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from keras2cv.cli.output import STDOUT
from keras2cv.cli.styles import Styled, print_line
from keras2cv.streams.answers import Answer, LineCount
from keras2cv.streams.frames import Source


class Summary:
    """A context that counts results, and prints the line in the end, whatever ends the run."""

    def __init__(self, sources: Sequence[Source], save: Path | None, json: str | None) -> None:
        """Begin to count.

        Args:
            sources: The sources of the run.
            save: Where drawn pictures go.
            json: Where JSON lines go.
        """
        self._unit = _unit_of(sources)
        self._save = save
        self._json = json
        self._pictures = self.count = 0
        self._counts: dict[str, tuple[LineCount, ...]] = {}
        self._start_s = self._end_s = time.perf_counter()

    def start(self) -> None:
        """Begin to measure: the nets are loaded."""
        self._start_s = self._end_s = time.perf_counter()

    def note(self, answer: Answer) -> None:
        """Count the answer if it has a result."""
        if answer.result is not None:
            self.count += 1
            self._pictures += answer.picture is not None
            self._end_s = time.perf_counter()
        if answer.counts:
            self._counts[answer.source] = answer.counts

    def __enter__(self) -> Summary:
        """Nothing yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Print the line on stderr."""
        for source, counts in self._counts.items():
            for count in counts:
                where = ",".join(f"{edge:g}" for edge in count.line)
                print(f"{source}: {count.into} in, {count.out} out over {where}", file=sys.stderr)
        if self.count:
            first, *places = [self._speed(), *self._places()]
            text = "".join(f"; {place}" for place in places)
            print_line(Styled(first, "bold"), text, to_stderr=True)

    def _speed(self) -> str:
        seconds = max(self._end_s - self._start_s, 1e-9)
        many = f"{self.count} {self._unit}{'s' * (self.count != 1)}"
        each = f"{1000 * seconds / self.count:.3g} ms {_article(self._unit)} {self._unit}"
        return f"{many}, {each}, {self.count / seconds:.3g} fps"

    def _places(self) -> list[str]:
        places = []
        if self._save is not None and self._pictures:
            kind = "pictures" if self._save.is_dir() else "picture"
            is_video = self._pictures > 1 and kind == "picture"
            places.append(f"{'video' if is_video else kind} in {self._save}")
        if self._json not in (None, STDOUT):
            places.append(f"results in {self._json}")
        return places


def _unit_of(sources: Sequence[Source]) -> str:
    if all(source.rules is not None and source.rules.clip is not None for source in sources):
        return "clip"
    if all(source.is_stream for source in sources):
        return "frame"
    return "image" if all(source.kind == "image" for source in sources) else "sample"


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"
