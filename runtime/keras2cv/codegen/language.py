"""A language that programs are written in: a row of the table `LANGUAGES`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from keras2cv.bundle.manifest import Manifest

Words = Mapping[str, str]


@dataclass(frozen=True)
class Language:
    """How a bundle becomes source files.

    Attributes:
        title: The language's name as people write it.
        source_files: From a manifest, and the words of its templates, to file name -> text.
        lacking: What such a bundle needs and these programs lack, each in words; none if a program
            can be written.
        next_step: The sentence that `codegen` ends with.
        decodes_heads: Whether they make boxes of a detector's undecoded outputs
            (`DetectRecord.head`), and find a box once for each of its classes (`multi_label`).
        reads_belongings: Whether they read masks, keypoints and angles of a detector's boxes
            (`DetectRecord.belongings`), and tables with columns in any order.
        looks_up: Whether they do the steps before the net (`Manifest.front`): lookups and hashes.
        prepares_all: Whether programs prepare all that the runtime does: several pictures a sample,
            clips, 16 bits, further channels.
        prepares: Which of these `PREPARATIONS` they do, if not all.
    """

    title: str
    source_files: Callable[[Manifest, Words], dict[str, str]]
    lacking: Callable[[Manifest], Sequence[str]]
    next_step: str
    decodes_heads: bool = False
    reads_belongings: bool = False
    prepares_all: bool = False
    prepares: frozenset[str] = frozenset()
    looks_up: bool = False
