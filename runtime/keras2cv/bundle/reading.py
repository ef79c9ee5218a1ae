"""Read a bundle: a folder with `model.onnx` (or `model.pb`), `manifest.json`, `selftest.npz`.

It may hold further files of the same net, `model.5.0.onnx`, for newer OpenCVs, and `tuned.json`,
which `keras2cv tune` wrote (`local_tuning`).

Nothing is trusted: every file must exist, lie inside the folder (symbolic links included) and stay
within bounds, and the model must have its sha256, before cv2 sees a byte. Each file is read once:
what was checked is what is used.
"""

from __future__ import annotations

import hashlib
import mmap
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from keras2cv.bundle.forms import FORM_FILE, Form
from keras2cv.bundle.held_file import HeldFile, hold
from keras2cv.bundle.local_tuning import SIDE_FILE
from keras2cv.bundle.manifest import Manifest
from keras2cv.bundle.private_copy import PrivateCopy
from keras2cv.errors import BundleError, UsageError
from keras2cv.plain_files import LEFT_FILE, open_plain, read_plain
from keras2cv.schema.fields import SchemaError

MANIFEST: Final = "manifest.json"
SELFTEST: Final = "selftest.npz"
_BUNDLE_FILES: Final = frozenset({MANIFEST, SELFTEST, SIDE_FILE, "model.onnx", "model.pb"})
MAX_MANIFEST_BYTES: Final = 32 * 2**20
MAX_MODEL_BYTES: Final = 2**31 - 1  # a protobuf message holds no more, and OpenCV reads one
MAX_WORK: Final = 2**40  # multiply-adds of a run: 70 times VGG16's, some ten seconds of two cores
MAX_WORK_VARIABLE: Final = "KERAS2CV_MAX_WORK"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that passed all checks: its folder and its manifest.

    `copy` holds the bytes of the model file that were checked; None if they were not. A `HeldFile`
    keeps writers waiting until `let_go`. `unknown` is
    the first form of the net that could not be followed; None if all of it was, or none.
    If one of several files was chosen, `manifest` is that of a bundle with this file alone, and
    `whole` is the one in the folder.
    """

    folder: Path
    manifest: Manifest
    copy: PrivateCopy | HeldFile | None = None
    unknown: str | None = None
    whole: Manifest | None = None

    @property
    def written(self) -> Manifest:
        """The manifest in the folder, of all files."""
        return self.whole or self.manifest

    @property
    def model_path(self) -> Path:
        """The file for `cv2.dnn.readNet`."""
        return self.folder / self.manifest.model.file

    @property
    def selftest_path(self) -> Path:
        """The golden vectors; an unverified bundle may lack them."""
        return self.folder / SELFTEST

    def let_go(self) -> bool:
        """End the use of `copy`; return whether nobody has tried to change the file."""
        return self.copy.give_back() if isinstance(self.copy, HeldFile) else True


def read_bundle(
    path: str | os.PathLike[str],
    *,
    check_hash: bool = True,
    follow: bool = True,
    held: bool = False,
    choose: Callable[[Manifest], Form | None] | None = None,
) -> Bundle:
    """Return the bundle at `path`, verified file by file.

    Args:
        path: Its folder.
        check_hash: False does not read the model, for a start-up measured in milliseconds on a disk
            that you trust.
        follow: False takes a net whose nodes do not fit each other, for a process that may crash.
        held: whether a large model may be held in place of a copy, where the system can; the caller
            calls `let_go` soon.
        choose: returns which of the further files is wanted, and None for `model.onnx`: that one
            alone is looked at. By default all are, and the bundle is that of `model.onnx`.

    Raises:
        BundleError: no bundle there, or one that is incomplete, altered or too new.
    """
    folder = bundle_folder(Path(path))
    whole = read_manifest(folder)
    if choose is None:
        for form in whole.forms or ():
            _with_model(Bundle(folder, whole.in_form(form)), check_hash, follow, held=False)
    elif form_chosen := choose(whole):
        bundle = Bundle(folder, whole.in_form(form_chosen), whole=whole)
        return _with_model(bundle, check_hash, follow, held)
    return _with_model(Bundle(folder, whole), check_hash, follow, held)


def is_bundle_file(name: str) -> bool:
    """Whether a bundle may hold a file of that name, or a process that died have left it there."""
    return name in _BUNDLE_FILES or bool(FORM_FILE.fullmatch(name) or LEFT_FILE.fullmatch(name))


def _with_model(bundle: Bundle, check_hash: bool, follow: bool, held: bool) -> Bundle:
    """Return the bundle with its model's bytes, looked at as for `read_bundle`.

    Raises:
        BundleError: A file is missing or altered, or too large.
    """
    folder, model = bundle.folder, bundle.manifest.model
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
    if not check_hash:
        return bundle
    copy, unknown = _look_through(bundle, follow, held)
    return replace(bundle, copy=copy, unknown=unknown)


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of the bundle `folder`; no other file is checked.

    Raises:
        BundleError: missing, unreadable, or breaking the schema.
    """
    path = folder / MANIFEST
    _check_inside(path, folder)
    try:
        return Manifest.from_json(read_plain(path, MAX_MANIFEST_BYTES).decode("utf-8"))
    except OSError as error:
        raise BundleError(
            f"{path} cannot be read: {error.strerror or error}. "
            "Copy the bundle again, or export it again."
        ) from error
    except UnicodeDecodeError as error:
        raise BundleError(f"{path} is not UTF-8: {error.reason} at byte {error.start}.") from error
    except SchemaError as error:
        raise BundleError(
            f"{path}: {error}. "
            "Export the bundle again, or install the keras2cv that it was written with."
        ) from error


