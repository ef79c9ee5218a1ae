"""Note the choice of `tune` in a bundle's folder, or in the user's, and forget it again."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from keras2cv.bundle.local_tuning import LocalTuning, format_side_file
from keras2cv.bundle.locks import holders_of, try_lock
from keras2cv.bundle.manifest import Manifest
from keras2cv.errors import BundleError, UsageError
from keras2cv.net.local_choice import is_of_this_machine, net_key, places, read_records
from keras2cv.plain_files import write_whole


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep others from tuning a bundle at the same time, which would disturb both (POSIX).

    Raises:
        UsageError: Another process does already.
    """
    if os.name != "posix":
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if try_lock(descriptor) is False:
            raise UsageError(
                f"Another process tunes {folder}{holders_of(descriptor)}. Wait until it is done."
            )
        yield
    finally:
        os.close(descriptor)


def note(folder: Path, manifest: Manifest, record: LocalTuning) -> Path:
    """Write a record where `load` looks for it, and return that file.

    Records of other machines stay; those of this one, and of another net, go.

    Raises:
        UsageError: It can be written nowhere.
    """
    problems = []
    found = list(places(folder, manifest))
    for place in found:
        try:
            _write(place, [*_others(place, manifest), record])
        except OSError as error:
            problems.append(f"{place}: {error.strerror or error}")
            continue
        for other in found[found.index(place) + 1 :]:
            _forget_in(other, manifest)
        return place
    raise UsageError(
        f"The choice cannot be noted ({'; '.join(problems)}). Make room, or let one of these "
        "folders be written."
    )


def forget(folder: Path, manifest: Manifest) -> list[Path]:
    """Remove what was noted on this machine; return the files that held it.

    Raises:
        UsageError: A file cannot be changed.
    """
    changed = []
    for place in places(folder, manifest):
        try:
            if _forget_in(place, manifest):
                changed.append(place)
        except OSError as error:
            raise UsageError(
                f"{place} cannot be changed: {error.strerror or error}. Remove it by hand."
            ) from error
    return changed


def _others(place: Path, manifest: Manifest) -> list[LocalTuning]:
    """Return the records of other machines for the same net; none of a file that is damaged."""
    try:
        records = read_records(place)
    except (OSError, BundleError):
        return []
    key = net_key(manifest)
    return [one for one in records if one.net == key and not is_of_this_machine(one)]


def _write(place: Path, records: list[LocalTuning]) -> None:
    if place.is_symlink():  # or its target would be written
        place.unlink()
    if place.name != "tuned.json":
        place.parent.mkdir(parents=True, exist_ok=True)
    write_whole(place, format_side_file(records))


def _forget_in(place: Path, manifest: Manifest) -> bool:
    """Remove this machine's records from a file; return whether there was one."""
    if not os.path.lexists(place):
        return False
    if others := _others(place, manifest):
        _write(place, others)
    else:
        place.unlink()
    return True
