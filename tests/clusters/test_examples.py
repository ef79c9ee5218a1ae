"""The examples, as programs: all images, bad ones in a column, and a second run that goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from support.cluster_data import BROKEN, COUNT, ClusterData

pytestmark = pytest.mark.cluster
ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "clusters"
NEEDS = {"ray": "ray", "dask": "distributed", "spark": "pyspark"}


def run(engine: str, *arguments: str) -> str:
    """Run an example, and return what it prints."""
    roots = os.pathsep.join([str(ROOT / "runtime"), str(FOLDER)])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(FOLDER / f"on_{engine}.py"), *arguments],
        env={**os.environ, "PYTHONPATH": roots, "PYSPARK_PYTHON": sys.executable},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def answers(folder: Path) -> dict[str, Any]:
    """Return result and error of each image by its file's name."""
    import pyarrow.dataset

    files = sorted(str(path) for path in folder.rglob("*.parquet"))
    rows = pyarrow.dataset.dataset(files).to_table().to_pylist()
    assert len({row["path"] for row in rows}) == len(rows)
    return {Path(row["path"]).name: (row["result"], row["error"]) for row in rows}


@pytest.mark.parametrize("engine", NEEDS)
def test_a_job_is_done_in_slices_and_goes_on(
    engine: str, data: ClusterData, tmp_path: Path
) -> None:
    """A slice that a dead run left half done is predicted again, and no other."""
    if find_spec(NEEDS[engine]) is None or (engine == "spark" and shutil.which("java") is None):
        pytest.skip(f"{engine} is not installed")
    data.write_files(tmp_path / "photos")
    arguments = [str(data.bundle), str(tmp_path / "photos" / "*.png"), str(tmp_path / "answers")]
    first = run(engine, *arguments, "--slice", "10")
    assert f"{COUNT} images, 0 are answered already" in first
    assert f"{len(BROKEN)} have an error:" in first
    found = answers(tmp_path / "answers")
    assert [found[f"{k:03}.png"][0] for k in range(COUNT)] == data.documents
    assert [k for k in range(COUNT) if found[f"{k:03}.png"][1]] == list(BROKEN)
    (tmp_path / "answers" / "slice-000001" / "_SUCCESS").unlink()
    second = run(engine, *arguments)
    assert f"10 images, {COUNT - 10} are answered already" in second
    assert answers(tmp_path / "answers") == found
