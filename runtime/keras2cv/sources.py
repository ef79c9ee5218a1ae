"""What a user points at -> frames, in order: images, folders, globs, videos, cameras, arrays.

    photo.jpg       its image, as `cv2.imread(path)` gives it
    folder          the images in it (not in its subfolders), img2 before img10
    "day/**/*.jpg"  the files that match, for shells that leave that to us
    clip.mp4, 0     every frame of a video, or of camera 0 until it is interrupted
    x.npy, x.npz    arrays in the model's own layout, as `infer` takes them

Two steps, because they fail differently. `find_sources` looks at names only, and a name that leads
nowhere is an error before anything runs. `read_sources` decodes one after another while the caller
works, and what cannot be decoded comes out as a `BrokenSource` among the others: one bad file in a
hundred costs one.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import InputError, MissingDependency
from keras2cv.npz import read_npz

Array = NDArray[Any]
SourceKind = Literal["image", "video", "camera", "arrays"]

# What cv2's decoders are known by; a file of another name is still tried when it is named itself.
IMAGE_SUFFIXES: Final = (
    *(".avif", ".bmp", ".dib", ".gif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png"),
    *(".pnm", ".ppm", ".tif", ".tiff", ".webp"),
)
VIDEO_SUFFIXES: Final = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv")
ARRAY_SUFFIXES: Final = (".npy", ".npz")

_VIEWER: Final = "If an image viewer opens it, save it as .png there."


@dataclass(frozen=True, slots=True)
class Source:
    """One file or camera: its name, what it is, and where (a camera's path is its number)."""

    name: str
    kind: SourceKind
    path: Path

    @property
    def is_stream(self) -> bool:
        """Whether it gives a number of frames that is not known beforehand."""
        return self.kind in ("video", "camera")


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """An image (H, W, 3) uint8 BGR, and a name that no other has, such as `clip.mp4:000012`."""

    name: str
    image_bgr: Array

    def __post_init__(self) -> None:
        image = self.image_bgr
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise InputError(
                f"{self.name} decodes to {image.shape} {image.dtype}, not (H, W, 3) uint8. "
                "Convert it to an 8-bit colour image."
            )


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """Arrays from a .npy or .npz; those without a name are arr_0, arr_1, ... as np.savez has it."""

    name: str
    arrays: Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class BrokenSource:
    """Something that could not be read, and the sentences that say so."""

    name: str
    reason: str


Item: TypeAlias = Frame | Sample | BrokenSource


def find_sources(names: Sequence[str]) -> list[Source]:
    """Return what `names` lead to, folders and globs spread out; nothing is opened yet.

    Raises:
        InputError: a name that leads nowhere, a folder without images, or no names at all.
    """
    if not names:
        raise InputError("There is nothing to read. Name an image, a folder, a video or a .npy.")
    return [source for name in names for source in _find(name)]


def read_sources(sources: Iterable[Source]) -> Iterator[Item]:
    """Yield the frames of `sources` one after another, and what is broken in its place.

    Raises:
        MissingDependency: a video or camera, and an OpenCV built without video support.
    """
    for source in sources:
        yield from _read(source)


def read_image(path: Path) -> Array:
    """Return the image at `path`, (H, W, 3) uint8 BGR, bit for bit what `cv2.imread(path)` gives.

    That is: gray is repeated in the three channels, alpha is dropped, 16 bits become 8, and an
    EXIF orientation is applied. Unlike cv2.imread it opens any path, on Windows too.

    Raises:
        InputError: not an image that this OpenCV can decode.
        OSError: the file cannot be opened.
    """
    data = np.frombuffer(path.read_bytes(), np.uint8)
    if data.size == 0:
        raise InputError(f"{path} is empty (0 bytes). Copy it again.")
    try:
        image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    except cv2.error as error:  # a size beyond cv2's limits, or a decoder that gave up
        raise InputError(f"{path} cannot be decoded: {error.err or error}. {_VIEWER}") from error
    if image is None:
        raise InputError(f"OpenCV {cv2.__version__} cannot decode {path} as an image. {_VIEWER}")
    return image


def natural_order(text: str) -> list[tuple[int, str]]:
    """Return a sort key by which img2 comes before img10."""
    parts = re.split(r"([0-9]+)", text.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _find(name: str) -> list[Source]:
    path = Path(name)
    if path.is_dir():
        return _images_in(path)
    if path.exists():
        return [_source(path)]
    if name.isdecimal():
        return [Source(f"camera {int(name)}", "camera", Path(name))]
    if glob.has_magic(name):
        return _matches(name)
    raise InputError(f"{name} does not exist. Check the path; quote it if it has spaces.")


def _images_in(folder: Path) -> list[Source]:
    found = [path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES]
    if not found:
        raise InputError(
            f"{folder} holds no image ({', '.join(sorted(IMAGE_SUFFIXES))}). "
            f"Subfolders are not searched: for those, give a pattern such as '{folder}/**/*.jpg'."
        )
    return [_source(path) for path in sorted(found, key=lambda path: natural_order(path.name))]


def _matches(pattern: str) -> list[Source]:
    found = [path for path in glob.glob(pattern, recursive=True) if Path(path).is_file()]  # noqa: PTH207 - Path.glob takes no absolute pattern
    if not found:
        raise InputError(f"{pattern} matches no file. Check the pattern.")
    return [_source(Path(path)) for path in sorted(found, key=natural_order)]


def _source(path: Path) -> Source:
    suffix = path.suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        return Source(str(path), "video", path)
    return Source(str(path), "arrays" if suffix in ARRAY_SUFFIXES else "image", path)


def _read(source: Source) -> Iterator[Item]:
    try:
        yield from _READERS[source.kind](source)
    except InputError as error:
        yield BrokenSource(source.name, str(error))
    except OSError as error:
        reason = error.strerror or str(error)
        yield BrokenSource(
            source.name,
            f"{source.name} cannot be read: {reason}. "
            "Check that it is still there, and that you may read it.",
        )


def _read_image(source: Source) -> Iterator[Item]:
    yield Frame(source.name, read_image(source.path))


def _read_arrays(source: Source) -> Iterator[Item]:
    if source.path.suffix.lower() == ".npz":
        yield Sample(source.name, read_npz(source.path))
        return
    try:
        array = np.load(source.path, allow_pickle=False)
    except (ValueError, EOFError, MemoryError) as error:
        raise InputError(
            f"{source.name} cannot be read as .npy: {error}. "
            "Copy it again, or write it with np.save, without objects."
        ) from error
    yield Sample(source.name, {"arr_0": array})


def _read_stream(source: Source) -> Iterator[Item]:
    if not hasattr(cv2, "VideoCapture"):
        raise MissingDependency(
            f"{source.name} is a video, and this OpenCV {cv2.__version__} is built without them. "
            "Install an OpenCV with videoio, or give images."
        )
    number = int(source.path.name) if source.kind == "camera" else None
    capture = cv2.VideoCapture(str(source.path) if number is None else number)
    try:
        count = 0
        while (image := _next_image(capture)) is not None:
            yield Frame(f"{source.name}:{count:06d}", image)
            count += 1
    finally:
        capture.release()
    if source.kind == "camera":
        what = f"stopped after {count} frames" if count else "cannot be opened"
        raise InputError(f"{source.name} {what}. Check that it is connected, and free.")
    if count == 0:
        raise InputError(
            f"OpenCV {cv2.__version__} cannot decode a single frame of {source.name}. "
            "Convert the video, to H.264 in .mp4 for example."
        )


def _next_image(capture: cv2.VideoCapture) -> Array | None:
    decoded, image = capture.read()
    if not decoded:
        return None
    return image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)


# Decoding happens in the caller's thread: whoever overlaps it with inference starts here.
_READERS: Final[Mapping[SourceKind, Callable[[Source], Iterator[Item]]]] = {
    "image": _read_image,
    "video": _read_stream,
    "camera": _read_stream,
    "arrays": _read_arrays,
}
