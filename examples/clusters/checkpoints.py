"""A long job in slices: what is answered stays, and another run goes on after it.

The answers are Parquet files, a folder for each slice. A slice is whole when it has `_SUCCESS`; a
folder without was left by a run that died, and its images are predicted again.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Any

import fsspec
import pyarrow.dataset

MARK = "_SUCCESS"
Write = Callable[[list[str], str], object]  # predict these paths, and write them to this folder


class Checkpoints:
    """The slices below an address, such as s3://bucket/answers or a local folder."""

    def __init__(self, address: str) -> None:
        """Open the place, which need not exist."""
        self.files, self.root = fsspec.url_to_fs(address)
        self.address = address.rstrip("/")
        self.files.makedirs(self.root, exist_ok=True)

    def errors(self) -> dict[str, str]:
        """Return the error of each predicted path, "" without one; the last slice counts."""
        found: dict[str, str] = {}
        for folder in self._folders(whole=True):
            files = self.files.glob(f"{folder}/**/*.parquet")
            answers = pyarrow.dataset.dataset(files, filesystem=self.files)
            columns = answers.to_table(["path", "error"]).to_pydict().values()
            found |= zip(*columns, strict=True)
        return found

    def slices(self, paths: list[str], size: int) -> Iterator[tuple[list[str], str]]:
        """Yield `size` paths at a time and the address for their answers; then they are whole."""
        for folder in self._folders(whole=False):
            self.files.rm(folder, recursive=True)
        numbers = [int(folder[-6:]) for folder in self._folders(whole=True)]
        for number, start in enumerate(range(0, len(paths), size), max(numbers, default=-1) + 1):
            name = f"slice-{number:06}"
            yield paths[start : start + size], f"{self.address}/{name}"
            self.files.touch(f"{self.root}/{name}/{MARK}")

    def _folders(self, *, whole: bool) -> list[str]:
        found = sorted(self.files.glob(f"{self.root}/slice-*"))
        return [folder for folder in found if self.files.exists(f"{folder}/{MARK}") == whole]


def addresses(pattern: str) -> list[str]:
    """Return the files of a pattern such as s3://bucket/photos/*.jpg, each as fsspec opens it."""
    files, inner = fsspec.url_to_fs(pattern)
    is_local = "://" not in pattern
    return [path if is_local else files.unstrip_protocol(path) for path in files.glob(inner)]


def arguments(about: str | None) -> argparse.Namespace:
    """Return the command line's: the same for every engine."""
    parser = argparse.ArgumentParser(description=(about or "").partition("\n")[0])
    parser.add_argument("bundle", help="at the same path on every machine")
    parser.add_argument("images", help="a pattern, such as s3://bucket/photos/*.jpg")
    parser.add_argument("answers", help="a folder or address for the Parquet files")
    parser.add_argument("--workers", type=int, default=2, help="one thread each")
    parser.add_argument("--slice", type=int, default=10_000, help="images between checkpoints")
    parser.add_argument("--retry-errors", action="store_true", help="predict bad images again")
    return parser.parse_args()


def run(args: argparse.Namespace, write: Write) -> None:
    """Predict what is not yet answered, and print how it stands."""
    checkpoints = Checkpoints(args.answers)
    known: dict[str, Any] = checkpoints.errors()
    done = {path for path, error in known.items() if not (error and args.retry_errors)}
    paths = [path for path in addresses(args.images) if path not in done]
    print(f"{len(paths)} images, {len(done)} are answered already")
    for part, where in checkpoints.slices(paths, args.slice):
        write(part, where)
        print(f"{where}: {len(part)} images")
    bad = {path: error for path, error in checkpoints.errors().items() if error}
    print(f"{len(bad)} have an error:", *(f"{k}: {v}" for k, v in bad.items()), sep="\n")
