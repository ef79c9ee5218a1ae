"""The cost of an image on a cluster: every answer compared, processor time counted."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from campaigns.cluster_cost.__main__ import Measured, measure, table, write_pictures
from campaigns.cluster_cost.engines import one_process
from campaigns.cluster_cost.processor_time import processor_time_s
from keras2cv.errors import InputError
from support.tiny_bundle import Classifier


def test_a_pool_of_processes_is_measured_and_compared(tmp_path: Path) -> None:
    """The time is that of three quarters; a wrong answer ends the campaign."""
    bundle = str(Classifier().write(tmp_path / "cat.cv"))
    (tmp_path / "photos").mkdir()
    paths = write_pictures(tmp_path / "photos", 8, "64x48")
    expected = one_process(bundle, paths)
    (found,) = measure("processes", bundle, 1, paths, expected)
    assert (found.engine, found.workers, found.images) == ("processes", 1, 6)
    with pytest.raises(InputError, match="processes answers otherwise"):
        measure("processes", bundle, 1, paths, expected[::-1])


def test_the_table_has_medians_and_a_price() -> None:
    """Two workers beside one; a million images in core-hours."""
    rounds = [("ray", 1, 300, 10.0, 10.0), ("ray", 2, 300, 5.0, 12.5), ("ray", 2, 300, 6.0, 12.5)]
    lines = table([Measured(*values) for values in rounds], 0.036)
    assert lines[2:] == [
        "| ray | 1 | 30.0 | 1.00 | 1.00 | 30.0 | 1.00 | 0.33 |",
        "| ray | 2 | 55.0 | 1.83 | 2.29 | 24.0 | 1.60 | 0.42 |",
    ]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_the_processor_time_grows_with_work() -> None:
    """By about as much as the work took."""
    before = processor_time_s()
    end = time.process_time() + 0.2
    while time.process_time() < end:
        pass
    assert 0.1 < processor_time_s() - before < 30
