"""The option `forms`: for which OpenCVs a bundle holds a file of the net."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from keras2cv.errors import UsageError
from keras2cv_export.targets.target import Target, dotted

PORTABLE: Final = "portable"


def form_names(given: str | Sequence[str]) -> tuple[str, ...]:
    """Return the names in "portable,5.0", or in a sequence of them.

    Raises:
        UsageError: They do not begin with "portable", or the others are not versions of OpenCV.
    """
    names = given.split(",") if isinstance(given, str) else list(given)
    first, *others = [str(name).strip() for name in names] or [""]
    if first != PORTABLE or len(set(names)) < len(names):
        raise UsageError(
            f"The forms of a bundle are portable, and versions of OpenCV behind it, each once: "
            f"{','.join(map(str, names))!r} is not that. Write portable, or portable,5.0."
        )
    return PORTABLE, *(dotted(Target.parse(name).opencv) for name in others)


def require_formable(options: Any) -> None:
    """Refuse further forms together with what they cannot be proven with.

    Args:
        options: The options of an export, whose forms are names.

    Raises:
        UsageError: They contradict each other.
    """
    versions = (options.forms or ())[1:]
    if not versions:
        return
    problems = {
        "--no-check, and each form has to be compared": not options.check,
        f"--format {options.format}, which has one form": options.format != "onnx",
        f"--weights {options.weights}, and forms keep float32": options.weights != "fp32",
        "--tune, which chooses one file": options.tune,
        f"--engine {options.engine}, and each form has its own": options.wanted_engine is not None,
    }
    if found := [words for words, stands in problems.items() if stands]:
        raise UsageError(f"--forms {','.join(options.forms)} stands beside {found[0]}. Drop one.")
    first = options.target.opencv
    for version in versions:
        if Target.parse(version).opencv <= first:
            raise UsageError(
                f"A form for OpenCV {version} is no newer than the portable one, for "
                f"{dotted(first)}. Leave it out, or give an older --opencv."
            )
