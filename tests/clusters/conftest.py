"""Data for the tests on local clusters, which are skipped where an engine is not installed."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest

from support.cluster_data import ClusterData, cluster_data


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> ClusterData:
    """Rows and answers, the same for every engine."""
    return cluster_data(tmp_path_factory.mktemp("cluster"))


@pytest.fixture(autouse=True, scope="session")
def _warnings_of_engines() -> Iterator[None]:
    """Engines warn of themselves; what keras2cv does is asserted."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
