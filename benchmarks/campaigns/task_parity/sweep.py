"""Export, predict with Keras and with every OpenCV: from subjects to rows of the page."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.npz import read_npz
from keras2cv.isolation import Entry, Limits, answer_each
from keras2cv_export import export
from keras2cv_export.matrix.environment import Environment, Environments, runtime_copy

from .bar import Answer, Nearness, compare

Array = NDArray[Any]

# Upright and lying, smaller and larger than any input, no two sides alike.
SIZES_WH: Final = ((640, 427), (187, 131), (131, 187), (61, 40))
_TIMEOUT_S: Final = 600.0  # for one bundle and all images, on a machine that others use
_CHILD: Final = f"{Path(__file__).resolve().with_name('child.py')}:answer"
_TESTS: Final = Path(__file__).resolve().parents[3] / "tests"


@dataclass(frozen=True)
class Row:
    """One subject: how much there is to find, and a cell per OpenCV and engine."""

    name: str
    about: str
    amount: str
    cells: tuple[Nearness, ...]


def subjects() -> Sequence[Any]:
    """Return the models of tests/tasks."""
    if str(_TESTS) not in sys.path:
        sys.path.insert(0, str(_TESTS))
    found: Sequence[Any] = import_module("tasks").all_subjects()
    return found


def environments(versions: Sequence[str]) -> Iterator[tuple[Environment, str]]:
    """Yield an environment and an engine for each column; make missing environments.

    Raises:
        MissingDependency: One cannot be made.
    """
    source = Environments()
    for version in versions:
        environment = source.prepare(source.resolve(version))
        for engine in environment.engines:
            yield environment, engine


def images() -> dict[str, Array]:
    """Return the images (H, W, 3) uint8 BGR: soft colours, hard edges and grain."""
    found = {}
    for seed, (width, height) in enumerate(SIZES_WH):
        rng = np.random.default_rng(seed)
        coarse = rng.integers(0, 256, (9, 13, 3), np.uint8)
        image = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        for _ in range(12):
            x, y = (int(v) for v in rng.integers(0, (width, height)))
            ends = x + width // 5, y + height // 6
            cv2.rectangle(image, (x, y), ends, rng.integers(0, 256, 3).tolist(), cv2.FILLED)
        found[f"{width}x{height}"] = cv2.add(image, rng.integers(0, 30, image.shape, np.uint8))
    return found


def measure(
    found: Sequence[Any],
    columns: Sequence[tuple[Environment, str]],
    folder: Path,
    progress: Callable[[str], None],
) -> list[Row]:
    """Return a row per subject.

    Args:
        found: The subjects.
        columns: Environments, each with an engine.
        folder: Keeps the files made on the way.
        progress: Called with a line per step.
    """
    pictures = images()
    np.savez(folder / "images.npz", **pictures)  # type: ignore[arg-type]
    expected: list[list[Answer]] = []
    amounts: list[str] = []
    for number, subject in enumerate(found):
        progress(f"{subject.name}: Keras, and export")
        model = subject.build()
        expected.append([subject.answer(model, image) for image in pictures.values()])
        amounts.append(_amount(expected[-1]))
        export(model, folder / f"{number}.cv", **subject.settings)
    cells = [
        _column(environment, engine, expected, folder, progress) for environment, engine in columns
    ]
    return [
        Row(subject.name, subject.about, amounts[k], tuple(column[k] for column in cells))
        for k, subject in enumerate(found)
    ]


def _column(
    environment: Environment,
    engine: str,
    expected: Sequence[Sequence[Answer]],
    folder: Path,
    progress: Callable[[str], None],
) -> list[Nearness]:
    """Return how near one OpenCV's answers are, a cell per subject."""
    progress(f"OpenCV {environment.opencv}, {engine} engine")
    place = folder / f"{environment.wheel}-{engine}"
    place.mkdir()
    jobs = [
        {
            "bundle": str(folder / f"{number}.cv"),
            "images": str(folder / "images.npz"),
            "engine": engine,
            "answers": str(place / f"{number}.npz"),
        }
        for number in range(len(expected))
    ]
    with runtime_copy(place) as variables:
        entry = Entry(_CHILD, (), environment.python, variables)
        answers = answer_each(entry, jobs, Limits(_TIMEOUT_S), folder=place)
        problems = {a.number: a.problem or str(a.reply["problem"]) for a in answers}
    return [
        Nearness(False, problem) if problem else compare(expected[k], _read(jobs[k]["answers"]))
        for k, problem in sorted(problems.items())
    ]


def _read(path: str) -> list[Answer]:
    """Return the answers in a file, in the order of the images."""
    found: dict[str, dict[str, Array]] = {}
    for key, array in read_npz(Path(path)).items():
        image, part = key.split("/")
        found.setdefault(image, {})[part] = array
    return list(found.values())


def _amount(answers: Sequence[Answer]) -> str:
    """Describe how much there is to find; a subject with little to find proves nothing.

    Raises:
        ValueError: An image in which fewer than three boxes, or two classes, are found.
    """
    if "label_map" in answers[0]:
        classes = [len(np.unique(answer["label_map"])) for answer in answers]
        if min(classes) < 2:
            raise ValueError("A mask with one class proves nothing.")
        return f"{sum(a['label_map'].size for a in answers)} pixels"
    counts = [len(answer["scores"]) for answer in answers]
    if min(counts) < 3:
        raise ValueError(f"{min(counts)} boxes in an image prove nothing.")
    return f"{sum(counts)} boxes"
