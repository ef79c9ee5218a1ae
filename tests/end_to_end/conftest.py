"""Bundles that several tests look at, exported once, and OpenCVs that several tests ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from conformance import randomize
from conformance.child import Child, ChildOf
from keras2cv.errors import MissingDependency
from keras2cv_export import ExportReport, export
from keras2cv_export.matrix.environment import Environments, runtime_copy

HEIGHT, WIDTH = 20, 31
LABELS = ("circle", "square", "naïve ★", "猫")

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Exported:
    """A model, its bundle, and the report of its export."""

    model: keras.Model
    folder: Path
    report: ExportReport


def classifier() -> keras.Model:
    """Return a classifier of pictures (20, 31, 3), -1..1, into four shapes."""
    x = keras.Input((HEIGHT, WIDTH, 3), name="photo")
    y = layers.Conv2D(6, 3, strides=2, name="conv")(x)
    y = layers.Activation("relu")(layers.BatchNormalization(name="norm")(y))
    y = layers.Flatten(name="flat")(layers.MaxPooling2D(name="pool")(y))
    model = keras.Model(x, layers.Dense(4, activation="softmax", name="shape")(y), name="shapes")
    rng = np.random.default_rng(7)
    keras.utils.set_random_seed(7)
    randomize(model, 7, [rng.uniform(-1, 1, (8, HEIGHT, WIDTH, 3)).astype(np.float32)])
    kernel, bias = model.get_layer("shape").get_weights()
    model.get_layer("shape").set_weights([kernel * 0.3, bias])  # probabilities between 0 and 1
    return model


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Return the classifier of pictures as a bundle of batch 1."""
    model, folder = classifier(), tmp_path_factory.mktemp("shapes") / "shapes.cv"
    return Exported(model, folder, export(model, folder, preprocess="tf", labels=LABELS))


@pytest.fixture(scope="session")
def shapes_by_three(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Return the same as a bundle of batch 3."""
    model, folder = classifier(), tmp_path_factory.mktemp("shapes") / "three.cv"
    report = export(model, folder, preprocess="tf", labels=LABELS, batch=3)
    return Exported(model, folder, report)


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    """Return OpenCV in a process of its own."""
    child = Child()
    yield child
    child.close()


@pytest.fixture(scope="module")
def child_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChildOf]:
    """Return a function that gives an older OpenCV in a process of its own."""
    children: dict[str, Child | MissingDependency] = {}
    with runtime_copy(tmp_path_factory.mktemp("runtime")) as environment:

        def of(version: str) -> Child:
            if version not in children:
                children[version] = _older(version, environment)
            found = children[version]
            if isinstance(found, MissingDependency):
                pytest.skip(f"no environment with OpenCV {version} can be made here: {found}")
            return found

        yield of
        for child in children.values():
            if isinstance(child, Child):
                child.close()


def _older(version: str, environment: Mapping[str, str]) -> Child | MissingDependency:
    try:
        environments = Environments()
        made = environments.prepare(environments.resolve(version))
    except MissingDependency as error:
        return error
    return Child(str(made.python), environment)
