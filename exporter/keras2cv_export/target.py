"""Which OpenCV a graph is made for."""

from __future__ import annotations

from dataclasses import dataclass

from keras2cv.errors import UsageError

Version = tuple[int, int]

# The oldest that the project measures: Debian 12, Ubuntu 24.04 and Raspberry Pi OS ship it.
OLDEST: Version = (4, 6)
ENGINES = ("any", "classic", "new")


@dataclass(frozen=True)
class Target:
    """The oldest OpenCV that must run the graph; every newer one must run it too.

    Attributes:
        opencv: (major, minor) of the oldest.
        engine: "new": only the engine that came with 5.0 will run it; "classic" or "any":
            the one before it will, too.

    Raises:
        UsageError: The version is older than 4.6, or there is no such engine, or not in it.
    """

    opencv: Version = OLDEST
    engine: str = "any"

    def __post_init__(self) -> None:
        if self.opencv < OLDEST:
            raise UsageError(
                f"OpenCV {_dotted(self.opencv)} is older than what graphs are made for. "
                f"Take {_dotted(OLDEST)} or newer."
            )
        if self.engine not in ENGINES:
            raise UsageError(f"No engine is called {self.engine!r}. Take {', '.join(ENGINES)}.")
        if self.engine == "new" and self.opencv < (5, 0):
            raise UsageError(
                f"OpenCV {_dotted(self.opencv)} has no new engine, which came with 5.0. "
                "Leave the engine out, or take 5.0."
            )

    @classmethod
    def parse(cls, opencv: str | None = None, engine: str | None = None) -> Target:
        """Read "4.6", "4.10.0" or "5.0.0.93"; None is the oldest, and any engine.

        Raises:
            UsageError: It is no version, or there is no such target.
        """
        if opencv is None:
            return cls(OLDEST, engine or "any") if engine != "new" else cls((5, 0), "new")
        numbers = opencv.split(".")
        if len(numbers) < 2 or not all(number.isdecimal() for number in numbers):
            raise UsageError(f"{opencv!r} is no OpenCV version. Write it as 4.6 or 5.0.")
        return cls((int(numbers[0]), int(numbers[1])), engine or "any")

    def includes(self, newest: Version) -> bool:
        """Whether an OpenCV up to `newest`, or the engine that it had, may run the graph."""
        return self.opencv <= newest and not (self.engine == "new" and newest <= (5, 0))

    def __str__(self) -> str:
        """Say it as a sentence would."""
        engine = "" if self.engine == "any" else f", {self.engine} engine"
        return f"OpenCV {_dotted(self.opencv)} and newer{engine}"


def _dotted(version: Version) -> str:
    return ".".join(str(number) for number in version)