def _look_through(
    bundle: Bundle, follow: bool, held: bool
) -> tuple[PrivateCopy | HeldFile, str | None]:
    """Return the model's bytes after a look at them, and the first form that is not known.

    Raises:
        BundleError: it is another file than the verified one, or malformed.
    """
    path, model = bundle.model_path, bundle.manifest.model
    try:
        with open_plain(path, buffering=0) as file:
            size = int(model.size_bytes)
            copy = (hold(file, size) if held else None) or PrivateCopy(file, size)
    except (OSError, MemoryError) as error:
        why = getattr(error, "strerror", None) or "there is no memory for it"
        raise BundleError(f"{path} cannot be read: {why}. Copy the bundle again.") from error
    try:
        return copy, _judged(copy, bundle, follow)
    except BaseException:
        if isinstance(copy, HeldFile):
            copy.give_back()  # the error may live for long
        raise


def _judged(copy: PrivateCopy | HeldFile, bundle: Bundle, follow: bool) -> str | None:
    """Return the first form of a model's bytes that is not known.

    Raises:
        BundleError: It is another file than the verified one, or malformed.
    """
    path, model = bundle.model_path, bundle.manifest.model
    if copy.sha256 != model.sha256:
        raise BundleError(
            f"{path} is not the file that was verified: sha256 {copy.sha256[:12]}..., its manifest "
            f"says {model.sha256[:12]}.... Copy the bundle again, or export it again."
        )
    with copy.view() as data:
        problem, unknown = _examined(data, bundle.manifest, follow)
    if problem is not None:
        raise BundleError(f"{path} {problem}, which no exporter writes. Do not use it.")
    return unknown


def _examined(data: memoryview, manifest: Manifest, follow: bool) -> tuple[str | None, str | None]:
    """Return the fault of a net's file, and the first form that is not known.

    The error object would keep the file's view.
    """
    from keras2cv.bundle.frozen_file import follow_frozen
    from keras2cv.bundle.onnx_file import OnnxError, check_onnx, follow_onnx

    inputs = {tensor.net_name: tensor.net_shape for tensor in manifest.inputs}
    try:
        if manifest.model.format != "onnx":
            return None, follow_frozen(data, inputs).unknown
        if follow:
            followed = follow_onnx(data, inputs)
            require_bounded(manifest, followed.work)
            return None, followed.unknown
        check_onnx(data)
    except OnnxError as error:
        return str(error), None
    return None, None


def require_bounded_work(folder: Path, manifest: Manifest) -> None:
    """Raise for a net in `folder` that a load would refuse: too large, or too slow.

    Raises:
        BundleError: It needs more memory or work than a run may, and the user does not allow it.
    """
    from keras2cv.bundle.onnx_file import OnnxError, follow_onnx

    if manifest.model.format != "onnx":
        return
    with (folder / manifest.model.file).open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    inputs = {tensor.net_name: tensor.net_shape for tensor in manifest.inputs}
    try:
        require_bounded(manifest, follow_onnx(memoryview(data), inputs).work)
    except OnnxError as error:
        raise BundleError(
            f"The net {error}, and no keras2cv would load it. Make the input smaller, with "
            "--input-shape, or end the model before."
        ) from None


def require_bounded(manifest: Manifest, work: int) -> None:
    """Raise for a net that computes for minutes or days, unless the user allows it.

    Raises:
        BundleError: It does.
        UsageError: The variable that allows it is no number.
    """
    if work <= MAX_WORK or work <= _allowed_work():
        return
    raise BundleError(
        f"{manifest.model.file} asks for {work:.1e} multiply-adds in a run of "
        f"{manifest.model.batch} samples; {MAX_WORK:.1e} take some ten seconds of two cores. If "
        f"you trust it and want to wait, set {MAX_WORK_VARIABLE}={1.05 * work:.1e}."
    )


def _allowed_work() -> float:
    text = os.environ.get(MAX_WORK_VARIABLE, "0")
    try:
        return float(text)
    except ValueError:
        raise UsageError(
            f"{MAX_WORK_VARIABLE} is {text!r}, and must be a number of multiply-adds, such as 5e12."
        ) from None


def sha256_of(path: Path) -> str:
    """Return the file's sha256 as 64 hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(2**20):
            digest.update(chunk)
    return digest.hexdigest()


def bundle_folder(path: Path) -> Path:
    """Return the path of a bundle.

    Raises:
        BundleError: there is none.
    """
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
