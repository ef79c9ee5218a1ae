"""Options of the command line that several tasks share, each under the task's own field name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from .kind import Flag


def flag(name: str, field: str, description: str, *, value: str = "text", **settings: Any) -> Flag:
    """Return an option: its name, the field of the task's options, its help, and how it is read.

    Args:
        name: With underscores, without leading dashes.
        field: The name of the field in the task's options.
        description: The line of `--help`.
        value: How its value is read: "text", "path", or a function of `keras2cv.cli.values`.
        settings: Further arguments of `add_argument`.
    """
    return Flag(name, field, value, {"help": description, **settings})


SHARED: Final[Sequence[Flag]] = (
    flag(
        "scores",
        "scores",
        "name of the output with the scores: M, or one per box and class; or of the mask",
        metavar="NAME",
    ),
    flag(
        "activation",
        "activation",
        "activation that the scores still need (none: they are probabilities)",
        choices=("none", "sigmoid", "softmax"),
    ),
    flag(
        "score",
        "score",
        "keep results with a score above S (default: 0.5)",
        value="share",
        metavar="S",
    ),
)
