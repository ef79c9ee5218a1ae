"""Which OpenCVs and engines a bundle may promise, by what each engine did with it.

The classic engine is that of every OpenCV before 5.0, and stands for them. The new engine stands
for 5.0 and later alone. A bundle is tied to one of them only where the other is wrong: an
inconclusive verdict says nothing against an engine.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, cast

import cv2

from keras2cv.bundle.manifest import Manifest
from keras2cv.errors import NetError, ParityError
from keras2cv.net.engines import ENGINES
from keras2cv.net.opencv import version_tuple
from keras2cv_export.parity.report import Verdict
from keras2cv_export.targets.target import Target, dotted

EngineName = Literal["any", "new", "classic"]

# "Try the other engine, or export the bundle for this OpenCV, with --opencv."
_ADVICE: Final = re.compile(r" (?:Try the|Export)[^.]*, with --opencv\.")

FIRST_WITH_NEW: Final = (5, 0)


@dataclass(frozen=True)
class EngineChoice:
    """The engine of a manifest, and the one whose report counts.

    Attributes:
        name: For the manifest.
        preferred: The engine whose report is the bundle's.
        right: The engines that passed, for the evidence; none unless all that is promised did.
    """

    name: EngineName
    preferred: str
    right: tuple[str, ...]


def choose_engine(verdicts: Mapping[str, Verdict], tried: Sequence[str]) -> EngineChoice:
    """Choose among the engines that were tried; those that could not run have no verdict."""
    right = [engine for engine, verdict in verdicts.items() if verdict == "pass"]
    possible = [engine for engine, verdict in verdicts.items() if verdict != "fail"]
    if not possible:
        first = next(iter(verdicts))
        return EngineChoice(cast("EngineName", first), first, ())
    unsure = [engine for engine in possible if engine not in right]
    several = len(tried) > 1 and len(possible) == len(tried)
    if several:
        return EngineChoice("any", (unsure or right)[0], () if unsure else tuple(right))
    preferred = (right or possible)[0]
    return EngineChoice(cast("EngineName", preferred), preferred, tuple(right))


@dataclass(frozen=True)
class Kept:
    """What a manifest promises in the end, and what the user should hear about it."""

    manifest: Manifest
    notes: tuple[str, ...] = ()


def keep_promise(
    manifest: Manifest, choice: EngineName, wrong: Mapping[str, str], target: Target
) -> Kept:
    """Name the newer OpenCV where the classic engine is wrong, or refuse an older target.

    Args:
        manifest: The bundle's; its oldest OpenCV is what the measured table says.
        choice: The engine that the bundle will ask for.
        wrong: Engine -> why it is not promised, for those that were tried.
        target: Which OpenCV the user requested, if any.

    Raises:
        ParityError: The requested OpenCV would compute something else.
    """
    older = version_tuple(manifest.model.opencv) < FIRST_WITH_NEW
    if choice != "new" or not older or "classic" not in wrong:
        return Kept(manifest)
    first = dotted(FIRST_WITH_NEW)
    if target.asked and target.opencv < FIRST_WITH_NEW:
        raise ParityError(
            f"OpenCV {dotted(target.opencv)} does not run this model right: its engine, the "
            f"classic one of OpenCV {cv2.__version__} here, is wrong ({wrong['classic']}). Only "
            f"the new engine of {first} is right. Nothing was written. Take --opencv {first}."
        )
    return Kept(
        manifest.replace(model=replace(manifest.model, opencv=first)),
        (
            f"It needs OpenCV {first} or newer: older ones have the classic engine alone, which "
            "does not run it right.",
        ),
    )


def not_run_note(target: Target, ran: Collection[str]) -> tuple[str, ...]:
    """Say that the requested OpenCV was not tried, unless an engine that stands for it ran.

    Args:
        target: Which OpenCV the user requested, if any.
        ran: The engines that ran the file here.
    """
    here = version_tuple(cv2.__version__)[:2]
    stands = "classic" if target.opencv < FIRST_WITH_NEW else ENGINES[0]
    if not target.asked or (stands in ran and here >= target.opencv):
        return ()
    version = dotted(target.opencv)
    return (
        f"Not run on OpenCV {version} here: `keras2cv matrix BUNDLE --opencv {version}` runs it "
        "there.",
    )


def without_advice(text: str) -> str:
    """Leave out of an error what an export has already done: it tries each engine by itself."""
    return _ADVICE.sub("", text)


def refused_by_all(error: NetError) -> NetError:
    """Return the error of an export that no engine runs."""
    return NetError(
        f"{without_advice(str(error))} Nothing was written. `keras2cv inspect` lists what each "
        "OpenCV runs; --no-check keeps the bundle for another one."
    )
