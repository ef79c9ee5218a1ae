"""Fit sources to a model: how each picture is read, and which images are the frames of a video."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from keras2cv.bundle.manifest import Manifest
from keras2cv.errors import InputError, UsageError
from keras2cv.pixels.preprocessing import Preprocessing
from keras2cv.preparing.given_inputs import given_inputs
from keras2cv.streams.frames import Source


def fitted(
    sources: Sequence[Source],
    manifest: Manifest,
    *,
    stride: int | None = None,
    hop: int | None = None,
) -> list[Source]:
    """Return the sources as they are read for a model.

    Images of one folder, one after the other, are the frames of a video for a model of clips.

    Args:
        sources: From `find_sources`.
        manifest: The bundle's.
        stride: Of clips, in place of the bundle's.
        hop: The same.

    Raises:
        InputError: a video for an input that takes an image or an array.
        UsageError: a stride or hop, and a model that takes no clips.
    """
    manifest = _with_clips(manifest, stride, hop)
    own = [one.name for one in given_inputs(manifest)]
    only = manifest.rules_of(own[0]) if len(own) == 1 else None
    found = [_fitted(source, manifest, only) for source in sources]
    return list(_in_folders(found)) if only is not None and only.clip is not None else found


def _with_clips(manifest: Manifest, stride: int | None, hop: int | None) -> Manifest:
    """Return the manifest with another stride and hop of its clips."""
    changes = {key: n for key, n in (("stride", stride), ("hop", hop)) if n is not None}
    if not changes:
        return manifest
    if all(rules.clip is None for rules in manifest.pictures):
        raise UsageError(
            f"--{' and --'.join(changes)} cut videos into clips, and this model takes none. "
            "Leave them out; --every skips frames."
        )
    first, *others = (
        rules if rules.clip is None else replace(rules, clip=replace(rules.clip, **changes))
        for rules in manifest.pictures
    )
    return manifest.replace(preprocessing=first, more_pictures=tuple(others) or None)


def _fitted(source: Source, manifest: Manifest, only: Preprocessing | None) -> Source:
    if source.kind == "inputs":
        return replace(source, parts=_parts(source.parts, manifest))
    return source if only is None or only.is_plain else replace(source, rules=only)


def _parts(parts: Mapping[str, Source], manifest: Manifest) -> dict[str, Source]:
    found = {}
    for name, part in parts.items():
        rules = manifest.rules_of(name)
        if part.is_stream and rules is None:
            raise InputError(
                f"{part.name}, for the input {name}, is a video. Give an image or .npy."
            )
        if part.kind == "image" and rules is not None and rules.clip is not None:
            raise InputError(
                f"{part.name} is one image, and the input {name} takes clips of "
                f"{rules.clip.span} frames. Give a video."
            )
        found[name] = part if rules is None or rules.is_plain else replace(part, rules=rules)
    return found


def _in_folders(sources: Iterable[Source]) -> Iterator[Source]:
    """Yield the sources, images of a folder that follow each other as one of frames."""
    for folder, group in itertools.groupby(sources, key=_folder):
        files = tuple(group)
        if folder is None:
            yield from files
        else:
            yield Source(str(folder), "frames", folder, files=files, rules=files[0].rules)


def _folder(source: Source) -> Path | None:
    return source.path.parent if source.kind == "image" else None
