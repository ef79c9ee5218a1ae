"""The choice of `keras2cv tune`: where it is noted, and whether it holds for a bundle, here.

It is noted in the bundle's folder, or, where that may not be written, in a folder of the user's, by
the sha256 of the bundle's nets. Machines that share a bundle have a record each.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2

from keras2cv.bundle.local_tuning import MAX_SIDE_BYTES, SIDE_FILE, LocalTuning, parse_side_file
from keras2cv.bundle.manifest import Manifest
from keras2cv.errors import BundleError
from keras2cv.net import machine
from keras2cv.net.engines import ENGINES
from keras2cv.net.opencv import version_tuple
from keras2cv.plain_files import read_plain
from keras2cv.schema.fields import encode

_MAX_BATCH: Final = 8  # a larger one is never tried


@dataclass(frozen=True, slots=True)
class LocalChoice:
    """The record that holds here, or the reason why none of those in `place` does.

    With neither, the bundle was never tuned by `keras2cv tune`.
    """

    place: Path | None = None
    record: LocalTuning | None = None
    why_not: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        record = self.record
        return {
            "noted_in": None if self.place is None else str(self.place),
            "followed": record is not None,
            "why_not": self.why_not,
            "choice": None if record is None else {**encode(record.choice), "file": record.file},
            "many_samples": None if record is None or not record.rate else encode(record.rate),
        }


def local_choice(folder: Path, manifest: Manifest) -> LocalChoice:
    """Return the choice for the bundle in `folder`, of that manifest, on this machine.

    The user's own comes first: it is there because the bundle's folder could not be written.
    """
    found = [_choice_in(place, manifest) for place in places(folder, manifest) if _is_there(place)]
    followed = [choice for choice in reversed(found) if choice.record is not None]
    return next(iter([*followed, *found]), LocalChoice())


def places(folder: Path, manifest: Manifest) -> Iterator[Path]:
    """Yield where choices are noted: in the bundle's folder, and in the user's."""
    yield folder / SIDE_FILE
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    try:
        base = Path(xdg) if Path(xdg).is_absolute() else Path.home() / ".cache"
    except RuntimeError:  # there is no home
        return
    yield base / "keras2cv" / "tuned" / f"{net_key(manifest)}.json"


def net_key(manifest: Manifest) -> str:
    """Return the sha256 of everything about a bundle that its speed depends on."""
    model, forms = manifest.model, manifest.forms or ()
    files = [(model.file, model.sha256), *((f.file, f.sha256, f.engine) for f in forms)]
    engine = manifest.engine
    of = (files, model.batch, engine.name, engine.fusion, engine.winograd)
    return hashlib.sha256(repr(of).encode()).hexdigest()


def read_records(place: Path) -> tuple[LocalTuning, ...]:
    """Return the records of a side file.

    Raises:
        OSError: It cannot be read, or is a link.
        SchemaError: It is no side file, or was changed.
    """
    if place.is_symlink():
        raise OSError(0, "it is a link")
    return parse_side_file(read_plain(place, MAX_SIDE_BYTES))


def is_of_this_machine(record: LocalTuning) -> bool:
    """Whether a record was measured here, with this OpenCV, on as many cores."""
    return not _elsewhere(record)


def runs_here(manifest: Manifest) -> dict[str, tuple[str, ...]]:
    """Return the bundle's files that this OpenCV may run, each with its verified engines.

    The first is the one that `load` takes by itself, on the first of its engines.
    """
    name = manifest.engine.name
    own = ENGINES if name == "any" else tuple(e for e in ENGINES if e == name)
    here = version_tuple(cv2.__version__)
    newest = sorted(manifest.forms or (), key=lambda f: version_tuple(f.opencv), reverse=True)
    fitting = [f for f in newest if version_tuple(f.opencv) <= here and f.engine in ENGINES]
    return {**{f.file: (f.engine,) for f in fitting}, **({manifest.model.file: own} if own else {})}


def _is_there(place: Path) -> bool:
    try:
        return os.path.lexists(place)
    except ValueError:
        return False


def _choice_in(place: Path, manifest: Manifest) -> LocalChoice:
    try:
        records = read_records(place)
    except (OSError, BundleError) as error:
        why = getattr(error, "strerror", None) or error
        return LocalChoice(place, None, f"{place.name} cannot be read: {why}")
    reasons = [_why_not(record, manifest) for record in records]
    holding = [record for record, why in zip(records, reasons, strict=True) if not why]
    if holding:
        return LocalChoice(place, holding[-1])
    return LocalChoice(place, None, reasons[-1] if reasons else f"{place.name} is empty")


def _why_not(record: LocalTuning, manifest: Manifest) -> str:
    """Explain why a record is not followed for a bundle; "" if it is."""
    if record.net != net_key(manifest):
        return "the bundle holds another net now"
    return _elsewhere(record) or _unfit(record, manifest)


def _elsewhere(record: LocalTuning) -> str:
    """Explain how the machine of a record differs from this one; "" if it does not."""
    tuned = record.tuned
    if tuned.opencv != cv2.__version__:
        return f"it was tuned with OpenCV {tuned.opencv}, and this is {cv2.__version__}"
    if record.build != machine.build():
        return f"it was tuned with another build of OpenCV {tuned.opencv}"
    if (tuned.machine, record.system) != (machine.processor(), machine.system()):
        return f"it was tuned on {tuned.machine}, and this is {machine.processor()}"
    if record.features != machine.features():
        return "it was tuned on a processor with other instruction sets"
    if tuned.cores != machine.cores():
        return f"it was tuned on {tuned.cores} cores, and this process may use {machine.cores()}"
    return ""


def _unfit(record: LocalTuning, manifest: Manifest) -> str:
    """Explain why a choice is none that `tune` would have made; "" if it is."""
    choice, rate, most = record.choice, record.rate, machine.cores()
    if choice.engine not in runs_here(manifest).get(record.file, ()):
        return f"{record.file} is not verified on the {choice.engine} engine here"
    allowed = manifest.engine
    if (choice.fusion and not allowed.fusion) or (choice.winograd and not allowed.winograd):
        return "it switches on what was verified switched off"
    threads = choice.threads if rate is None else max(choice.threads, rate.nets * rate.threads)
    if threads > most or (rate and rate.batch > max(_MAX_BATCH, manifest.model.batch)):
        return "it asks for more than this machine has"
    return ""
