"""The sources that are read, and the frames and arrays that they yield."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import InputError
from keras2cv.pixels.preprocessing import Preprocessing
from keras2cv.preparing.clips import ClipFrames

Array = NDArray[Any]
SourceKind = Literal["image", "video", "camera", "live", "frames", "arrays", "inputs"]


@dataclass(frozen=True, slots=True)
class Source:
    """One file, camera or address: its name, its kind, and its place.

    `path` is a camera's number as text. For a URL, cv2 opens `address` instead of `path`, and the
    name is without its password. `parts`, of the kind "inputs", maps each input's name to a file;
    `files`, of the kind "frames", are the images that are a video's frames. `rules` say how its
    pictures are read, where the model takes others than 8-bit gray or colour.
    """

    name: str
    kind: SourceKind
    path: Path
    address: str = field(default="", repr=False)
    parts: Mapping[str, Source] = field(default_factory=dict)
    files: tuple[Source, ...] = ()
    rules: Preprocessing | None = None

    @property
    def is_stream(self) -> bool:
        """Whether its number of frames is not known beforehand."""
        if self.kind == "inputs":
            return any(part.is_stream for part in self.parts.values())
        return self.kind in ("video", "camera", "live", "frames")

    @property
    def is_live(self) -> bool:
        """Whether it goes on while nobody reads it, as a camera does."""
        return self.kind in ("camera", "live")


@dataclass(frozen=True, slots=True)
class Stream:
    """A video's metadata: frames per second, and the number of frames; None if it has none."""

    fps: float | None
    frame_count: int | None


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """An image (H, W, 3) uint8 BGR, and a name that no other has, such as `clip.mp4:000012`.

    Frames of a video or camera have their `stream`; live ones also the time of arrival, `at_s`,
    in seconds since the first.

    `source` is the name of the file, camera or address; `number` a frame's number in it, from 0;
    `time_s` its time in it: by the video's own clock, or, live, `at_s`. Images have neither.
    `pixels` are what the net gets instead of `image_bgr`: 16 bits, or other channels. A clip's
    frame has its last image, the number and time of its first one, and those of its last; the
    next clip begins `step` frames later.
    """

    name: str
    image_bgr: Array
    stream: Stream | None = None
    at_s: float | None = None
    source: str = ""
    number: int | None = None
    time_s: float | None = None
    pixels: Array | None = None
    last_number: int | None = None
    last_time_s: float | None = None
    step: int = 1

    @property
    def value(self) -> Array:
        """What the net gets."""
        return self.image_bgr if self.pixels is None else self.pixels

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


@dataclass(frozen=True, eq=False, slots=True)
class Clip:
    """The frames of a clip, as the net gets them, and the frame that stands for it."""

    name: str
    frames: ClipFrames[Array]
    frame: Frame

    @property
    def value(self) -> ClipFrames[Array]:
        """What the net gets."""
        return self.frames


@dataclass(frozen=True, eq=False, slots=True)
class Inputs:
    """One sample of a model with several inputs: by name, its images, clips and arrays.

    `frames` are the frames of the images among them.
    """

    name: str
    arrays: Mapping[str, Any]
    frames: Mapping[str, Frame]

    @classmethod
    def of(cls, name: str, values: Mapping[str, Frame | Clip | Array]) -> Inputs:
        """Return the sample of frames, clips and arrays."""
        arrays = {k: v.value if isinstance(v, Frame | Clip) else v for k, v in values.items()}
        frames = {k: v for k, v in values.items() if isinstance(v, Frame)}
        frames |= {k: v.frame for k, v in values.items() if isinstance(v, Clip)}
        return cls(name, arrays, frames)

    def frame_of(self, name: str | None) -> Frame | None:
        """Return the image of that input, or else the first one; None if there is none."""
        frame = self.frames.get(str(name)) or next(iter(self.frames.values()), None)
        return None if frame is None else replace(frame, name=self.name)


@dataclass(frozen=True, slots=True)
class BrokenSource:
    """A source or frame that could not be read, and the sentences that explain why."""

    name: str
    reason: str


Item: TypeAlias = Frame | Clip | Sample | Inputs | BrokenSource


@dataclass(frozen=True, slots=True)
class Selection:
    """The wanted frames: every n-th of a stream, and none whose name is `known` already."""

    every: int = 1
    known: frozenset[str] = frozenset()

    def has(self, name: str, number: int = 0) -> bool:
        """Whether the frame of that name and number (from 0, in its stream) is wanted."""
        return number % self.every == 0 and name not in self.known


EVERYTHING: Final = Selection()
