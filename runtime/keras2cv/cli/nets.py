"""Load the nets of `run`: one, or several where that is faster."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Final, Literal

import cv2
import numpy as np

from keras2cv import sample
from keras2cv.bundle.manifest import Rate
from keras2cv.bundle.reading import MANIFEST, bundle_folder, read_manifest
from keras2cv.bundle.standing import standing_of
from keras2cv.cli.suggestions import did_you_mean
from keras2cv.errors import BundleError, UsageError
from keras2cv.loading import load
from keras2cv.predictor import Predictor
from keras2cv.streams.frames import Source
from keras2cv.streams.several_nets import fastest, side_by_side
from keras2cv.trial.running import run_worker

MANY_IMAGES: Final = 100  # below it, loading another net takes longer than it saves

_TIMEOUT_S: Final = 60.0
_MAX_ZEROS: Final = 2**28


def require_bundle(folder: Path) -> None:
    """Raise unless a bundle is there: before its sources are looked for, which may be right.

    Raises:
        BundleError: There is none.
    """
    if not folder.exists() and (hint := did_you_mean(str(folder), [sample.NAME])):
        raise BundleError(f"{folder} does not exist.{hint}")
    bundle_folder(folder)


def load_one(
    args: Namespace, *, again: bool = False, batch: Literal["auto"] | None = None
) -> Predictor:
    """Load the bundle with the command line's arguments; `again`: it was checked before."""
    if not again:
        try_unverified(args.bundle, args.engine)
    return load(
        args.bundle,
        device=args.device,
        engine=args.engine,
        threads=args.threads,
        batch=batch,
        score=args.score,
        nms=args.nms,
    )


def try_unverified(folder: Path, engine: str | None) -> None:
    """Run an unverified bundle once on zeros, in a process of its own.

    A manifest with the status "verified" is trusted here; `keras2cv selftest` tests it.

    Raises:
        NetError: OpenCV refuses it, crashes on it, hangs, or asks for too much memory.
        BundleError: it is not a bundle.
        UsageError: its inputs are too large to try.
    """
    if not (folder / MANIFEST).is_file():
        return  # not a bundle: `load` raises the error
    manifest = read_manifest(folder)
    if manifest.status == "verified":
        return
    count = sum(prod(tensor.keras_shape) for tensor in manifest.inputs)
    if count > _MAX_ZEROS:
        raise UsageError(
            f"{folder} is {standing_of(folder, manifest)}, and its inputs take {count} numbers, "
            "too many to try it on. Export it again, without --no-check."
        )
    zeros = [np.zeros(tensor.keras_shape, tensor.dtype) for tensor in manifest.inputs]
    run_worker(folder, [zeros], timeout_s=_TIMEOUT_S, engine=engine)


def load_several(args: Namespace, model: Predictor, sources: Sequence[Source]) -> list[Predictor]:
    """Return the nets to use: one, or several for a video, many images, or `--batch auto`."""
    if not all(source.kind in ("image", "video") for source in sources) or model.device != "cpu":
        return [model]  # a camera's answers would be older; a device runs one net at a time
    if args.batch == "auto" and (rate := _tuned(args, model)) is not None:
        print(f"tuned: {rate}, {rate.sample_ms:.3g} ms an image", file=sys.stderr)
        models = [load_one(args, again=True, batch="auto") for _ in range(rate.nets)]
        cv2.setNumThreads(rate.threads)  # last: loading sets them too
        return models
    if args.batch == "auto":
        models, split = fastest(model, lambda: load_one(args, again=True))
        nets = "1 net" if split.nets == 1 else f"{split.nets} nets"
        print(
            f"fastest here: {nets} on {split.threads} OpenCV threads each, "
            f"{split.images_per_s:.0f} images a second",
            file=sys.stderr,
        )
        return models
    if len(sources) < MANY_IMAGES and not any(source.is_stream for source in sources):
        return [model]
    return side_by_side(model, lambda: load_one(args, again=True))[0]


def _tuned(args: Namespace, model: Predictor) -> Rate | None:
    """Return the rate that was found fastest here, if --threads is not given."""
    return model.tuned_rate if args.threads is None else None
