"""A bundle on disk: a folder with `model.onnx` (or `model.pb`), `manifest.json`, `selftest.npz`.

Reading trusts nothing: every file must exist, lie inside the folder (symbolic links included),
stay within bounds, and the model must have its sha256, before cv2 sees a byte. Writing happens in
a folder beside the target that takes its name only when it is whole:

    with staged_bundle("cat.cv") as stage:
        ...                                  # write into stage.folder, try it in a child process
        stage.commit()                       # verify, sync, swap; without it nothing happened
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from keras2cv.bundle.manifest import Manifest
from keras2cv.errors import BundleError, UsageError
from keras2cv.schema.fields import SchemaError

MANIFEST: Final = "manifest.json"
SELFTEST: Final = "selftest.npz"
BUNDLE_FILES: Final = frozenset({MANIFEST, SELFTEST, "model.onnx", "model.pb"})
MAX_MANIFEST_BYTES: Final = 32 * 2**20
MAX_MODEL_BYTES: Final = 2**31 - 1  # a protobuf message holds no more, and OpenCV reads one

FileIdentity: TypeAlias = tuple[int, int, int, int]  # device, inode, bytes, time of the last change

_SYSTEM_FILES: Final = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was found whole: its folder, its manifest, and what file the model was then.

    `identity` tells the file whose bytes were looked at from another that is put in its place.
    """

    folder: Path
    manifest: Manifest
    identity: FileIdentity | None = None

    @property
    def model_path(self) -> Path:
        """The file for `cv2.dnn.readNet`."""
        return self.folder / self.manifest.model.file

    @property
    def selftest_path(self) -> Path:
        """The golden vectors; an unverified bundle may lack them."""
        return self.folder / SELFTEST


def read_bundle(path: str | os.PathLike[str], *, check_hash: bool = True) -> Bundle:
    """Return the bundle at `path`, verified file by file.

    `check_hash=False` does not read the model, for a start-up measured in milliseconds on a disk
    that you trust.

    Raises:
        BundleError: no bundle there, or one that is incomplete, altered or too new.
    """
    folder = _bundle_folder(Path(path))
    bundle = Bundle(folder, read_manifest(folder))
    model = bundle.manifest.model
    _check_inside(bundle.model_path, folder)
    if bundle.manifest.status == "verified" or os.path.lexists(bundle.selftest_path):
        _check_inside(bundle.selftest_path, folder)
    if (size := bundle.model_path.stat().st_size) != int(model.size_bytes):
        raise BundleError(
            f"{bundle.model_path} has {size} bytes, its manifest says {model.size_bytes}. "
            "Copy the bundle again, or export it again."
        )
    if size > MAX_MODEL_BYTES:
        raise BundleError(
            f"{bundle.model_path} has {size} bytes, and OpenCV reads {MAX_MODEL_BYTES} at most. "
            "Export a smaller model."
        )
    return Bundle(folder, bundle.manifest, _look_through(bundle) if check_hash else None)


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of the bundle `folder`, and check nothing else of it.

    Raises:
        BundleError: missing, unreadable, or breaking the schema.
    """
    path = folder / MANIFEST
    _check_inside(path, folder)
    if (size := path.stat().st_size) > MAX_MANIFEST_BYTES:
        raise BundleError(f"{path} has {size} bytes, at most {MAX_MANIFEST_BYTES} are read.")
    try:
        return Manifest.from_json(path.read_bytes().decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BundleError(f"{path} is not UTF-8: {error.reason} at byte {error.start}.") from error
    except SchemaError as error:
        raise BundleError(
            f"{path}: {error}. "
            "Export the bundle again, or install the keras2cv that it was written with."
        ) from error


def identity_of(file: int) -> FileIdentity:
    """Return what tells the open file `file` from any other, and from itself once changed."""
    found = os.fstat(file)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _look_through(bundle: Bundle) -> FileIdentity:
    """Hold the model to its sha256, and look what it says, before OpenCV parses a byte."""
    import mmap

    path, model = bundle.model_path, bundle.manifest.model
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
        memoryview(mapped) as data,
    ):
        identity = identity_of(file.fileno())
        if (found := hashlib.sha256(data).hexdigest()) != model.sha256:
            raise BundleError(
                f"{path} is not the file that was verified: sha256 {found[:12]}..., its manifest "
                f"says {model.sha256[:12]}.... Copy the bundle again, or export it again."
            )
        problem = _problem_of(data) if model.format == "onnx" else None
    if problem is not None:
        raise BundleError(f"{path} {problem}, which no exporter writes. Do not use it.")
    return identity


def _problem_of(data: memoryview) -> str | None:
    """Return what is wrong with an ONNX file; the error itself would keep the file open."""
    from keras2cv.bundle.onnx_file import OnnxError, check_onnx

    try:
        check_onnx(data)
    except OnnxError as error:
        return str(error)
    return None


def sha256_of(path: Path) -> str:
    """Return the file's sha256 as 64 hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(2**20):
            digest.update(chunk)
    return digest.hexdigest()


