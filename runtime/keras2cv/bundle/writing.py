"""Write a bundle beside its target, and put it there once it is whole.

A reader meets the old bundle or the new one, never a mixture:

    with staged_bundle("cat.cv") as stage:
        ...                                  # write into stage.folder, try it in a child process
        stage.commit()                       # verify, sync, exchange; without it nothing happens
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from keras2cv.bundle import atomic_swap
from keras2cv.bundle.leftovers import concerns, locked_folder, remove_leftovers
from keras2cv.bundle.manifest import Manifest
from keras2cv.bundle.reading import MANIFEST, Bundle, is_bundle_file, read_bundle
from keras2cv.errors import UsageError
from keras2cv.plain_files import real_path

_SYSTEM_FILES: Final = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})


class Stage:
    """A bundle that is being made beside the target; `commit` gives it the target's name."""

    def __init__(self, target: Path, folder: Path) -> None:
        self.target = target
        self.folder = folder
        self.committed = False

    def commit(self) -> Bundle:
        """Verify the files in `folder`, sync them, and put the folder in the target's place.

        Raises:
            BundleError: it is not a whole bundle; the target is untouched.
            UsageError: the target cannot be replaced; it is untouched.
        """
        manifest = read_bundle(self.folder).manifest
        try:
            check_replaceable(self.target)
            for path in self.folder.iterdir():
                atomic_swap.sync_file(path)
            atomic_swap.sync_folder(self.folder)
            atomic_swap.replace_folder(self.folder, self.target)
        except OSError as error:
            raise UsageError(_cannot_write(self.target, error)) from error
        self.committed = True
        return Bundle(self.target, manifest)


@contextlib.contextmanager
def staged_bundle(target: str | os.PathLike[str]) -> Iterator[Stage]:
    """Give a fresh folder beside `target`, and remove it in the end unless it was committed.

    The parent folder is created when missing. Folders left by runs that died are removed.

    Raises:
        UsageError: `target` is something else than a bundle, its parent cannot be written, or the
            disk is full while it is being made.
    """
    path = real_path(target)
    with contextlib.ExitStack() as stack:
        try:
            check_replaceable(path)
            created = _create_parents(path.parent)
            atomic_swap.restore(path)
            remove_leftovers(path)
            stack.callback(lambda: None if stage.committed else _remove_empty(created))
            stage = Stage(path, Path())
            stage.folder = stack.enter_context(locked_folder(path))
        except OSError as error:
            raise UsageError(_cannot_write(path, error)) from error
        try:
            yield stage
        except OSError as error:
            if not concerns(error, stage.folder):
                raise
            raise UsageError(_cannot_write(path, error)) from error


def write_bundle(
    target: str | os.PathLike[str], manifest: Manifest, files: Mapping[str, bytes | Path]
) -> Bundle:
    """Write a bundle in one go: `files` maps names in the bundle to bytes or files to copy.

    Raises:
        BundleError: the files do not make the bundle that `manifest` describes.
        UsageError: `target` cannot be written, or is something else than a bundle.
    """
    with staged_bundle(target) as stage:
        write_manifest(stage.folder, manifest)
        for name, content in files.items():
            _write_file(stage.folder / name, content)
        return stage.commit()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `manifest.json` into a staged `folder`."""
    # Bytes: text would turn newlines into Windows' own.
    (folder / MANIFEST).write_bytes(manifest.to_json().encode("utf-8"))


def check_replaceable(target: Path) -> None:
    """Raise `UsageError` unless `target` is free, an empty folder, or a bundle and nothing else."""
    # The lock waits for another process that replaces the target right now. On a file system
    # without locks, or without a parent folder, the target may be gone, and is then free.
    with contextlib.suppress(FileNotFoundError), atomic_swap.alone(target.parent):
        _check_replaceable(target)


def require_place(target: str | os.PathLike[str]) -> None:
    """Raise `UsageError` where a bundle could not be written at `target`; nothing is created.

    Raises:
        UsageError: as `staged_bundle`, as far as it can be known without writing.
    """
    path = real_path(target)
    try:
        check_replaceable(path)
    except OSError as error:
        raise UsageError(_cannot_write(path, error)) from error
    around = next(parent for parent in path.parents if parent.exists())
    if not around.is_dir() or not os.access(around, os.W_OK):
        problem = errno.EACCES if around.is_dir() else errno.ENOTDIR
        raise UsageError(_cannot_write(path, OSError(problem, os.strerror(problem))))


def _check_replaceable(target: Path) -> None:
    if not target.exists() and not target.is_symlink():
        return
    if not target.is_dir():
        raise UsageError(f"{target} is a file, not a bundle. Choose another name, or remove it.")
    names = {entry.name for entry in target.iterdir()} - _SYSTEM_FILES
    if names and MANIFEST not in names:
        raise UsageError(f"{target} is a folder, not a bundle. Choose another name, or remove it.")
    if foreign := sorted(name for name in names if not is_bundle_file(name)):
        raise UsageError(
            f"{target} holds files that are not the bundle's ({', '.join(foreign[:3])}), which "
            "replacing it would delete. Move them, or choose another name."
        )


def _write_file(path: Path, content: bytes | Path) -> None:
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        shutil.copyfile(content, path)


def _cannot_write(target: Path, error: OSError) -> str:
    reason = error.strerror or str(error)
    if os.name == "nt" and isinstance(error, PermissionError) and target.is_dir():
        cure = "End the programs that have it open, or choose another name."
    else:
        cure = "Choose a folder that you may write to."
    return f"{target} cannot be written: {reason}. {cure}"


def _create_parents(folder: Path) -> list[Path]:
    """Create `folder`; return the folders that were created, innermost first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    if missing:
        for path in missing:
            atomic_swap.sync_folder(path.parent)
    return missing


def _remove_empty(folders: list[Path]) -> None:
    with contextlib.suppress(OSError):  # a folder that is not empty stays
        for folder in folders:
            folder.rmdir()
