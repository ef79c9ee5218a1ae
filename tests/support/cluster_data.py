"""Rows for a cluster's workers: images of ids, a few of them broken, and one process' answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import keras2cv
from support.drawn_image import draw_image
from support.tiny_bundle import HEIGHT, WIDTH, Classifier

COUNT = 24
BROKEN = {5: b"", 11: b"GIF89a is not all of it"}


@dataclass(frozen=True)
class ClusterData:
    """A bundle, and rows with what is expected of them."""

    bundle: Path
    files: list[bytes]
    documents: list[str]  # "" for a broken row
    photos: Any  # (COUNT, H, W, 3), as `infer` takes them
    scores: Any  # of the photos

    def write_files(self, folder: Path) -> list[str]:
        """Write the images, and return their paths."""
        folder.mkdir()
        for k, file in enumerate(self.files):
            (folder / f"{k:03}.png").write_bytes(file)
        return [str(path) for path in sorted(folder.iterdir())]

    def check(self, rows: list[dict[str, Any]]) -> None:
        """Assert that every row is there once, with exactly its answer or a reason."""
        rows = sorted(rows, key=lambda row: row["id"])
        assert [row["id"] for row in rows] == list(range(COUNT))
        assert [row["result"] for row in rows] == self.documents
        assert [row["id"] for row in rows if row["error"]] == list(BROKEN)


def cluster_data(folder: Path) -> ClusterData:
    """Write the bundle into `folder`, and let this process answer."""
    bundle = Classifier().write(folder / "cat.cv")
    model = keras2cv.load(bundle)
    images = [draw_image(40 + k, 31, k) for k in range(COUNT)]
    files = [cv2.imencode(".png", image)[1].tobytes() for image in images]
    documents = [json.dumps(result.to_dict()) for result in model.predict(images)]
    for k, file in BROKEN.items():
        files[k], documents[k] = file, ""
    photos = np.random.default_rng(3).uniform(-1, 1, (COUNT, HEIGHT, WIDTH, 3)).astype(np.float32)
    return ClusterData(bundle, files, documents, photos, model.infer(photos)[0])
