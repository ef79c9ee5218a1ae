"""`--reference-fn pkg.mod:fn`: load the user's own preprocessing, and recognise known ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from keras2cv.bundle.manifest import Preprocessing
from keras2cv.errors import UsageError
from keras2cv.pixels.geometry import PADDING_RULES
from keras2cv.schema.vocabulary import INTERPOLATIONS, RESIZE_RULES
from keras2cv_export.end_to_end import reference_pictures as keras_side
from keras2cv_export.model.imported_function import described, import_function, prints_on_stderr

from .reference_preprocessing import Decoder, ReferencePreprocessing

Array = np.ndarray[Any, Any]

_DECODERS: tuple[Decoder, ...] = ("pil", "tf-accurate", "tf")
_PRESETS = ("none", "0-1", "tf", "torch", "caffe")
# Of the input's range. Different resizes differ by more in any picture with edges.
_SAME = 1e-4


@dataclass(frozen=True)
class Function:
    """A function from a file's path to the model's input, (H, W, C) or (1, H, W, C)."""

    name: str
    call: Any
    shape: tuple[int, ...]  # (H, W, C) that the model takes

    def __call__(self, path: Path) -> Array:
        """Return the input (H, W, C) float32 for a file.

        Raises:
            UsageError: The function raises an error, or returns something else.
        """
        try:
            with prints_on_stderr():
                given = np.asarray(self.call(str(path)))
        except (Exception, SystemExit) as error:
            raise UsageError(
                f"{self.name}({path.name!r}) raised {described(error)}. "
                "Give a function that takes a path and returns the model's input."
            ) from error
        one = given[0] if given.ndim == 4 and len(given) == 1 else given
        if one.shape != self.shape or one.dtype.kind not in "fiu" or not np.isfinite(one).all():
            raise UsageError(
                f"{self.name}({path.name!r}) gave {given.shape} {given.dtype}, and the model takes "
                f"{self.shape}, finite. Return the model's input, channels last."
            )
        return np.asarray(one, np.float32)

    def __str__(self) -> str:
        """Show as its name."""
        return self.name


def load_own_function(name: str, bundle: Preprocessing) -> Function:
    """Return the function `pkg.mod:fn`; the working folder is searched as well.

    Raises:
        UsageError: There is no such module or function.
    """
    misnamed = f"The function {name!r} must be MODULE:FUNCTION, such as my.data:read."
    found = import_function(name, misnamed)
    return Function(name, found, (*bundle.input_hw, bundle.channels))


def recognise(
    function: Function,
    pictures: Sequence[Path],
    reference: ReferencePreprocessing,
    bundle: Preprocessing,
) -> tuple[ReferencePreprocessing | None, tuple[str, ...]]:
    """Find the known preprocessing that equals the function; the bundle's own is tried first.

    Args:
        function: The user's function.
        pictures: Image files to try it on.
        reference: The preprocessing to begin with.
        bundle: The bundle's preprocessing.

    Returns:
        The preprocessing and no advice; or None, and advice that it is unknown.
    """
    wanted = [function(path) for path in pictures]
    read = _Reader(bundle)
    best: tuple[float, ReferencePreprocessing | None] = (_SAME, None)
    for candidate in _candidates(reference, bundle):
        gap = read.gap(candidate, pictures, wanted, best[0])
        if gap < best[0]:
            best = (gap, candidate)
        if gap < _SAME / 10:
            break
    if best[1] is not None:
        return best[1], ()
    return None, (
        f"{function} is no preprocessing that is known here, so its steps cannot be separated. "
        "Give --reference-resize for the nearest one to see them.",
    )


def _candidates(
    reference: ReferencePreprocessing, bundle: Preprocessing
) -> Iterator[ReferencePreprocessing]:
    yield reference
    presets = (reference.preset, *(p for p in _PRESETS if p != reference.preset))
    for decoder in _DECODERS:
        for rule in (reference.rule, *(r for r in RESIZE_RULES if r != reference.rule)):
            pad = (bundle.pad or 0) if rule in PADDING_RULES else None
            for interpolation in INTERPOLATIONS:
                for preset in presets:
                    yield replace(
                        reference, decoder=decoder, rule=rule, interpolation=interpolation, pad=pad,
                        preset=preset,
                    )  # fmt: skip


class _Reader:
    """Applies many preprocessings to pictures, each step once."""

    def __init__(self, bundle: Preprocessing) -> None:
        self._channels, self._bits = bundle.channels, bundle.bits
        self._size_wh = (bundle.size_wh[0], bundle.size_wh[1])
        self._decoded: dict[tuple[Path, str], Array] = {}
        self._resized: tuple[tuple[Path, ReferencePreprocessing] | None, Array] = (
            None,
            np.empty(0),
        )

    def gap(
        self,
        reference: ReferencePreprocessing,
        pictures: Sequence[Path],
        wanted: Sequence[Array],
        limit: float,
    ) -> float:
        """Return the largest mean difference of a picture's input, relative to its range.

        It stops at the first picture that reaches `limit`.

        Args:
            reference: The preprocessing to try.
            pictures: Image files.
            wanted: The function's input for each.
            limit: The difference at which it stops.
        """
        worst = 0.0
        for path, expected in zip(pictures, wanted, strict=True):
            got = keras_side.normalise(self._fit(path, reference), reference)
            scale = float(np.abs(expected).max()) or 1.0
            worst = max(worst, float(np.abs(got - expected).mean()) / scale)
            if worst >= limit:
                break
        return worst

    def _fit(self, path: Path, reference: ReferencePreprocessing) -> Array:
        """Resize, unless only the preset has changed since the last time."""
        key = (path, replace(reference, preset=""))
        if self._resized[0] != key:
            decoded = self._decoded.get((path, reference.decoder))
            if decoded is None:
                decoded = keras_side.decode(path, reference, self._channels, self._bits)
                self._decoded[path, reference.decoder] = decoded
            resized = keras_side.resize(decoded, self._size_wh, reference)
            self._resized = (key, keras_side.transposed(resized, reference))
        return self._resized[1]
