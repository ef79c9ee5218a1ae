"""Labels of very many rows, cells, images and classes are read in time that grows with them."""

from __future__ import annotations

import json
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from keras2cv.errors import InputError
from keras2cv.evaluation.data.find import read_data
from keras2cv.evaluation.data.places import DataPlace
from keras2cv.evaluation.data.tables import TableFiles

MANY = 40_000
SECONDS = 10  # of the processor; it was a minute and more


def pictures(folder: Path) -> Path:
    """Return a folder with one picture among many folders and files."""
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), np.zeros((8, 8, 3), np.uint8))
    for number in range(300):
        (folder / f"notes{number}.md").touch()
    return folder


def test_a_table_of_missing_files(tmp_path: Path) -> None:
    """No folder is listed again for each of them."""
    rows = "".join(f"{number}.png,cat\n" for number in range(MANY))
    table = tmp_path / "labels.csv"
    table.write_text(f"file,label\na.png,cat\n{rows}", encoding="utf-8")
    folder, started = pictures(tmp_path / "data"), time.process_time()
    data = read_data([folder, table], "classify")
    assert time.process_time() - started < SECONDS
    assert len(data.samples) == 1
    assert data.problems.counts["file missing"] == MANY


def test_a_row_of_very_many_cells(tmp_path: Path) -> None:
    """Refused before a cell is looked at."""
    table = tmp_path / "labels.csv"
    table.write_text("file,label\na.png,cat" + ",1" * 100_000 + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="a row of 100002 cells, and 10000 are the most"):
        read_data([pictures(tmp_path / "data"), table], "classify")


def test_coco_of_very_many_images_and_categories(tmp_path: Path) -> None:
    """A list of train2017 without its files, and names of as many classes."""
    record = {
        "images": [{"id": n, "file_name": f"{n}.png"} for n in range(MANY)]
        + [{"id": MANY, "file_name": "a.png"}],
        "categories": [{"id": n, "name": f"c{n}"} for n in range(MANY)],
        "annotations": [{"id": 1, "image_id": MANY, "category_id": 7, "bbox": [1, 1, 5, 5]}],
    }
    labels = tmp_path / "labels.json"
    labels.write_text(json.dumps(record), encoding="utf-8")
    folder, started = pictures(tmp_path / "data"), time.process_time()
    data = read_data([folder, labels], "detect")
    assert time.process_time() - started < SECONDS
    assert [sample.path.name for sample in data.samples] == ["a.png"]


@pytest.mark.parametrize("inner", ["", "images", "Images"])
def test_the_places_of_files(tmp_path: Path, inner: str) -> None:
    """Beside the table, in the data's folder, and in one of the usual names, whatever its case."""
    folder = tmp_path / "data" / inner
    folder.mkdir(parents=True)
    (folder / "a.png").touch()
    files = TableFiles(tmp_path / "labels.csv", DataPlace(tmp_path / "data"))
    assert files.find("a.png") == folder / "a.png"
    assert files.find("b.png") is None
    assert files.find("a\0.png") is None
