"""The columns of the atlas: an OpenCV and an engine, for our bundles or for Keras' own export.

Columns named ONNX ask whether our files are valid ONNX, by onnx.checker and onnxruntime.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version as installed
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from keras2cv.errors import UsageError
from keras2cv_export.matrix.environment import Environment, Environments, look_at

Kind = Literal["bundle", "frozen", "plain", "onnx"]

# The prefix of the columns of Keras' own export.
PLAIN = "Keras "

# The name of the file that is exported without `--opencv`.
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Column:
    """One target.

    Attributes:
        name: "5.0 classic", "4.6", "ONNX 4.6" or "Keras 5.0".
        kind: "bundle" for ours, "frozen" for ours of `--format frozen`; "plain" for
            `model.export(format="onnx")` and `readNetFromONNX`; "onnx" for ours, read as ONNX.
        version: As requested, and as `export --opencv` takes it: "5.0".
        engine: "new" or "classic"; "default" leaves the choice to OpenCV, as users of a plain file
            do.
        where: The environment that runs it.
        runtime: What runs it, as the pages show it: "5.0.0" of OpenCV, "onnxruntime 1.23.2".
        asked: The `--opencv` of its files; "" is the portable default.
    """

    name: str
    kind: Kind
    version: str
    engine: str
    where: Environment
    runtime: str
    asked: str = ""


def make_columns(
    versions: Sequence[str],
    plain: Sequence[str],
    pythons: Mapping[str, Path],
    environments: Environments | None = None,
    frozen: Sequence[str] = (),
    onnx: Sequence[str] = (),
) -> tuple[Column, ...]:
    """Return a column per engine of each version, those of frozen graphs, and Keras' own export's.

    Args:
        versions: For our bundles, newest first as a rule: "5.0", "4.6".
        plain: For Keras' own export.
        pythons: Version -> a Python that has it; for the others environments are made.
        environments: Their source; None makes them in the user's cache.
        frozen: For our bundles with frozen graphs.
        onnx: For our files, read as ONNX: "default", "4.6".

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
    theirs = [
        Column(f"{PLAIN}{v}", "plain", v, "default", found[v], found[v].opencv) for v in plain
    ]
    return (*ours, *map(_valid_onnx, onnx), *older, *theirs)


def _ours(version: str, where: Environment) -> Iterator[Column]:
    for engine in where.engines:
        name = f"{version} {engine}" if where.engines[1:] else version
        yield Column(name, "bundle", version, engine, where, where.opencv)


def _valid_onnx(version: str) -> Column:
    """Return the column that reads the files for a version as ONNX, in this Python."""
    asked = "" if version == DEFAULT else version
    opencv, numpy = cv2.__version__, np.__version__
    here = Environment(Path(sys.executable), "", opencv, numpy, platform.python_version(), ())
    runtime = f"onnxruntime {installed('onnxruntime')}"
    return Column(f"ONNX {version}", "onnx", version, "", here, runtime, asked)


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
