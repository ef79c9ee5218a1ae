"""The emulated machines that `machines.sh` makes, as columns of the atlas."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from campaigns.atlas.columns import Column
from keras2cv.errors import MissingDependency
from keras2cv_export.matrix.environment import Environment, look_at


def find_machines(folder: Path, names: Sequence[str] = ()) -> dict[str, Environment]:
    """Return the machines in a folder, all or those named, each with the OpenCV that it imports.

    Raises:
        MissingDependency: There is none of a name, or one does not start.
    """
    pythons = {path.parent.name: path for path in sorted(folder.absolute().glob("*/python"))}
    chosen = {name: python for name, python in pythons.items() if not names or name in names}
    if not chosen or set(names) - set(chosen):
        raise MissingDependency(
            f"{folder} has the machines {', '.join(pythons) or '(none)'}. Make them with "
            "benchmarks/campaigns/architectures/machines.sh."
        )
    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(chosen, pool.map(look_at, chosen.values(), chosen), strict=True))
    started = {name: machine for name, machine in found.items() if machine is not None}
    if len(started) < len(found):
        lost = ", ".join(name for name in found if name not in started)
        raise MissingDependency(f"These machines do not import cv2: {lost}. Make them again.")
    return started


def columns_of(machines: dict[str, Environment]) -> tuple[Column, ...]:
    """Return a column for each engine of each machine."""
    return tuple(
        Column(
            _name(name, machine, engine), "bundle", _line(machine), engine, machine, machine.opencv
        )
        for name, machine in machines.items()
        for engine in machine.engines
    )


def _name(name: str, machine: Environment, engine: str) -> str:
    return f"{name} {engine}" if machine.engines[1:] else name


def _line(machine: Environment) -> str:
    """Return "4.6" of "4.6.0"."""
    return ".".join(machine.opencv.split(".")[:2])
