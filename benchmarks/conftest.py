"""`pytest benchmarks --benchmark-only`: what is measured is chosen here.

    pytest benchmarks --benchmark-only                          MobileNetV2, a sample at a time
    pytest benchmarks --benchmark-only --models all --batches 1,4

`all` are the models of docs/performance.md.

A bundle is exported once per run, and `export` loads each fresh graph in a child process first.
For numbers to quote, `keras2cv bench` and `python -m campaigns.performance` take turns and
give each subject a process of its own; this suite is for what changes from commit to commit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from campaigns.performance.zoo import TYPICAL, model_case


@dataclass(frozen=True)
class Exported:
    """A model of Keras, and its bundle."""

    name: str
    batch: int
    keras_model: Any
    bundle: Path


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare which models and batch sizes are measured."""
    group = parser.getgroup("keras2cv")
    group.addoption("--models", default="MobileNetV2", help="names, by commas, or all")
    group.addoption("--batches", default="1", help="batch sizes, by commas")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that takes an exported model for every model and batch size."""
    if "exported" not in metafunc.fixturenames:
        return
    asked = str(metafunc.config.getoption("--models"))
    names = TYPICAL if asked == "all" else tuple(asked.split(","))
    if unknown := sorted(set(names) - set(TYPICAL)):
        raise pytest.UsageError(f"No model is called {unknown[0]!r}: {', '.join(TYPICAL)}.")
    batches = [int(b) for b in str(metafunc.config.getoption("--batches")).split(",")]
    pairs = [(name, batch) for name in names for batch in batches]
    ids = [f"{name}-batch{batch}" for name, batch in pairs]
    metafunc.parametrize("exported", pairs, ids=ids, indirect=True, scope="session")


@pytest.fixture(scope="session")
def export_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, int], Exported]:
    """Return a function that exports a model, and keeps the last."""
    kept: dict[tuple[str, int], Exported] = {}

    def export_one(name: str, batch: int) -> Exported:
        if (name, batch) not in kept:
            kept.clear()  # the large ones do not fit beside each other
            kept[name, batch] = _export(name, batch, tmp_path_factory.mktemp("bundles"))
        return kept[name, batch]

    return export_one


@pytest.fixture(scope="session")
def exported(
    request: pytest.FixtureRequest, export_model: Callable[[str, int], Exported]
) -> Exported:
    """Return one model at one batch size."""
    return export_model(*request.param)


def _export(name: str, batch: int, folder: Path) -> Exported:
    from keras2cv_export import export

    case = model_case(name, batch=batch)
    model, bundle = case.model(), folder / f"{name}.cv"
    export(model, bundle, task="raw", preprocess=case.preprocess, batch=batch)
    return Exported(name, batch, model, bundle)
