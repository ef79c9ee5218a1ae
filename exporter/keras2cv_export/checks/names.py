"""Whether a bundle's inputs and outputs have the model's own names, each in its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from keras2cv.bundle.manifest import Manifest
from keras2cv_export.model.load import LoadedModel

from .findings import CheckFinding, Covered


def noting_names(loaded: LoadedModel) -> tuple[LoadedModel, list[str]]:
    """Return the model, and a list that holds its outputs' names once it was called."""
    names: list[str] = []

    def call(*tensors: Any) -> list[tuple[str, Any]]:
        pairs = loaded.call(*tensors)
        names[:] = [name for name, _ in pairs]
        return pairs

    return replace(loaded, call=call), names


def compare_names(
    manifest: Manifest, loaded: LoadedModel, outputs: Sequence[str]
) -> tuple[Covered, tuple[CheckFinding, ...]]:
    """Compare the names of inputs and outputs by their places.

    A live model or a SavedModel may name them otherwise than the file that was exported; then they
    cannot be compared, unless the same names stand in another order.
    """
    pairs = (
        ("input", [t.name for t in manifest.inputs], [spec.name for spec in loaded.inputs]),
        ("output", [t.name for t in manifest.outputs], list(outputs)),
    )
    then, now = manifest.source.sha256, loaded.source.sha256
    found = [_compare(*pair, same_file=then is not None and then == now) for pair in pairs]
    wrong = tuple(finding for finding in found if isinstance(finding, CheckFinding))
    unknown = tuple(text for text in found if isinstance(text, str) and text)
    return Covered("names", "" if len(unknown) == len(pairs) else "the model", unknown), wrong


def compare_states(manifest: Manifest, loaded: LoadedModel) -> tuple[CheckFinding, ...]:
    """Compare which outputs of a run go into the next one with the model's stateful layers."""
    ours = sorted((link.input, link.output) for link in manifest.states or ())
    theirs = sorted(loaded.states)
    if ours == theirs or (not ours and loaded.keras_model is None):
        return ()
    shown = [", ".join(f"{b} to {a}" for a, b in links) or "none" for links in (ours, theirs)]
    return (
        CheckFinding(
            "states",
            "fail",
            f"the bundle hands on {shown[0]}, and the model {shown[1]}. Export the model again.",
        ),
    )


def _compare(
    kind: str, ours: Sequence[str], theirs: Sequence[str], *, same_file: bool
) -> CheckFinding | str:
    if list(ours) == list(theirs):
        return ""
    if not same_file and sorted(ours) != sorted(theirs):
        return f"{kind}s, which the model calls {', '.join(theirs)}"
    k = next((i for i, pair in enumerate(zip(ours, theirs)) if pair[0] != pair[1]), 0)  # noqa: B905
    return CheckFinding(
        "names",
        "fail",
        f"{kind} {k} is {ours[k]!r} in the bundle and {theirs[k]!r} in the model. "
        "Export the model again.",
    )
