"""The columns of the atlas: an OpenCV and an engine, for our bundles or for Keras' own export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from keras2cv.errors import UsageError
from keras2cv_export.matrix.environment import Environment, Environments, look_at

Kind = Literal["bundle", "frozen", "plain"]

# The prefix of the columns of Keras' own export.
PLAIN = "Keras "


@dataclass(frozen=True, slots=True)
class Column:
    """One target.

    Attributes:
        name: "5.0 classic", "4.6" or "Keras 5.0".
        kind: "bundle" for ours, "frozen" for ours of `--format frozen`; "plain" for
            `model.export(format="onnx")` and `readNetFromONNX`.
        version: As requested, and as `export --opencv` takes it: "5.0".
        engine: "new" or "classic"; "default" leaves the choice to OpenCV, as users of a plain file
            do.
        where: The environment that runs it.
    """

    name: str
    kind: Kind
    version: str
    engine: str
    where: Environment


def make_columns(
    versions: Sequence[str],
    plain: Sequence[str],
    pythons: Mapping[str, Path],
    environments: Environments | None = None,
    frozen: Sequence[str] = (),
) -> tuple[Column, ...]:
    """Return a column per engine of each version, those of frozen graphs, and Keras' own export's.

    Args:
        versions: For our bundles, newest first as a rule: "5.0", "4.6".
        plain: For Keras' own export.
        pythons: Version -> a Python that has it; for the others environments are made.
        environments: Their source; None makes them in the user's cache.
        frozen: For our bundles with frozen graphs.

    Raises:
        UsageError: One of `pythons` has no OpenCV, or another version.
        MissingDependency: An environment cannot be made.
    """
    wanted = dict.fromkeys([*versions, *frozen, *plain])
    source = environments or (None if set(pythons) >= set(wanted) else Environments())
    found = {v: _environment(v, pythons, source) for v in wanted}
    ours = [column for version in versions for column in _ours(version, found[version])]
    older = [
        replace(column, name=f"frozen {column.name}", kind="frozen")
        for version in frozen
        for column in _ours(version, found[version])
    ]
    return (*ours, *older, *(Column(f"{PLAIN}{v}", "plain", v, "default", found[v]) for v in plain))


def _ours(version: str, where: Environment) -> Iterator[Column]:
    for engine in where.engines:
        name = f"{version} {engine}" if where.engines[1:] else version
        yield Column(name, "bundle", version, engine, where)


def _environment(
    version: str, pythons: Mapping[str, Path], source: Environments | None
) -> Environment:
    if version not in pythons:
        assert source is not None  # noqa: S101 - made above, since a version is missing
        return source.prepare(source.resolve(version))
    python = pythons[version]
    found = look_at(python, version)
    if found is None or not f"{found.opencv}.".startswith(f"{version}."):
        got = f"OpenCV {found.opencv}" if found else "no OpenCV that imports"
        raise UsageError(f"{python} was given for OpenCV {version}, and has {got}. Give another.")
    return found
