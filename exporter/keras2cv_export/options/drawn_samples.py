"""Which samples a comparison takes: the user's own, or how many are drawn."""

from __future__ import annotations

from numbers import Integral
from os import PathLike
from pathlib import Path

from keras2cv.errors import UsageError
from keras2cv_export.parity.power import samples_for

StrPath = str | PathLike[str]
_MOST = 100_000


def path_or_count(text: str) -> Path | int:
    """Read `--samples`: a number is how many to draw, unless a file has that name."""
    if text.isascii() and text.isdigit() and not Path(text).exists():
        return int(text)
    return Path(text)


def own_samples(samples: StrPath | int | None) -> StrPath | None:
    """Return the place of the user's samples; None: they are drawn."""
    return None if isinstance(samples, Integral) else samples  # type: ignore[return-value]


def drawn_count(samples: StrPath | int | None, power: str | None, usual: int) -> int:
    """Return how many samples are drawn, if any are.

    Args:
        samples: The option `samples`.
        power: The option `power`.
        usual: How many without both.
    """
    if power is not None:
        return max(samples_for(power), usual)
    return int(samples) if isinstance(samples, Integral) else usual


def require_drawable(samples: StrPath | int | None, power: str | None) -> None:
    """Check both options.

    Raises:
        UsageError: The number is out of range, the power is not one, or it is given with samples.
    """
    if power is not None and samples is not None:
        raise UsageError(
            "The power is how strongly drawn samples find faults, and samples are given. "
            "Drop --samples or --power."
        )
    if power is not None:
        samples_for(power)
    if isinstance(samples, Integral) and not 3 <= int(samples) <= _MOST:
        raise UsageError(
            f"The number of samples to draw is {samples}. Give one from 3 to {_MOST}: fewer cannot "
            "show that the outputs depend on the input."
        )
