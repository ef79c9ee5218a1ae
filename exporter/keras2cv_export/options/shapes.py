"""`--input-shape`, given once or several times, as one value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from keras2cv.errors import UsageError


def input_shapes(
    given: Sequence[tuple[str, tuple[int, ...]]],
) -> Mapping[str, tuple[int, ...]] | tuple[int, ...] | None:
    """Return shapes by name, the only shape if it has no name, or None if there are none.

    Raises:
        UsageError: several shapes, not all with a name of their own.
    """
    if not given:
        return None
    by_name = dict(given)
    if len(given) == 1 and "" in by_name:
        return by_name[""]
    if "" in by_name or len(by_name) != len(given):
        names = [name or "(none)" for name, _ in given]
        raise UsageError(
            f"--input-shape is given for {', '.join(names)}. "
            "With several, each needs the name of another input: NAME:1,224,224,3."
        )
    return by_name
