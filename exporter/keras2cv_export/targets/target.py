"""Which OpenCV a graph is made for."""

from __future__ import annotations

from dataclasses import dataclass

from keras2cv.errors import UsageError

from .importers import IMPORTERS, importer_of, version_of

Version = tuple[int, int]

# The oldest that the project measures: Debian 12, Ubuntu 24.04 and Raspberry Pi OS ship it.
OLDEST: Version = (4, 6)
ENGINES = ("any", "classic", "new")

_NEWEST = version_of(IMPORTERS[-1])


@dataclass(frozen=True)
class Target:
    """The oldest OpenCV that must run the graph; every newer one must run it too.

    Attributes:
        opencv: (major, minor) of the oldest.
        engine: "new": only the engine that came with 5.0 will run it; "classic" or "any":
            the one before it will, too.
        asked: Whether the user requested that version. If not, the graph is made for it as far as
            possible, and one engine of the newest OpenCV is enough.

    Raises:
        UsageError: The version is older than 4.6, or the engine is unknown or not part of it.
    """

    opencv: Version = OLDEST
    engine: str = "any"
    asked: bool = True

    def __post_init__(self) -> None:
        if self.opencv < OLDEST:
            raise UsageError(
                f"OpenCV {dotted(self.opencv)} is older than what graphs are made for. "
                f"Take {dotted(OLDEST)} or newer."
            )
        if self.engine not in ENGINES:
            raise UsageError(f"No engine is called {self.engine!r}. Take {', '.join(ENGINES)}.")
        if self.engine == "new" and self.opencv < (5, 0):
            raise UsageError(
                f"OpenCV {dotted(self.opencv)} has no new engine, which came with 5.0. "
                "Leave the engine out, or take 5.0."
            )

    @classmethod
    def parse(cls, opencv: str | None = None, engine: str | None = None) -> Target:
        """Read "4.6", "4.10.0" or "5.0.0.93"; None means the oldest possible.

        Raises:
            UsageError: It is no version, none that is known, or there is no such target.
        """
        if opencv is None:
            oldest = (5, 0) if engine == "new" else OLDEST
            return cls(oldest, engine or "any", asked=False)
        numbers = opencv.split(".")
        if len(numbers) < 2 or not all(number.isdecimal() for number in numbers):
            raise UsageError(f"{opencv!r} is no OpenCV version. Write it as 4.6 or 5.0.")
        version = (int(numbers[0]), int(numbers[1]))
        if version[0] > _NEWEST[0]:
            known = ", ".join(dict.fromkeys(one.partition(" ")[0] for one in IMPORTERS))
            raise UsageError(
                f"OpenCV {opencv} is newer than what is known here. Measured are {known}; take one "
                "of them, or a version in between."
            )
        return cls(version, engine or "any")

    @property
    def favours_new(self) -> bool:
        """Whether the graph should be fast on the new engine.

        5.0 chooses that engine by itself. A request for an older OpenCV, or the classic engine,
        gets the forms that are fast there, which the new engine runs too.
        """
        return self.engine != "classic" and (not self.asked or self.opencv >= (5, 0))

    @property
    def importers(self) -> tuple[str, ...]:
        """The importers of `importers.IMPORTERS` that must run the graph."""
        newer = (one for one in IMPORTERS if version_of(one) >= self._oldest)
        return tuple(one for one in newer if self._has(one))

    @property
    def _oldest(self) -> tuple[int, ...]:
        return version_of(importer_of(dotted(self.opencv)))

    def _has(self, importer: str) -> bool:
        return self.engine == "any" or importer.endswith("new") == (self.engine == "new")

    @property
    def last(self) -> tuple[str, ...]:
        """The newest importers among them: one for each engine."""
        return tuple(one for one in self.importers if version_of(one) == version_of(IMPORTERS[-1]))

    @property
    def runner(self) -> str:
        """The OpenCV that must run the graph, as words for a sentence."""
        return str(self) if self.asked else "OpenCV"

    def __str__(self) -> str:
        """Describe it as in a sentence."""
        engine = "" if self.engine == "any" else f", {self.engine} engine"
        return f"OpenCV {dotted(self.opencv)} and newer{engine}"


def dotted(version: Version) -> str:
    """Return "4.6" of (4, 6)."""
    return ".".join(str(number) for number in version)
