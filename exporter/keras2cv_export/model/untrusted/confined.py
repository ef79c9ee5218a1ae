"""Open a stranger's model without the right to write files, where the system can take it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keras2cv.bundle.leftovers import temporary_folder
from keras2cv.isolation import confinement


@contextmanager
def confined(*folders: Path, unsafe: bool, own_code: bool = False) -> Iterator[None]:
    """Let this process and its children write in `folders` and in a temporary folder alone.

    It holds to the end of the process, and only where the command line owns the process: a user's
    own Python keeps its rights.

    Args:
        folders: They exist.
        unsafe: Whether the user trusts the model, which then may do everything.
        own_code: Whether code of the user's runs too, which may use the network.
    """
    if unsafe or not confinement.can_confine():
        yield
        return
    with confinement.entered_freely(temporary_folder()) as place, _as_temporary(place):
        confinement.confine([place, *folders], network=own_code)
        yield


def confine_child(*folders: Path, network: bool = False) -> None:
    """Let this process, which is a child of keras2cv's own, write in `folders` alone from now on.

    Unlike the command line's process, it never gets them back, and has nobody else's code in it:
    the user's own modules are imported before.

    Args:
        *folders: They exist; the first is the place of temporary files.
        network: Whether TCP stays allowed, as for a user's own modules.
    """
    confinement.own_process()
    tempfile.tempdir = os.environ["TMPDIR"] = str(folders[0])
    confinement.confine(folders, network=network)


@contextmanager
def _as_temporary(folder: Path) -> Iterator[None]:
    """Make a folder the place of temporary files, for children too."""
    before, variable = tempfile.tempdir, os.environ.get("TMPDIR")
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
        if variable is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = variable