class Stage:
    """A bundle in the making: a folder beside the target, whose name it takes in the end."""

    def __init__(self, target: Path, folder: Path) -> None:
        self.target = target
        self.folder = folder
        self.committed = False

    def commit(self) -> Bundle:
        """Verify what lies in `folder`, sync it, and swap it with the target.

        Raises:
            BundleError: it is not a whole bundle; the target is untouched.
            UsageError: the target cannot be replaced; it is untouched.
        """
        from keras2cv.bundle.atomic_swap import replace_folder, sync_file, sync_folder

        manifest = read_bundle(self.folder).manifest
        try:
            check_replaceable(self.target)
            for path in self.folder.iterdir():
                sync_file(path)
            sync_folder(self.folder)
            replace_folder(self.folder, self.target)
        except OSError as error:
            raise UsageError(_cannot_write(self.target, error)) from error
        self.committed = True
        return Bundle(self.target, manifest)


@contextlib.contextmanager
def staged_bundle(target: str | os.PathLike[str]) -> Iterator[Stage]:
    """Give a fresh folder beside `target`; what is not committed by the end is removed.

    The parent folder is created when missing. Folders left by runs that died are removed.

    Raises:
        UsageError: `target` is something else than a bundle, its parent cannot be written, or the
            disk is full while it is being made.
    """
    import shutil  # what only writing needs is imported by writing: devices start faster

    from keras2cv.bundle.atomic_swap import restore
    from keras2cv.bundle.leftovers import concerns, remove_leftovers, stage_name

    path = Path(target).resolve()
    try:
        check_replaceable(path)
        created = _create_parents(path.parent)
        restore(path)
        remove_leftovers(path)
        folder = path.with_name(stage_name(path))
        folder.mkdir()
    except OSError as error:
        raise UsageError(_cannot_write(path, error)) from error
    stage = Stage(path, folder)
    try:
        yield stage
    except OSError as error:
        if not concerns(error, folder):
            raise
        raise UsageError(_cannot_write(path, error)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if not stage.committed:
            _remove_empty(created)


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
    from keras2cv.bundle.atomic_swap import alone

    # Whoever replaces it at this moment moves what is looked at. Where there are no locks, or no
    # folder around it, it may be gone, and so is free.
    with contextlib.suppress(FileNotFoundError), alone(target.parent):
        _check_replaceable(target)


def require_place(target: str | os.PathLike[str]) -> None:
    """Raise `UsageError` where a bundle could not be written at `target`; nothing is created.

    Raises:
        UsageError: as `staged_bundle`, as far as it can be known without writing.
    """
    path = Path(target).resolve()
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
    if foreign := sorted(names - BUNDLE_FILES):
        raise UsageError(
            f"{target} holds files that are not the bundle's ({', '.join(foreign[:3])}), which "
            "replacing it would delete. Move them, or choose another name."
        )


def _bundle_folder(path: Path) -> Path:
    if not path.exists():
        raise BundleError(f"{path} does not exist. Check the path of the bundle.")
    if not path.is_dir():
        raise BundleError(
            f"{path} is a file, and a bundle is a folder. "
            "Give the folder, or make a bundle with `keras2cv export`."
        )
    if not (path / MANIFEST).exists():
        raise BundleError(
            f"{path} is not a bundle: it has no {MANIFEST}. Make one with `keras2cv export`."
        )
    return path


def _check_inside(path: Path, folder: Path) -> None:
    if not path.is_file():
        raise BundleError(f"{path} is missing. Copy the bundle again, or export it again.")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise BundleError(
            f"{path} is a link to {path.resolve()}, outside the bundle. "
            "Put the file itself into the folder."
        )


def _write_file(path: Path, content: bytes | Path) -> None:
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        import shutil

        shutil.copyfile(content, path)


def _cannot_write(target: Path, error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{target} cannot be written: {reason}. Choose a folder that you may write to."


def _create_parents(folder: Path) -> list[Path]:
    """Create `folder`; return what had to be created, innermost first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    if missing:
        from keras2cv.bundle.atomic_swap import sync_folder

        for path in missing:
            sync_folder(path.parent)
    return missing


def _remove_empty(folders: list[Path]) -> None:
    with contextlib.suppress(OSError):  # somebody else has put something there: it stays
        for folder in folders:
            folder.rmdir()
