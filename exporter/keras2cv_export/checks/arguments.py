"""What the user gave against what the bundle says: another file, labels, inputs."""

from __future__ import annotations

import os
from collections.abc import Sequence

from keras2cv.bundle.manifest import Manifest
from keras2cv.errors import UsageError
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.tasks.labels import read_labels


def other_labels(
    manifest: Manifest, labels: Sequence[str] | str | os.PathLike[str] | None
) -> tuple[str, ...]:
    """Return a note if the bundle's labels are not those that were given."""
    if labels is None:
        return ()
    wanted, got = read_labels(labels) or (), manifest.task.labels or ()
    if wanted == got:
        return ()
    if len(wanted) != len(got):
        return (f"labels: the bundle has {len(got)}, and {len(wanted)} were given.",)
    first = next(i for i, (a, b) in enumerate(zip(wanted, got, strict=True)) if a != b)
    return (
        f"labels: class {first} is {got[first]!r} in the bundle, and {wanted[first]!r} was given. "
        "Export again with the right --labels.",
    )


def other_file(manifest: Manifest, loaded: LoadedModel) -> tuple[str, ...]:
    """Return a note if the model's file is not the one that was exported."""
    then, now = manifest.source, loaded.source
    if None in (then.sha256, now.sha256) or then.sha256 == now.sha256:
        return ()
    return (
        f"{now.file} is not the file that the bundle was made from ({then.file}): its sha256 is "
        "another. If the predictions differ, export it again.",
    )


def require_same_interface(manifest: Manifest, loaded: LoadedModel) -> None:
    """Raise unless the model takes what the bundle takes.

    Raises:
        UsageError: It takes something else.
    """
    ours = [(t.keras_shape, t.dtype) for t in manifest.inputs]
    theirs = [(s.shape, s.dtype) for s in loaded.inputs]
    if ours != theirs:
        raise UsageError(
            f"The model takes {', '.join(map(str, loaded.inputs))}, and the bundle was made for "
            f"{', '.join(f'{t.name} {t.keras_shape} {t.dtype}' for t in manifest.inputs)}. "
            "Give the model that the bundle was made from."
        )
